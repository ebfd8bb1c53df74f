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


class StandstillReason(StrEnum):
    """Why a team, or a platform, answers nobody for a while; as a pause's reason is called."""

    OUT_OF_OFFICE = "out_of_office"
    OUTAGE = "outage"


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
class Holidays:
    """A country's public holidays as they were known, of the years from `first` to `last`.

    `made_up` are days of a weekend that are worked in exchange.
    """

    first: int
    last: int
    names: dict[date, str]
    made_up: frozenset[date]

    def know(self, day: date) -> bool:
        return self.first <= day.year <= self.last


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a calendar's feed is doing. A failure leaves the closings of the last good one."""

    url: str | None = None
    due_at: datetime | None = None
    last_refreshed_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of a calendar, frozen: a clock keeps the version it started under."""

    id: UUID
    version: int
    draft: CalendarDraft
    closings: tuple[Closing, ...] = ()
    holidays: Holidays | None = None
    feed: FeedState = FeedState()
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StandstillDraft:
    """An absence or an outage as somebody announces it.

    Without a source it holds for all of them. With a member it is that person's absence, else the
    team's. `pauses` None means: it stops clocks unless a member is named, or somebody stands in.
    """

    reason: StandstillReason
    starts_at: datetime
    ends_at: datetime | None = None
    source_id: UUID | None = None
    member_id: UUID | None = None
    stand_in_id: UUID | None = None
    notice_zh: str | None = None
    notice_en: str | None = None
    note: str | None = None
    pauses: bool | None = None


@dataclass(frozen=True, slots=True)
class Standstill:
    """A stretch in which nobody answers; `ends_at` is None while nobody knows how long.

    `replan_at` says when open cases are planned anew because of it, and `replanned` how many were.
    """

    id: UUID
    reason: StandstillReason
    starts_at: datetime
    ends_at: datetime | None
    source_id: UUID | None
    member_id: UUID | None
    stand_in_id: UUID | None
    notice_zh: str | None
    notice_en: str | None
    note: str | None
    pauses: bool
    created_at: datetime
    ended_at: datetime | None
    replan_at: datetime | None
    replanned: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Who is away when, and who answers instead."""

    member_id: UUID
    stand_in_id: UUID | None
    starts_at: datetime
    ends_at: datetime


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
