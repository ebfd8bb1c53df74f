import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.core.intake.errors import InvalidJsonError
from services.core.intake.strict_json import MAX_DEPTH, MAX_KEYS, MAX_VALUES, parse, parse_again
from services.core.kit.errors import ErrorKind

MARKER = "planted-marker"

ANY_STRING = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["\\", '"', '\\"', "[", "{", "]", ",", '":', "\x00", "\ud800", "\udfff", "\ufeff"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_STRING
)
JSON_VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_STRING, inner, max_size=4),
    max_leaves=15,
)
# Bytes near JSON: hypothesis finds its way to odd nesting and quoting faster than through binary().
NEAR_JSON = st.lists(
    st.sampled_from(
        [
            *(
                b"[",
                b"]",
                b"{",
                b"}",
                b'"',
                b"\\",
                b",",
                b":",
                b"1",
                b"-",
                b"e9",
                b"a",
                b"null",
                b" ",
            ),
            *(
                b'"a"',
                b'\\"',
                b"\\\\",
                b"\\u0000",
                b"\\ud800",
                b"\xff",
                b"\xef\xbb\xbf",
                b"NaN",
                b"\x00",
            ),
        ]
    ),
    max_size=60,
).map(b"".join)


def refusal(body: bytes, **limits: int) -> str | None:
    try:
        parse(body, **limits)
    except InvalidJsonError as error:
        return error.detail
    return None


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def values_in(value: Any) -> int:
    """Count as the limit does: an empty object or list counts twice."""
    if isinstance(value, dict):
        return 1 + (sum(map(values_in, value.values())) or 1)
    if isinstance(value, list):
        return 1 + (sum(map(values_in, value)) or 1)
    return 1


class TestAccepting:
    @given(JSON_VALUES)
    def test_every_value_comes_back_however_it_was_written(self, value: Any) -> None:
        escaped = json.dumps(value)
        assert parse(escaped.encode()) == value
        assert parse(json.dumps(value, indent=1).encode()) == value
        try:
            plain = json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return  # a lone surrogate can only be written as an escape
        assert parse(plain) == value

    @given(JSON_VALUES)
    def test_the_limits_are_the_tree_s_own_depth_and_size(self, value: Any) -> None:
        body = json.dumps(value).encode()
        depth, size = depth_of(value), values_in(value)

        assert parse(body, max_depth=depth, max_values=size) == value
        if depth:
            assert refusal(body, max_depth=depth - 1)
            assert refusal(body, max_values=size - 1)

    @pytest.mark.parametrize(
        ("body", "value"),
        [
            (b'"\\u0000"', "\x00"),
            (b'"\\ud800"', "\ud800"),
            (b'"\\udc00\\ud800"', "\udc00\ud800"),
            (b'"\\ud83d\\ude00"', "\U0001f600"),
            (b'{"\\ud800": 1}', {"\ud800": 1}),
            (b" \t\r\n1 \n", 1),
            (b"18446744073709551616", 2**64),
            (b"-" + b"9" * 100, -(10**100 - 1)),
            (b"-0", 0),
            (b"1e308", 1e308),
            (b"1e-400", 0.0),
            ('"\ufeff"'.encode(), "\ufeff"),
            (b'"\xf0\x9f\x98\x80"', "\U0001f600"),
            (
                b'{"a": {"b": 1}, "b": [{"b": 2}, {"b": 3}]}',
                {"a": {"b": 1}, "b": [{"b": 2}, {"b": 3}]},
            ),
        ],
    )
    def test_what_json_allows_is_read_exactly(self, body: bytes, value: Any) -> None:
        assert parse(body) == value

    def test_brackets_and_commas_in_strings_are_text(self) -> None:
        text = '[{,"\\' * MAX_VALUES

        assert parse(json.dumps({"text": text}).encode()) == {"text": text}

    def test_depth_32_and_10_000_keys_are_fine(self) -> None:
        assert depth_of(parse(b"[" * 32 + b"]" * 32)) == MAX_DEPTH
        keys = {str(number): number for number in range(MAX_KEYS)}
        assert parse(json.dumps(keys).encode()) == keys

    def test_a_full_batch_of_full_objects_has_more_keys_than_one_object_may(self) -> None:
        batch = [{f"key{number}": number for number in range(25)}] * 500

        assert parse(json.dumps(batch).encode()) == batch


