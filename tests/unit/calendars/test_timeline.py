"""Counting working time, against a reference that looks at every minute."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.calendars.timeline import ALWAYS, END, Timeline
from services.core.calendars.types import Closing, Span

MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = (Span(540, 720), Span(780, 1080))
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Pacific/Apia", "Asia/Kathmandu")
# Days on which something odd happens in one of the zones: clocks go on or back, a day is skipped,
# a leap day, the end of a year.
ODD = (
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 4, tzinfo=UTC),
    datetime(2026, 3, 29, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, tzinfo=UTC),
    datetime(2011, 12, 30, 8, tzinfo=UTC),
    datetime(2024, 2, 28, 22, tzinfo=UTC),
    datetime(2026, 12, 31, 20, tzinfo=UTC),
)


def weekly(zone: str, week: Sequence[Sequence[Span]], *closings: Closing) -> Timeline:
    return Timeline(ZoneInfo(zone), lambda day: week[day.weekday()], closings)


def office(*closings: Closing) -> Timeline:
    return weekly("Asia/Shanghai", [OFFICE] * 5 + [()] * 2, *closings)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026 in Shanghai; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def open_minutes(line: Timeline, start: datetime, end: datetime) -> int:
    """The reference: look at each minute's local time. Slow, and hard to get wrong."""
    count = 0
    at = start
    while at < end:
        here = at.astimezone(line.zone)
        minute = here.hour * 60 + here.minute
        shut = any(closing.start <= at < closing.end for closing in line.closings)
        worked = any(span.start <= minute < span.end for span in line.spans_of(here.date()))
        count += worked and not shut
        at += MINUTE
    return count


@st.composite
def days(draw: st.DrawFn) -> tuple[Span, ...]:
    marks = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(Span(*pair) for pair in zip(marks[::2], marks[1::2], strict=False))


@st.composite
def lines(draw: st.DrawFn) -> Timeline:
    week = draw(st.lists(days(), min_size=7, max_size=7))
    near = draw(st.sampled_from(ODD))
    shut = [
        Closing(near + after * MINUTE, near + (after + length) * MINUTE)
        for after, length in draw(
            st.lists(st.tuples(st.integers(-3000, 3000), st.integers(1, 2000)), max_size=3)
        )
    ]
    return weekly(draw(st.sampled_from(ZONES)), week, *shut)


@given(lines(), st.sampled_from(ODD), st.integers(-2000, 2000), st.integers(0, 4000))
def test_what_is_open_between_two_moments_is_what_every_minute_says(
    line: Timeline, near: datetime, before: int, length: int
) -> None:
    start = near + before * MINUTE
    end = start + length * MINUTE
    assert line.between(start, end) == open_minutes(line, start, end) * MINUTE


@given(lines(), st.sampled_from(ODD), st.integers(-2000, 2000), st.integers(1, 2500))
def test_advancing_and_counting_are_each_others_inverse(
    line: Timeline, near: datetime, before: int, minutes: int
) -> None:
    start = near + before * MINUTE
    due = line.advance(start, minutes * MINUTE)
    if due == END:
        assert not any(line.spans_of(date(2026, 11, 16) + timedelta(days=day)) for day in range(7))
        return
    assert line.between(start, due) == minutes * MINUTE
    # It is the earliest such moment: a second before, not all of it had counted.
    assert line.between(start, due - timedelta(seconds=1)) < minutes * MINUTE


@given(lines(), st.sampled_from(ODD), st.integers(0, 3000), st.integers(0, 3000))
def test_two_stretches_that_touch_count_what_the_whole_counts(
    line: Timeline, near: datetime, one: int, other: int
) -> None:
    middle = near + one * MINUTE
    end = middle + other * MINUTE
    assert line.between(near, middle) + line.between(middle, end) == line.between(near, end)


@given(lines(), st.sampled_from(ODD), st.integers(0, 6000))
def test_the_spans_of_a_stretch_add_up_to_what_counts_in_it(
    line: Timeline, near: datetime, length: int
) -> None:
    end = near + length * MINUTE
    spans = line.spans(near, end)
    total = sum((stop - start for start, stop in spans), timedelta())
    assert total == line.between(near, end)
    assert all(start < stop for start, stop in spans)
    borders = [moment for span in spans for moment in span]
    assert borders == sorted(borders)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (local(20, 9), 2, local(20, 11)),
        (local(20, 11), 2, local(20, 14)),  # over the midday break
        (local(20, 17), 2, local(23, 10)),  # over the weekend
        (local(20, 7), 1, local(20, 10)),  # before the day begins
        (local(21, 12), 1, local(23, 10)),  # on a Saturday
        (local(20, 17), 1, local(20, 18)),  # due when the day ends, not when the next begins
        (local(20, 9), 8 * 5, local(26, 18)),
    ],
)
def test_a_working_week_in_shanghai(start: datetime, hours: int, due: datetime) -> None:
    assert office().advance(start, timedelta(hours=hours)) == due


def test_a_closing_is_taken_out_of_the_day() -> None:
    shut = Closing(local(20, 10), local(20, 15))
    assert office(shut).advance(local(20, 9), timedelta(hours=2)) == local(20, 16)


def test_closings_may_overlap_and_come_in_any_order() -> None:
    shut = (
        Closing(local(20, 10), local(20, 14)),
        Closing(local(20, 9, 30), local(20, 10, 30)),
        Closing(local(20, 13, 30), local(20, 15)),
    )
    assert office(*shut).between(local(20, 9), local(20, 18)) == timedelta(hours=3, minutes=30)


def test_an_hour_that_happens_twice_is_worked_twice() -> None:
    night = weekly("America/New_York", [[Span(60, 120)]] * 7)
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert night.between(start, start + timedelta(days=1)) == timedelta(hours=2)


def test_an_hour_that_never_happens_is_not_worked() -> None:
    night = weekly("America/New_York", [[Span(120, 180)]] * 7)
    start = datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert night.between(start, start + timedelta(hours=20)) == timedelta(0)


def test_a_date_a_zone_skipped_has_no_day() -> None:
    everyday = weekly("Pacific/Apia", [OFFICE] * 7)
    start = datetime(2011, 12, 29, 10, tzinfo=UTC)  # midnight there; the 30th never was
    due = everyday.advance(start, timedelta(hours=9)).astimezone(everyday.zone)
    assert (due.date(), due.hour) == (date(2011, 12, 31), 10)


def test_a_calendar_that_never_opens_is_never_due() -> None:
    never = weekly("Asia/Shanghai", [()] * 7)
    assert never.advance(local(20, 9), timedelta(seconds=1)) == END
    assert never.spans(local(20, 9), local(30, 9)) == []


def test_microseconds_are_not_lost() -> None:
    start = local(20, 17, 59) + timedelta(microseconds=3)
    assert office().advance(start, MINUTE) == local(23, 9) + timedelta(microseconds=3)


def test_around_the_clock_everything_counts() -> None:
    start, end = local(20, 9), local(22, 9)
    assert ALWAYS.between(start, end) == end - start
    assert ALWAYS.between(end, start) == timedelta()
    assert ALWAYS.advance(start, end - start) == end
    assert ALWAYS.advance(start, timedelta(days=400_000)) == END
    assert ALWAYS.spans(start, end) == [(start, end)]
    assert ALWAYS.spans(end, start) == []


def test_nothing_counts_backwards() -> None:
    assert office().between(local(20, 12), local(20, 9)) == timedelta()
    assert office().advance(local(20, 20), timedelta()) == local(20, 20)
