"""Which months there must be room for, and which are over."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.intake import rules


def test_months_are_counted_over_the_end_of_a_year() -> None:
    found = rules.months_from(date(2026, 11, 30), 3)
    assert found == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 11, 30)))
def test_the_month_after_begins_the_day_after_this_one_ends(day: date) -> None:
    after = rules.month_after(day)
    last = after - timedelta(days=1)
    assert after.day == 1
    assert (last.year, last.month) == (day.year, day.month)


@pytest.mark.parametrize(
    ("cutoff", "over"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), [date(2026, 10, 1)]),
        (datetime(2026, 12, 1, tzinfo=UTC), [date(2026, 10, 1), date(2026, 11, 1)]),
        # Still November in UTC, whatever a wall clock in Shanghai says.
        (datetime(2026, 12, 1, 7, tzinfo=timezone(timedelta(hours=8))), [date(2026, 10, 1)]),
    ],
)
def test_a_month_is_over_when_its_last_day_is(cutoff: datetime, over: list[date]) -> None:
    months = [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)]
    assert rules.months_over(months, cutoff) == over
