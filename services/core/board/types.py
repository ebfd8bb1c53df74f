"""What front ends read: a case as a line and as a whole, and the workspace at a glance."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from services.core.cases.types import CaseState
from services.core.conversations.types import ItemKind
from services.core.search.types import Told
from services.core.triage.types import Category, Tier

T = TypeVar("T")
View = dict[str, Any]

# (sort time, id) of the last row of a page; the time is None where the sort column may be.
Place = tuple[datetime | None, UUID]


class CaseSort(StrEnum):
    """What cases are sorted by, `-` the other way round; those that owe nothing are due last.

    By `tier` the most pressing come first, and of one tier those due next.
    """

    NEXT_DUE = "next_due_at"
    LAST_DUE = "-next_due_at"
    FIRST_OPENED = "opened_at"
    LAST_OPENED = "-opened_at"
    LONGEST_SILENT = "last_message_at"
    LAST_SPOKEN = "-last_message_at"
    MOST_PRESSING = "tier"
    LEAST_PRESSING = "-tier"

    @property
    def backwards(self) -> bool:
        return self.startswith("-")

    @property
    def by_tier(self) -> bool:
        return self in {CaseSort.MOST_PRESSING, CaseSort.LEAST_PRESSING}

    @property
    def by_due(self) -> bool:
        return self in {CaseSort.NEXT_DUE, CaseSort.LAST_DUE}

    @property
    def column(self) -> str:
        """The sort time of a case; within its tier where it is sorted by that."""
        return "sort_due_at" if self.by_due or self.by_tier else self.removeprefix("-")


class CaseExtra(StrEnum):
    """What may come with the cases of a list."""

    CLOCKS = "clocks"
    FOLLOWER = "follower"
    LAST_MESSAGE = "last_message"


class MessageExtra(StrEnum):
    """What may come with the messages of a list."""

    CASE = "case"
    FOLLOWER = "follower"


@dataclass(frozen=True, slots=True)
class Run:
    """Cases of one state or one tier, which an index has in order, from a place on."""

    of: str
    at: datetime | None
    id: UUID


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page. `end` is where the next one starts after, None when this is the last."""

    items: list[T]
    end: Place | None
    # The tier of the page's last case: sorted by tier, the next page starts within it.
    reached: Tier | None = None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """All conditions hold together; an empty tuple or None does not restrict.

    Without `states`, resolved and void cases are left out. `unassigned` and `assignee_id`
    exclude each other. `due_before` leaves out cases that owe nothing. `text` is what people
    wrote; the service makes it `told` or `patterns`, which repositories read.
    """

    states: tuple[CaseState, ...] = ()
    tiers: tuple[Tier, ...] = ()
    categories: tuple[Category, ...] = ()
    assignee_id: UUID | None = None
    unassigned: bool = False
    source_id: UUID | None = None
    follower_id: UUID | None = None
    due_before: datetime | None = None
    text: str | None = None
    told: Told | None = None
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageFilter:
    source_id: UUID | None = None
    external_id: str | None = None
    case_id: UUID | None = None
    kind: ItemKind | None = None
    tier: Tier | None = None
    needs_reply: bool | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with everything a person needs to answer it.

    `judgement` is the one of the driving message: the message that made the case as pressing
    as it is. `messages` are the newest ones in order of time; `more_messages` says that older
    ones were left out.
    """

    case: View
    judgement: View | None
    messages: list[View]
    more_messages: bool
    clocks: list[View]
    alerts: list[View]
    acts: list[View]


@dataclass(frozen=True, slots=True)
class Share:
    """Promises kept. `rate` is met / (met + missed), None when neither happened."""

    met: int
    missed: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The workspace at a glance; counts by tier hold every tier, zeros included.

    `due_soon` and `breached` count promises, `unanswered` and `answered_today` count cases.
    """

    as_of: datetime
    day_start: datetime
    day_end: datetime
    open: dict[str, int]
    open_by_state: dict[str, int]
    due_soon: dict[str, int]
    breached: dict[str, int]
    unanswered: int
    answered_today: int
    attainment: Share
    attainment_by_kind: dict[str, Share]
    alerts_firing: int
    backlog_pending: int
    backlog_oldest_age_seconds: float | None = None