class TestRefusing:
    @pytest.mark.parametrize(
        ("body", "word"),
        [
            (b"", "empty"),
            (b" ", "a value was expected"),
            (b"\x00", "a value was expected"),
            (b"\xef\xbb\xbf{}", "byte order mark"),
            ('{"a": 1}'.encode("utf-16"), "UTF-8"),
            ('{"a": 1}'.encode("utf-16-le"), "property name"),
            ('{"a": 1}'.encode("utf-32"), "UTF-8"),
            (b'"\xff"', "UTF-8 at byte 1"),
            (b'"\xc0\x80"', "UTF-8"),
            (b'"\xed\xa0\x80"', "UTF-8"),
            (b'"\xf4\x90\x80\x80"', "UTF-8"),
            (b'"\xe4\xbd"', "UTF-8"),
            (b"NaN", "NaN"),
            (b"[Infinity]", "NaN"),
            (b'{"a": -Infinity}', "NaN"),
            (b"1e400", "too large"),
            (b"[-1e400]", "too large"),
            (b"1" * 400 + b".0", "too large"),
            (b"1" * 101, "100 digits"),
            (b"-" + b"1" * 101, "100 digits"),
            (b"1" * 5_000, "100 digits"),
            (b"1" * 1_000_000, "100 digits"),
            (b'{"a": 1, "a": 1}', "twice"),
            (b'{"a": 1, "\\u0061": 2}', "twice"),
            (b'[{"x": {"a" :1,"b":2,"a"\n:3}}]', "twice"),
            (b"{} {}", "after the end"),
            (b"{}x", "after the end"),
            (b"{}\x00", "after the end"),
            (b"01", "after the end"),
            (b"1.", "after the end"),
            (b"+1", "a value was expected"),
            (b".5", "a value was expected"),
            (b"0x10", "after the end"),
            ("１".encode(), "a value was expected"),
            (b"'a'", "a value was expected"),
            (b"[1,]", ""),
            (b'{"a":1,}', ""),
            (b"{a:1}", "property name"),
            (b'{"a" 1}', "colon"),
            (b"[1 2]", "comma"),
            (b'"abc', "not closed"),
            (b'"\\', "not closed"),
            (b'"a\x00b"', "control character"),
            (b'"a\nb"', "control character"),
            (b'"\\x41"', "escape"),
            (b'"\\u12"', "escape"),
            (b"[1] // comment", "after the end"),
            (b"undefined", "a value was expected"),
            (b"True", "a value was expected"),
        ],
    )
    def test_what_is_not_strict_json_is_named(self, body: bytes, word: str) -> None:
        with pytest.raises(InvalidJsonError) as caught:
            parse(body)

        assert word in caught.value.detail
        assert caught.value.kind is ErrorKind.MALFORMED
        assert [(problem.pointer, problem.code) for problem in caught.value.errors] == [
            ("", "invalid_json")
        ]

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 33 + b"]" * 33,
            b'{"a":' * 33 + b"1" + b"}" * 33,
            b'{"a\\"":[' * 17 + b"]}" * 17,
            b"[" * 100_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'{"a":' * 100_000,
            b'["' + b'",["' * 40,
            b"[" + (b"[" * 30 + b"]" * 30 + b",") * 1_500 + b"[" * 40,
        ],
    )
    def test_more_than_32_levels_are_too_deep(self, body: bytes) -> None:
        assert refusal(body) == "The body is nested deeper than 32 levels."

    @pytest.mark.parametrize(
        "body",
        [
            b"[" + b"0," * (MAX_VALUES - 1) + b"0]",
            b"[" + b"[]," * 400_000 + b"[]]",
            b"[" + b"0," * 1_000_000 + b"0]",
            b'{"a":[' + b'{"b":""},' * 50_000 + b"1]}",
        ],
    )
    def test_more_than_50_000_values_are_too_many(self, body: bytes) -> None:
        assert refusal(body) == "The body has more than 50000 values."

    def test_10_001_keys_in_an_object_are_too_many(self) -> None:
        keys = {str(number): number for number in range(MAX_KEYS + 1)}

        assert refusal(json.dumps(keys).encode()) == "An object has more than 10000 keys."

    def test_the_place_is_told_by_line_and_column(self) -> None:
        detail = refusal(b'{"a": 1,\n "b" 2}')

        assert detail is not None
        assert detail.endswith("a colon was expected at line 2, column 6.")

    @pytest.mark.parametrize(
        "body",
        [
            f'{{"{MARKER}": 1, "{MARKER}": 2}}',
            f'{{"a": "{MARKER}}}',
            f'["{MARKER}" "{MARKER}"]',
            f'"\\{MARKER}"',
            f'{{"a": {MARKER}}}',
        ],
    )
    def test_no_word_of_the_input_is_repeated(self, body: str) -> None:
        with pytest.raises(InvalidJsonError) as caught:
            parse(body.encode())

        assert MARKER not in repr(caught.value) + repr(caught.value.errors)
        assert caught.value.__context__ is None

    @given(st.binary(max_size=80) | NEAR_JSON)
    @example(b'\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[')
    def test_any_bytes_are_read_as_the_standard_library_would_or_refused(self, body: bytes) -> None:
        try:
            value = parse(body)
        except InvalidJsonError:
            return

        assert value == json.loads(body.decode())
        assert depth_of(value) <= MAX_DEPTH

    @given(JSON_VALUES, st.integers(0, 200), st.sampled_from(b'[]{}",:\\0\x00\xff'))
    def test_one_changed_byte_never_does_more_than_refuse(
        self, value: Any, position: int, byte: int
    ) -> None:
        body = bytearray(json.dumps(value).encode())
        body[position % len(body)] = byte

        refusal(bytes(body))


@given(JSON_VALUES)
def test_what_was_accepted_means_the_same_when_it_is_read_again(value: Any) -> None:
    body = json.dumps(value, ensure_ascii=True).encode()
    assert parse_again(body) == parse(body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_any_more_is_told_as_it_was_at_the_door(body: bytes) -> None:
    with pytest.raises(InvalidJsonError):
        parse_again(body)
