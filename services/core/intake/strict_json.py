"""Reads JSON from strangers: one meaning for every body, a bounded cost for every refusal.

The standard library's C scanner does the reading, because it keeps what must be kept (NUL and lone
surrogates inside strings, integers of any size) and lets us judge every number and object on the
way. What it would read too leniently or too deeply is refused before or during the scan.
"""

import json
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NoReturn

from services.core.intake.errors import InvalidJsonError

MAX_DEPTH = 32
# Of one object. Not of the body: 500 full comments have 10,500 keys together.
MAX_KEYS = 10_000
# Of the whole body, without keys: a hundred for each event of a full batch. Counted from commas and
# brackets, so that nothing is built to be counted; an empty object or list counts twice.
MAX_VALUES = 50_000
# Far beyond any 64-bit integer, so that a number merely too large for its field is answered as
# such, and far below the length at which turning digits into an integer starts to cost.
MAX_INT_DIGITS = 100

_BYTE_ORDER_MARK = "\ufeff"
_OPENING = b"[{"
_WINDOW_BYTES: Final = 64 * 1024
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))

# The scanner's messages by their beginnings: its own wording changes between Python versions.
_SENTENCES: Final = {
    "Expecting value": "a value was expected",
    "Expecting property name": "a property name in double quotes was expected",
    "Expecting ':'": "a colon was expected",
    "Expecting ','": "a comma or a closing bracket was expected",
    "Illegal trailing comma": "there is a comma too many",
    "Unterminated string": "a string is not closed",
    "Invalid control character": "a control character stands unescaped in a string",
    "Invalid \\": "a string has an escape that JSON does not know",
    "Extra data": "there is more text after the end of the document",
}


def parse(
    body: bytes,
    *,
    max_depth: int = MAX_DEPTH,
    max_keys: int = MAX_KEYS,
    max_values: int = MAX_VALUES,
    max_int_digits: int = MAX_INT_DIGITS,
) -> Any:
    """Return the value of a UTF-8 JSON text, or raise InvalidJsonError saying what is wrong.

    Stricter than `json.loads`: no byte order mark, no other encoding, no NaN or infinity (spelled
    out or overflown), no key twice in an object, and the limits above. Strings may come back with
    NUL and lone surrogates in them, which JSON allows.
    """
    _bound_nesting(body, max_depth=max_depth, max_values=max_values)
    text = _decode(body)
    try:
        return _decoder(max_keys, max_int_digits).decode(text)
    except json.JSONDecodeError as error:
        what = _in_our_words(error.msg)
        place = f"line {error.lineno}, column {error.colno}"
    # Outside the handler: the scanner's error holds the whole document, ours must not lead to it.
    raise InvalidJsonError(f"The body is not valid JSON: {what} at {place}.")


def parse_again(body: bytes) -> Any:
    """Return the value of a text that `parse` accepted when it came, several times faster.

    Raises InvalidJsonError, as `parse` does, for what is no JSON at all any more.
    """
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        pass
    return parse(body)


def _decode(body: bytes) -> str:
    if not body:
        raise InvalidJsonError("The body is empty.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        position = error.start
    else:
        if text.startswith(_BYTE_ORDER_MARK):
            raise InvalidJsonError("The body starts with a byte order mark.")
        return text
    raise InvalidJsonError(f"The body is not UTF-8 at byte {position}.")


def _bound_nesting(body: bytes, *, max_depth: int, max_values: int) -> None:
    """Refuse what is too deep or too manifold before anything is built from it."""
    openings = body.count(b"[") + body.count(b"{")
    # Brackets and commas inside strings only make these counts larger, so a small count is proof.
    if openings <= max_depth and openings + body.count(b",") < max_values:
        return
    structure = _outside_strings(body)
    depth = 0
    # Twice the allowed values is every bracket of a body that has no more than those.
    for bracket in structure.translate(None, _NO_BRACKETS)[: 2 * max_values]:
        depth += 1 if bracket in _OPENING else -1
        if depth > max_depth:
            raise InvalidJsonError(f"The body is nested deeper than {max_depth} levels.")
    if structure.count(b"[") + structure.count(b"{") + structure.count(b",") >= max_values:
        raise InvalidJsonError(f"The body has more than {max_values} values.")


def _outside_strings(body: bytes) -> bytes:
    """Drop every string. A broken text is split rightly up to its first mistake, where we stop."""
    if b"\\" in body:
        # Pairs first: in `\\"` the quote ends the string, in `\"` it does not.
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    kept, inside = [], 0
    # Window by window: the pieces of a whole body of quotes would take twenty times its size.
    for start in range(0, len(body), _WINDOW_BYTES):
        pieces = body[start : start + _WINDOW_BYTES].split(b'"')
        kept.append(b"".join(pieces[inside::2]))
        inside = (inside + len(pieces) - 1) % 2
    return b"".join(kept)


@lru_cache(maxsize=8)
def _decoder(max_keys: int, max_int_digits: int) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object_reader(max_keys),
        parse_int=_integer_reader(max_int_digits),
        parse_float=_read_float,
        parse_constant=_refuse_constant,
    )


def _object_reader(max_keys: int) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > max_keys:
            raise InvalidJsonError(f"An object has more than {max_keys} keys.")
        members = dict(pairs)
        if len(members) != len(pairs):
            # Readers disagree on which of the two counts, so neither does.
            raise InvalidJsonError("An object has the same key twice.")
        return members

    return read_object


def _integer_reader(max_digits: int) -> Callable[[str], int]:
    def read_integer(digits: str) -> int:
        if len(digits) - digits.startswith("-") > max_digits:
            raise InvalidJsonError(f"An integer has more than {max_digits} digits.")
        return int(digits)

    return read_integer


def _read_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidJsonError("A number is too large.")
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise InvalidJsonError("NaN and Infinity are not JSON.")


def _in_our_words(message: str) -> str:
    matching = (words for start, words in _SENTENCES.items() if message.startswith(start))
    return next(matching, "something else was expected")
