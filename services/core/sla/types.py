"""The nouns of promises: policies, clocks, timers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.triage.types import Tier


class ClockKind(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


class TimerState(StrEnum):
    PENDING = "pending"
    FIRED = "fired"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Target:
    """Seconds allowed for each promise of one tier; `limit` is the outer one of a soft target."""

    first_response: int
    next_response: int
    resolution: int
    limit: int | None = None

    def seconds(self, kind: ClockKind) -> int:
        match kind:
            case ClockKind.FIRST_RESPONSE:
                return self.first_response
            case ClockKind.NEXT_RESPONSE:
                return self.next_response
            case ClockKind.RESOLUTION:
                return self.resolution


@dataclass(frozen=True, slots=True)
class PolicyMatch:
    """Which messages a policy is for; an empty tuple means any."""

    channels: tuple[str, ...] = ()
    source_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy, frozen: a clock keeps the version it started under."""

    id: UUID
    version: int
    name: str
    targets: dict[Tier, Target]
    response_steps: tuple[int, ...]
    resolution_steps: tuple[int, ...]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: UUID | None = None
    is_default: bool = False
    match: PolicyMatch = field(default_factory=PolicyMatch)
    position: int = 100
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def steps(self, kind: ClockKind) -> tuple[int, ...]:
        return self.resolution_steps if kind is ClockKind.RESOLUTION else self.response_steps


@dataclass(frozen=True, slots=True)
class ClockShape:
    """What a clock is, said by its episode and its policy alone."""

    state: ClockState
    tier: Tier
    started_at: datetime
    due_at: datetime
    limit_at: datetime | None
    budget_seconds: int
    paused_seconds: int
    paused_until: datetime | None
    settled_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
    void_reason: str | None


@dataclass(frozen=True, slots=True)
class PlannedTimer:
    """One moment on a clock. `note` says why a step will not fire."""

    percent: int
    fire_at: datetime
    state: TimerState
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FiredTimer:
    """A timer that came due, with what an alert needs to know of its clock."""

    timer_id: UUID
    clock_id: UUID
    case_id: UUID
    percent: int
    generation: int
    fire_at: datetime
    kind: ClockKind
    tier: Tier
    due_at: datetime
    policy_id: UUID
    policy_version: int


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What somebody wants a policy to be; saving it makes the next version."""

    name: str
    targets: dict[Tier, Target]
    response_steps: tuple[int, ...] = (50, 80, 100, 150, 200)
    resolution_steps: tuple[int, ...] = (100,)
    resolve_on_reply: bool = True
    reopen_within_seconds: int = 7 * 24 * 3600
    ladder_id: UUID | None = None
    match: PolicyMatch = field(default_factory=PolicyMatch)
    position: int = 100


@dataclass(frozen=True, slots=True)
class ExistingClock:
    """A clock as it stands, for comparison with what it should be."""

    id: UUID
    kind: ClockKind
    episode: int
    generation: int
    shape: ClockShape
    policy_id: UUID
    policy_version: int
    corrections: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EpisodeSpec:
    """An episode as the promise sees it: what was asked when, what paused it, how it ended."""

    kind: ClockKind
    number: int
    started_at: datetime
    asks: tuple[tuple[datetime, Tier], ...]
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    tier_override: Tier | None = None
    settled_at: datetime | None = None
    void_reason: str | None = None
    trigger_message_id: UUID | None = None
    settling_message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClockPlan:
    """Episodes of one case under the policy it was opened with."""

    case_id: UUID
    thread_id: UUID
    policy: Policy
    episodes: tuple[EpisodeSpec, ...]
    # How long a miss that was only just found out waits before it alarms anybody.
    grace: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class ClockOutcome:
    """What planning a case's clocks came to: for the case's row, and for its alerts."""

    case_id: UUID
    next_due_at: datetime | None
    # Clocks that ended, and clocks whose moments were planned anew, in this planning.
    settled: tuple[UUID, ...]
    replanned: tuple[UUID, ...]
