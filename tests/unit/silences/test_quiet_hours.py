"""Quiet hours: when they end, what waits for that, and which cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.silences import rules
from services.core.silences.types import (
    Hold,
    HoldKind,
    Quiet,
    QuietHours,
    QuietSpan,
    Traits,
)
from services.core.triage.types import Tier

DAY = timedelta(days=1)
HERE = UUID(int=3)
SHANGHAI = "Asia/Shanghai"
NIGHT = QuietSpan(22 * 60, 8 * 60)


def local(hour: int, minute: int = 0, *, day: int = 20, zone: str = SHANGHAI) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("spans", "at", "until"),
    [
        ((NIGHT,), local(21, 59), None),
        ((NIGHT,), local(22), local(8, day=21)),
        ((NIGHT,), local(7, 59), local(8)),
        ((NIGHT,), local(8), None),
        # Friday evening only: Saturday morning belongs to it, Thursday's does not.
        ((QuietSpan(1320, 480, (4,)),), local(23), local(8, day=21)),
        ((QuietSpan(1320, 480, (4,)),), local(7), None),
        # Spans that touch or overlap are one.
        ((NIGHT, QuietSpan(480, 600)), local(23), local(10, day=21)),
        ((NIGHT, QuietSpan(420, 540)), local(7, 30), local(9)),
        ((QuietSpan(0, 1440, (4,)),), local(0), local(0, day=21)),
        ((), local(23), None),
    ],
)
def test_quiet_hours_end_when_the_last_span_that_touches_does(
    spans: tuple[QuietSpan, ...], at: datetime, until: datetime | None
) -> None:
    assert rules.quiet_until(QuietHours(SHANGHAI, spans), at) == until


def test_a_night_in_which_the_clocks_change_ends_at_its_local_time() -> None:
    hours = QuietHours("Europe/Berlin", (NIGHT,))
    before = datetime(2026, 10, 24, 21, tzinfo=UTC)  # 23:00 in summer time
    assert rules.quiet_until(hours, before) == datetime(2026, 10, 25, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "span", "at", "until"),
    [
        # Clocks go on: a night of nine hours, and one whose end is skipped ends as long after.
        ("America/New_York", NIGHT, "2026-03-08T04:00", "2026-03-08T12:00"),
        ("America/New_York", QuietSpan(1320, 150), "2026-03-08T04:00", "2026-03-08T07:30"),
        ("Europe/London", NIGHT, "2026-03-28T23:00", "2026-03-29T07:00"),
        # What begins in the hour that is skipped does not begin before it ends.
        ("Europe/London", QuietSpan(75, 90), "2026-03-29T01:20", "2026-03-29T01:30"),
        ("Europe/London", QuietSpan(90, 120), "2026-03-29T01:20", None),
        # Clocks go back: a night of eleven hours, and an end that comes twice is the second one.
        ("America/New_York", NIGHT, "2026-11-01T03:00", "2026-11-01T13:00"),
        ("America/New_York", QuietSpan(1320, 90), "2026-11-01T05:45", "2026-11-01T06:30"),
        ("Europe/London", NIGHT, "2026-10-24T22:00", "2026-10-25T08:00"),
        ("Europe/London", QuietSpan(1320, 90), "2026-10-25T00:45", "2026-10-25T01:30"),
        ("Europe/London", QuietSpan(1320, 90), "2026-10-25T01:30", None),
    ],
)
def test_a_night_is_quiet_by_the_clock_on_the_wall_when_it_jumps(
    zone: str, span: QuietSpan, at: str, until: str | None
) -> None:
    found = rules.quiet_until(
        QuietHours(zone, (span,)), datetime.fromisoformat(at).replace(tzinfo=UTC)
    )
    assert found == (until and datetime.fromisoformat(until).replace(tzinfo=UTC))


def test_only_what_is_routine_waits_for_the_morning() -> None:
    quiet = Quiet((), (), QuietHours(SHANGHAI, (NIGHT,)))
    important = Traits(UUID(int=1), "promise", Tier.IMPORTANT, "breach", "case:1")
    routine, at = replace(important, tier=Tier.ROUTINE), local(23)
    found = rules.hold_of(routine, quiet, (), at, own_id=HERE)
    assert found == Hold(HoldKind.QUIET_HOURS, HERE, "quiet hours", local(8, day=21))
    assert rules.hold_of(routine, quiet, (), local(12), own_id=HERE) is None
    assert rules.hold_of(important, quiet, (), at, own_id=HERE) is None


@pytest.mark.parametrize(
    ("hours", "codes"),
    [
        (QuietHours(SHANGHAI, (NIGHT,)), []),
        (QuietHours("Mars/Base", (NIGHT,)), ["unknown_zone"]),
        (QuietHours("UTC", (NIGHT,) * 21), ["too_many"]),
        (QuietHours("UTC", (QuietSpan(1440, 60),)), ["outside_the_day"]),
        (QuietHours("UTC", (QuietSpan(60, 0),)), ["outside_the_day"]),
        (QuietHours("UTC", (QuietSpan(60, 60),)), ["empty"]),
        (QuietHours("UTC", (QuietSpan(0, 60, ()),)), ["invalid"]),
        (QuietHours("UTC", (QuietSpan(0, 60, (7,)),)), ["invalid"]),
        (QuietHours("UTC", (QuietSpan(0, 1440),)), ["never_end"]),
        (QuietHours("UTC", (NIGHT, QuietSpan(480, 1320))), ["never_end"]),
        (QuietHours("UTC", (NIGHT, QuietSpan(480, 1320, (0, 1, 2, 3, 4, 5)))), []),
    ],
)
def test_quiet_hours_leave_time_to_be_told(hours: QuietHours, codes: list[str]) -> None:
    assert [problem.code for problem in rules.problems_of_quiet_hours(hours)] == codes


spans = st.builds(
    QuietSpan,
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
).filter(lambda span: span.start != span.end)


@given(
    st.lists(spans, max_size=6).map(tuple),
    st.sampled_from([SHANGHAI, "Europe/London", "America/New_York", "Asia/Kolkata", "UTC"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them bare
)
def test_the_moment_quiet_hours_end_lies_outside_of_them(
    chosen: tuple[QuietSpan, ...], zone: str, now: datetime
) -> None:
    hours = QuietHours(zone, chosen)
    if rules.problems_of_quiet_hours(hours):
        return
    until = rules.quiet_until(hours, now)
    if until is not None:
        assert now < until <= now + 9 * DAY
        assert rules.quiet_until(hours, until) is None
