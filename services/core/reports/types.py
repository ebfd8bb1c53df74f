"""The nouns of reports: what is sent when and where, and each issue of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Period(StrEnum):
    """What a report is about: the last full week, from Monday, or the last full month."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


class IssueState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """What people decide. `on_day` is 1 (Monday) to 7 for weeks, 1 to 28 for months.

    `at_hour` is an hour of the workspace's own days.
    """

    name: str
    kind: Period
    channel_id: UUID
    language: Language = Language.ZH
    on_day: int = 1
    at_hour: int = 9
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(ReportDraft):
    """A report that is sent on schedule; `next_at` is when it is the next time."""

    id: UUID
    next_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue: of the days from `first_day` to before `until_day`, sent once.

    `attempts` counts real tries; `detail` is what the other side said last.
    """

    report_id: UUID
    first_day: date
    until_day: date
    parcel_id: UUID
    state: IssueState
    attempts: int
    opened_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    detail: str
