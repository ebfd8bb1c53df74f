from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from services.core.intake.fields import read_id, read_timestamp


def refusal(value: Any) -> str | None:
    try:
        read_timestamp(value)
    except PydanticCustomError as error:
        return error.type
    return None


class TestIds:
    @pytest.mark.parametrize(
        "value", ["a", "xhs-evt-81723", "6478216491827364912", "a b", "笔记/1", "👩‍👩‍👧", "a" * 256]
    )
    def test_any_short_printable_string_is_an_id(self, value: str) -> None:
        assert read_id(value) == value

    @pytest.mark.parametrize(
        "value",
        [
            *("", "a" * 257, "a\x00", "\n", "a\n", "a\tb", "\x7f", "\x85", "\ud800", "a\udfffb"),
            *(1, 1.5, True, None, [], {}, ["a"]),
        ],
    )
    def test_anything_else_is_refused_and_not_changed(self, value: Any) -> None:
        with pytest.raises(PydanticCustomError) as caught:
            read_id(value)

        assert caught.value.type == "bad_id"


class TestTimestamps:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-11-21T08:15:04.120Z", datetime(2026, 11, 21, 8, 15, 4, 120_000, UTC)),
            ("2026-11-21T08:15:04Z", datetime(2026, 11, 21, 8, 15, 4, 0, UTC)),
            ("2026-11-21t08:15:04z", datetime(2026, 11, 21, 8, 15, 4, 0, UTC)),
            ("2026-11-21 08:15:04Z", datetime(2026, 11, 21, 8, 15, 4, 0, UTC)),
            ("2026-11-21T16:15:04+08:00", datetime(2026, 11, 21, 8, 15, 4, 0, UTC)),
            ("2026-11-21T02:45:04-05:30", datetime(2026, 11, 21, 8, 15, 4, 0, UTC)),
            ("2026-11-21T08:15:04-00:00", datetime(2026, 11, 21, 8, 15, 4, 0, UTC)),
            ("2026-11-21T08:15:04.1Z", datetime(2026, 11, 21, 8, 15, 4, 100_000, UTC)),
            ("2026-11-21T08:15:04.123456789Z", datetime(2026, 11, 21, 8, 15, 4, 123_456, UTC)),
            ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC)),
            ("2017-01-01T07:59:60.5+08:00", datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC)),
            ("2038-01-19T03:14:08Z", datetime(2038, 1, 19, 3, 14, 8, 0, UTC)),
            ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
            ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
            ("1999-12-31T19:00:00-05:00", datetime(2000, 1, 1, tzinfo=UTC)),
            ("2101-01-01T05:59:59+08:00", datetime(2100, 12, 31, 21, 59, 59, 0, UTC)),
            ("2100-12-31T23:59:60Z", datetime(2100, 12, 31, 23, 59, 59, 999_999, UTC)),
        ],
    )
    def test_rfc_3339_is_read_as_utc(self, text: str, expected: datetime) -> None:
        moment = read_timestamp(text)

        assert moment == expected
        assert moment.tzinfo is UTC

    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-21T08:15:04",
            "2026-11-21",
            "2026-11-21T08:15Z",
            "20261121T081504Z",
            "2026-W47-6T08:15:04Z",
            "2026-325T08:15:04Z",
            "2026-02-29T08:15:04Z",
            "2026-13-01T08:15:04Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T08:60:00Z",
            "2026-11-21T08:15:61Z",
            "2026-11-21T08:15:04,5Z",
            "2026-11-21T08:15:04.Z",
            "2026-11-21T08:15:04+24:00",
            "2026-11-21T08:15:04+08:60",
            "2026-11-21T08:15:04+0800",
            "2026-11-21T08:15:04 Z",
            " 2026-11-21T08:15:04Z",
            "2026-11-21T08:15:04Z\n",
            "2026-11-21T08:15:04Z\x00",
            "２０２６-11-21T08:15:04Z",
            "20000-01-01T00:00:00Z",
            "-2026-11-21T08:15:04Z",
            "0000-01-01T00:00:00Z",
            "infinity",
            "now",
            "",
            "1763712904",
            "2026-11-21T08:15:04." + "1" * 60 + "Z",
            1_763_712_904,
            1763712904.5,
            True,
            None,
            [],
        ],
    )
    def test_anything_else_is_no_timestamp(self, value: Any) -> None:
        assert refusal(value) == "bad_timestamp"

    @pytest.mark.parametrize(
        "text",
        [
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "1970-01-01T00:00:00Z",
            "1999-12-31T23:59:59.999999Z",
            "2000-01-01T00:00:00+00:01",
            "2101-01-01T00:00:00Z",
            "2100-12-31T23:59:59-00:01",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-14:00",
            "9999-12-31T23:59:60Z",
        ],
    )
    def test_years_the_database_refuses_are_out_of_range(self, text: str) -> None:
        assert refusal(text) == "out_of_range"

    @given(
        st.datetimes(
            min_value=datetime(2000, 1, 3),  # noqa: DTZ001 - hypothesis wants naive bounds
            max_value=datetime(2100, 12, 30),  # noqa: DTZ001 - the same
            timezones=st.integers(-1439, 1439).map(lambda n: timezone(timedelta(minutes=n))),
        )
    )
    def test_whatever_python_writes_comes_back_as_the_same_instant(self, moment: datetime) -> None:
        assert read_timestamp(moment.isoformat()) == moment
        assert read_timestamp(str(moment)) == moment

    @given(st.text() | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{0,20}\Z"))
    def test_any_text_is_a_time_of_this_century_or_refused(self, text: str) -> None:
        try:
            moment = read_timestamp(text)
        except PydanticCustomError:
            return

        assert 2000 <= moment.year <= 2100
