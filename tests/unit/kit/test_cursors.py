"""A cursor brings back what was packed, and nothing that was not packed by us."""

import string
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.cursors import CursorCodec, CursorValue, InvalidCursorError

CODEC = CursorCodec(b"key")
ROW: list[CursorValue] = [datetime(2026, 11, 21, tzinfo=UTC), UUID(int=7), "小鹿", 3, 1.5, None]
TYPES = (datetime, UUID, str, int, float, int)

values = st.one_of(
    st.text(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
)


def test_every_kind_of_value_comes_back_as_it_was() -> None:
    assert CODEC.decode(CODEC.encode(ROW), *TYPES) == tuple(ROW)


@given(st.lists(values, max_size=4))
def test_any_row_comes_back_as_it_was(row: list[CursorValue]) -> None:
    cursor = CODEC.encode(row, purpose="list")
    assert CODEC.decode(cursor, *map(type, row), purpose="list") == tuple(row)
    assert set(cursor) <= set(string.ascii_letters + string.digits + "-_")


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_cursor_changed_in_one_place_is_refused(place: int, change: int) -> None:
    cursor = CODEC.encode(["a", 1])
    letters = list(cursor)
    spot = place % len(letters)
    letters[spot] = chr(ord(letters[spot]) ^ change)
    changed = "".join(letters)
    # The last letter carries bits that mean nothing; a change there may decode to the same.
    try:
        assert CODEC.decode(changed, str, int) == ("a", 1)
        assert spot == len(letters) - 1
    except InvalidCursorError:
        pass


@given(st.text())
def test_whatever_else_is_sent_is_refused_and_nothing_more(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        CODEC.decode(text, str)


@pytest.mark.parametrize("cursor", ["", "A" * 3_000, "====", "é", "\x00", "AAAA"])
def test_nonsense_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        CODEC.decode(cursor, str)


def test_a_cursor_of_another_list_shape_or_key_is_refused() -> None:
    cursor = CODEC.encode([1, "a"], purpose="cases")
    for codec, types, purpose in (
        (CODEC, (int, str), "alerts"),
        (CODEC, (int,), "cases"),
        (CODEC, (str, str), "cases"),
        (CODEC, (bool, str), "cases"),
        (CODEC, (datetime, str), "cases"),
        (CODEC, (UUID, str), "cases"),
        (CursorCodec(b"other"), (int, str), "cases"),
    ):
        with pytest.raises(InvalidCursorError):
            codec.decode(cursor, *types, purpose=purpose)


def test_a_number_without_end_cannot_be_a_place() -> None:
    with pytest.raises(ValueError, match="finite"):
        CODEC.encode([float("nan")])


def test_the_longest_name_of_any_script_makes_a_cursor_that_is_taken_back() -> None:
    for letter in ("a", "鹿", "🐟", "\x01"):
        row: list[CursorValue] = [letter * 200, UUID(int=7)]
        cursor = CODEC.encode(row, purpose="members/name@workspace")
        assert CODEC.decode(cursor, str, UUID, purpose="members/name@workspace") == tuple(row)
