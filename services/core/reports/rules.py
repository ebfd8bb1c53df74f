"""Decide when a report is due, what it is about, and when it is tried again."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.core.reports.types import Period, Report, ReportDraft

# What a page of them holds.
MOST_REPORTS: Final = 50
DAY: Final = timedelta(days=1)
DAYS_OF_A_WEEK: Final = 7
# Every month has as many.
DAYS_OF_A_MONTH: Final = 28
HOURS: Final = 24
# After so many minutes each; then it is given up.
RETRIES: Final = (1, 5, 15, 60, 240)
# While a sending is on its way, nobody else takes it.
LEASE: Final = timedelta(minutes=5)
# Sums of days that are being made are waited for so long, looked at every minute.
PATIENCE: Final = timedelta(hours=1)
NOTED_LATELY: Final = timedelta(minutes=2)
# Whoever comes back after so long has other work to catch up with first.
LATE: Final = timedelta(minutes=10)
CATCHING_UP: Final = timedelta(minutes=5)
LOOK_AGAIN: Final = timedelta(minutes=1)


def problem_of(draft: ReportDraft) -> tuple[str, str] | None:
    """The field that is wrong and why; None when nothing is."""
    longest = DAYS_OF_A_WEEK if draft.kind is Period.WEEKLY else DAYS_OF_A_MONTH
    if not draft.name.strip():
        return "/name", "A report has a name."
    if not 1 <= draft.on_day <= longest:
        return "/on_day", f"The day of a {draft.kind} report is 1 to {longest}."
    if not 0 <= draft.at_hour < HOURS:
        return "/at_hour", "The hour is 0 to 23."
    return None


def next_after(draft: ReportDraft, now: datetime, zone: str) -> datetime:
    """When the report is due next, later than now: an hour of the zone's own day."""
    place = ZoneInfo(zone)
    day = now.astimezone(place).date()
    while True:
        due = datetime.combine(day, time(draft.at_hour), place).astimezone(UTC)
        if due > now and _is_its_day(draft, day):
            return due
        day += DAY


def next_of(before: Report, draft: ReportDraft, now: datetime, zone: str) -> datetime:
    """When a changed report is due next: as before, unless its days were changed.

    One that is switched on again begins anew: what was due meanwhile was meant not to be sent.
    """
    kept = all(
        getattr(before, each) == getattr(draft, each) for each in ("kind", "on_day", "at_hour")
    )
    if kept and before.enabled:
        return before.next_at
    return next_after(draft, now, zone)


def period_before(kind: Period, today: date) -> tuple[date, date]:
    """The last full week, from Monday, or month: its first day, and the day after its last."""
    if kind is Period.WEEKLY:
        monday = today - today.weekday() * DAY
        return monday - DAYS_OF_A_WEEK * DAY, monday
    end = today.replace(day=1)
    return (end - DAY).replace(day=1), end


def first_try(due: datetime, now: datetime) -> datetime:
    """At once, or a little later where no worker was there when it was due."""
    return now + CATCHING_UP if now - due > LATE else now


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """When it is tried again after so many attempts; None when it is given up."""
    if attempts > len(RETRIES):
        return None
    return now + timedelta(minutes=RETRIES[attempts - 1])


def _is_its_day(draft: ReportDraft, day: date) -> bool:
    if draft.kind is Period.WEEKLY:
        return day.isoweekday() == draft.on_day
    return day.day == draft.on_day
