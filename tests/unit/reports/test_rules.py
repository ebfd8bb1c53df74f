"""When a report is due, what it is about, and when it is tried again."""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.reports import rules
from services.core.reports.types import Period, Report, ReportDraft

SHANGHAI = "Asia/Shanghai"
WEEKLY = ReportDraft("Week", Period.WEEKLY, UUID(int=1), on_day=1, at_hour=9)
MONTHLY = replace(WEEKLY, kind=Period.MONTHLY, on_day=28)
# A Friday, eight in the evening in Shanghai.
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_week_is_due_at_its_hour_of_the_zones_own_monday() -> None:
    due = rules.next_after(WEEKLY, NOON, SHANGHAI)
    assert due == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert rules.next_after(WEEKLY, due, SHANGHAI) == due + timedelta(days=7)
    assert rules.next_after(WEEKLY, due - timedelta(seconds=1), SHANGHAI) == due


def test_an_hour_stays_what_clocks_say_when_they_are_changed() -> None:
    march = datetime(2026, 3, 4, tzinfo=UTC)
    first = rules.next_after(replace(WEEKLY, on_day=7), march, "America/New_York")
    assert first == datetime(2026, 3, 8, 13, tzinfo=UTC)
    # Two o'clock is left out that night: the report comes at what is three.
    lost = rules.next_after(replace(WEEKLY, on_day=7, at_hour=2), march, "America/New_York")
    assert lost == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_a_month_is_due_on_its_day() -> None:
    assert rules.next_after(MONTHLY, NOON, "UTC") == datetime(2026, 11, 28, 9, tzinfo=UTC)
    february = datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert rules.next_after(MONTHLY, february, "UTC") == datetime(2027, 3, 28, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "today", "first", "until"),
    [
        (Period.WEEKLY, date(2026, 11, 22), date(2026, 11, 9), date(2026, 11, 16)),
        (Period.WEEKLY, date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 23)),
        (Period.MONTHLY, date(2026, 1, 1), date(2025, 12, 1), date(2026, 1, 1)),
        (Period.MONTHLY, date(2028, 3, 31), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_it_is_about_the_last_full_period(
    kind: Period, today: date, first: date, until: date
) -> None:
    assert rules.period_before(kind, today) == (first, until)


def test_it_is_tried_again_later_and_later_and_then_given_up() -> None:
    tries = [rules.retry_at(attempts, NOON) for attempts in range(1, 7)]
    minutes = [None if at is None else (at - NOON) // timedelta(minutes=1) for at in tries]
    assert minutes == [1, 5, 15, 60, 240, None]


def test_whoever_was_away_catches_up_before_telling() -> None:
    assert rules.first_try(NOON, NOON + timedelta(minutes=10)) == NOON + timedelta(minutes=10)
    late = NOON + timedelta(minutes=11)
    assert rules.first_try(NOON, late) == late + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        (replace(WEEKLY, name=" "), "/name"),
        (replace(WEEKLY, on_day=8), "/on_day"),
        (replace(MONTHLY, on_day=29), "/on_day"),
        (replace(WEEKLY, on_day=0), "/on_day"),
        (replace(WEEKLY, at_hour=24), "/at_hour"),
    ],
)
def test_what_no_week_or_day_has_is_refused(draft: ReportDraft, pointer: str) -> None:
    found = rules.problem_of(draft)
    assert found is not None
    assert found[0] == pointer


def test_what_there_is_every_week_and_month_is_taken() -> None:
    assert rules.problem_of(WEEKLY) is None
    assert rules.problem_of(MONTHLY) is None


@pytest.mark.parametrize(
    ("was_on", "changes", "stays"),
    [
        (True, {"name": "Other"}, True),
        (True, {"enabled": False}, True),
        (True, {"at_hour": 10}, False),
        (True, {"on_day": 2}, False),
        (True, {"kind": Period.MONTHLY}, False),
        (False, {"enabled": True}, False),
    ],
)
def test_a_change_moves_the_next_one_only_where_its_days_change(
    was_on: bool, changes: dict[str, Any], stays: bool
) -> None:
    draft = replace(WEEKLY, enabled=was_on)
    due = rules.next_after(draft, NOON - timedelta(days=20), SHANGHAI)
    before = Report(**asdict(draft), id=UUID(int=2), next_at=due, created_at=NOON, updated_at=NOON)
    found = rules.next_of(before, replace(draft, **changes), NOON, SHANGHAI)
    assert (found == due) is stays
    assert stays or found > NOON
