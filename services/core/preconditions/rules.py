"""What a tag says about a thing, and whether the caller saw the thing as it is."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from services.core.preconditions.errors import BadEntityTagError

ANY: Final = "*"
_MOST_TAGS: Final = 100
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LIST: Final = re.compile(rf"\s*(?:{_TAG.pattern}\s*(?:,\s*|$))+")
_VERSION: Final = re.compile(r'"(\d+)"')
_DIGEST_BYTES: Final = 12


def tag_of(body: bytes, *, version: str | None = None, weak: bool = False) -> str:
    """The tag of what was read. `version` is the tag the thing itself has, as `"3"`.

    A thing with versions says both: which version, and how it looked with all that is told beside.
    """
    digest = hashlib.blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()
    numbered = _VERSION.fullmatch(version) if version else None
    if numbered:
        return f'"{numbered[1]}-{digest}"'
    return f'W/"{digest}"' if weak else f'"{digest}"'


def read_tags(sent: Sequence[str]) -> list[str] | None:
    """The tags of all headers of the name together; None for `*`. Raises BadEntityTagError."""
    joined = ", ".join(sent)
    if joined.strip() == ANY:
        return None
    if not _LIST.fullmatch(joined):
        raise BadEntityTagError
    found = [match[0] for match in _TAG.finditer(joined)]
    if len(found) > _MOST_TAGS:
        raise BadEntityTagError
    return found


def is_unchanged(seen: list[str] | None, current: str) -> bool:
    """For a change: whether the caller saw what is there. Weak tags promise too little for that.

    Of a thing with versions it is the version that counts: what is told beside it may move.
    """
    if seen is None:
        return True
    return any(not tag.startswith("W/") and _edition(tag) == _edition(current) for tag in seen)


def is_known(sent: Sequence[str], current: str) -> bool:
    """For a reading: whether the caller has exactly this. What cannot be read is not known."""
    try:
        seen = read_tags(sent)
    except BadEntityTagError:
        return False
    return seen is None or any(_strong(tag) == _strong(current) for tag in seen)


def _edition(tag: str) -> str:
    """The version where there is one, else the whole."""
    inner = tag.strip('"')
    number, _, _ = inner.partition("-")
    return number if number.isdigit() and len(number) < 2 * _DIGEST_BYTES else inner


def _strong(tag: str) -> str:
    return tag.removeprefix("W/")
