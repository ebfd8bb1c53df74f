"""The nouns of working time: spans of a day, weeks, days that differ, and hours to count in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

MINUTES_OF_A_DAY = 24 * 60
DAYS_OF_A_WEEK = 7


class DayReason(StrEnum):
    """Why a day differs from its weekday. A later one in this list wins over an earlier one."""

    HOLIDAY = "holiday"
    MAKE_UP = "make_up"  # a weekend day worked in exchange for a holiday
    FEED = "feed"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the local day, half open: 540 to 1080 is 09:00 to 18:00; 1440 is midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Day:
    """One date that differs from its weekday: when it is worked, if at all, and why."""

    spans: tuple[Span, ...]
    reason: DayReason
    label: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """A stretch taken out of working time by a feed; moments in UTC, half open."""

    start: datetime
    end: datetime
    label: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDraft:
    """What somebody wants a calendar to be; saving it makes the next version.

    `week` has the spans of Monday to Sunday, each in order and not overlapping. `country` names
    whose public holidays are kept free (ISO 3166, `CN` with its make-up working days), `days` are
    the team's own and win over them. `feed_url` is an iCalendar of closings, read every day.
    """

    name: str
    zone: str
    week: tuple[tuple[Span, ...], ...]
    country: str | None = None
    days: dict[date, Day] = field(default_factory=dict)
    feed_url: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of a calendar, frozen: a clock keeps the version it started under."""

    id: UUID
    version: int
    draft: CalendarDraft
    closings: tuple[Closing, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Hours(Protocol):
    """Time that counts. `Timeline` counts working time, `AroundTheClock` all of it."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much counts from one moment to another; nothing when the end lies before."""
        ...

    def advance(self, start: datetime, by: timedelta) -> datetime:
        """The earliest moment at which so much has counted since `start`."""
        ...

    def spans(self, start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime]]:
        """The stretches that count, cut to `start` and `end`, in order."""
        ...
