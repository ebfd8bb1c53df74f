"""The nouns of an explanation: what is known of one promise, and what can be told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.calendars.types import DayReason, Hours
from services.core.sla.types import (
    EpisodeSpec,
    ExistingClock,
    PauseReason,
    Policy,
    Subject,
    TimerState,
)
from services.core.triage.types import Tier


class Lang(StrEnum):
    """What an explanation is told in."""

    ZH = "zh"
    EN = "en"


class First(StrEnum):
    """Which of the two due times a clock is due with."""

    TARGET = "target"
    PROMISE = "promise"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class DayName:
    """Why one date differs from its weekday, as the calendar calls it."""

    reason: DayReason
    label: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """What a clock counts by: a calendar's hours, or all hours when it has no name."""

    hours: Hours
    zone: tzinfo
    name: str | None = None
    version: int | None = None
    days: Mapping[date, DayName] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """A message that moved a clock. `who` is a follower's name, or the member who answered."""

    id: UUID
    at: datetime
    direction: str
    who: str | None
    excerpt: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a person did to the case. `by` names the kind of actor and its id."""

    kind: str
    at: datetime
    until: datetime | None
    tier: Tier | None
    by: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The alert a step raised, and what became of it."""

    id: UUID
    state: str
    severity: str
    fired_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolution: str | None


@dataclass(frozen=True, slots=True)
class StepTold:
    """One moment on a clock. `late_seconds` is how long after its moment it was done."""

    percent: int
    generation: int
    fire_at: datetime
    state: TimerState
    fired_at: datetime | None = None
    note: str | None = None
    alert: Raised | None = None

    @property
    def late_seconds(self) -> int | None:
        if self.state is not TimerState.FIRED or self.fired_at is None:
            return None
        return max(round((self.fired_at - self.fire_at).total_seconds()), 0)


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """Everything rows say about one clock. `episode` is None when nothing claims it any more."""

    clock: ExistingClock
    case_id: UUID
    policy: Policy
    policies: Sequence[Policy]
    subject: Subject
    episode: EpisodeSpec | None
    count: Count
    now: datetime
    started_by: Said | None = None
    stopped_by: Said | None = None
    steps: Sequence[StepTold] = ()
    acts: Sequence[Done] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a policy, what it wants, and what was found."""

    name: str
    wanted: tuple[str, ...]
    found: str | None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A policy tried before; with no condition it would fit today, so it is newer than the case."""

    id: UUID
    name: str
    failed: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The policy of the clock: the conditions that matched, or that it is the default one."""

    id: UUID
    name: str
    version: int
    is_default: bool
    matched: tuple[Condition, ...]
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """The two due times. The target is that of the question whose answer is due first."""

    due_at: datetime
    first: First
    tier: Tier
    target_due_at: datetime
    target_seconds: int
    promise_due_at: datetime | None
    promised_seconds: int | None
    limit_at: datetime | None
    budget_seconds: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time that counted."""

    start: datetime
    end: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class PauseTold:
    """A stretch in which it stood still, and by how much of counted time it moved the due time."""

    reason: PauseReason
    start: datetime
    until: datetime | None
    counted_seconds: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A stretch outside of working time. `days` are the dates that lie in it whole."""

    start: datetime
    end: datetime
    seconds: int
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A date that differs from its weekday, and whether anything of it counted."""

    day: date
    worked: bool
    reason: DayReason
    label: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One promise, told whole. Seconds are counted ones, moments in UTC, dates of the calendar.

    `spans` go from the start to the due time, without the pauses: their sum is the budget. A
    clock that stands still for nobody knows how long has them up to where it stopped.
    """

    clock: ExistingClock
    case_id: UUID
    as_of: datetime
    zone: str
    calendar: str | None
    calendar_version: int | None
    policy: Chosen
    due: Due
    spans: tuple[Stretch, ...]
    more_spans: int
    pauses: tuple[PauseTold, ...]
    skipped: tuple[Skipped, ...]
    named_days: tuple[NamedDay, ...]
    elapsed_seconds: int
    started_by: Said | None
    stopped_by: Said | None
    steps: tuple[StepTold, ...]
    replans: int
    acts: tuple[Done, ...]
    corrections: tuple[dict[str, Any], ...]
