"""The nouns of promises: policies, clocks, timers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.triage.types import Tier


class ClockKind(StrEnum):
    """`reply_window` is the platform's, not ours: when it closes, nobody can answer any more."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    REPLY_WINDOW = "reply_window"


# What we promised ourselves or the public, as against what a platform allows.
PROMISES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.RESOLUTION)


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


class PauseReason(StrEnum):
    """Why a clock stands still."""

    SNOOZE = "snooze"
    WAITING = "waiting"  # for the follower, who was asked something back
    OUT_OF_OFFICE = "out_of_office"
    OUTAGE = "outage"  # of the platform


class ReplanState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Replan:
    """Open cases of a policy on their way to its current version: how far it came.

    Counts are of cases (`total` at the start, `done` so far) and of clocks (`moved`).
    """

    id: UUID
    policy_id: UUID
    state: ReplanState
    total: int
    done: int
    moved: int
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    last_case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What a re-plan would do to one open clock."""

    clock_id: UUID
    case_id: UUID
    kind: "ClockKind"
    tier: Tier
    due_before: datetime
    due_after: datetime
    late_at_once: bool


@dataclass(frozen=True, slots=True)
class OpenCase:
    """What of a case its clocks' rows do not say."""

    id: UUID
    channel: str
    source_id: UUID
    opened_at: datetime
    overridden: bool


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
        """Raises ValueError for a reply window: the platform sets it, no target does."""
        match kind:
            case ClockKind.FIRST_RESPONSE:
                return self.first_response
            case ClockKind.NEXT_RESPONSE:
                return self.next_response
            case ClockKind.RESOLUTION:
                return self.resolution
            case ClockKind.REPLY_WINDOW:
                raise ValueError("A reply window has no target.")


Targets = dict[Tier, Target]


@dataclass(frozen=True, slots=True)
class Step:
    """A moment on a clock: a percent of its time, or so many counted seconds from its due time.

    Exactly one of the two is set. An offset below 0 lies before the due time, as a warning does.
    """

    percent: int | None = None
    offset_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyMatch:
    """Which cases a policy is for, by their opening message; an empty tuple means any."""

    channels: tuple[str, ...] = ()
    source_ids: tuple[UUID, ...] = ()
    tiers: tuple[Tier, ...] = ()
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    post_ids: tuple[UUID, ...] = ()
    follower_tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What policies look at: the opening message of a case, who wrote it, and where."""

    channel: str
    source_id: UUID
    tier: Tier = Tier.ROUTINE
    category: str | None = None
    language: str | None = None
    post_id: UUID | None = None
    follower_tier: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy, frozen: a clock keeps the version it started under.

    `channel_targets` replace `targets` for one channel, tier by tier. `promised` is what the brand
    tells the public, in seconds by channel: a response is due with the earlier of the two. With a
    calendar, all of it is counted in its working time. `reply_windows` are how long a platform
    takes replies, in seconds by channel, where it does not say so itself. In the tiers of
    `advocates_answer` the answer of an advocate keeps a promise as ours does.
    """

    id: UUID
    version: int
    name: str
    targets: Targets
    response_steps: tuple[Step, ...]
    resolution_steps: tuple[Step, ...]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: UUID | None = None
    is_default: bool = False
    channel_targets: dict[str, Targets] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    calendar_id: UUID | None = None
    pause_while_waiting: bool = True
    reply_windows: dict[str, int] = field(default_factory=dict)
    window_steps: tuple[Step, ...] = (Step(80), Step(100))
    advocates_answer: tuple[Tier, ...] = ()
    match: PolicyMatch = field(default_factory=PolicyMatch)
    position: int = 100
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def steps(self, kind: ClockKind) -> tuple[Step, ...]:
        if kind is ClockKind.REPLY_WINDOW:
            return self.window_steps
        return self.resolution_steps if kind is ClockKind.RESOLUTION else self.response_steps

    def target(self, tier: Tier, channel: str) -> Target:
        return self.channel_targets.get(channel, self.targets).get(tier) or self.targets[tier]


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a clock stands still; `until` is None while nobody knows how long."""

    start: datetime
    until: datetime | None
    reason: PauseReason = PauseReason.SNOOZE


@dataclass(frozen=True, slots=True)
class ClockShape:
    """What a clock is, said by its episode and its policy alone.

    `due_at` is the earlier of `target_due_at`, the tier's, and `promise_due_at`, what the public
    was told. `budget_seconds` is the time that counts from start to due, pauses left out;
    `counted_seconds` is that from start to settlement, None before it.
    """

    state: ClockState
    tier: Tier
    started_at: datetime
    due_at: datetime
    target_due_at: datetime
    promise_due_at: datetime | None
    limit_at: datetime | None
    budget_seconds: int
    paused_seconds: int
    paused_until: datetime | None
    pause_reason: PauseReason | None
    settled_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
    void_reason: str | None
    counted_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedTimer:
    """One moment on a clock. `note` says why a step will not fire."""

    percent: int
    fire_at: datetime
    state: TimerState
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FiredTimer:
    """A timer that came due, with what an alert needs to know of its clock.

    `request_id` is of the request that brought the question the clock was started by.
    """

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
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What somebody wants a policy to be; saving it makes the next version."""

    name: str
    targets: Targets
    response_steps: tuple[Step, ...] = tuple(Step(n) for n in (50, 80, 100, 150, 200))
    resolution_steps: tuple[Step, ...] = (Step(100),)
    resolve_on_reply: bool = True
    reopen_within_seconds: int = 7 * 24 * 3600
    ladder_id: UUID | None = None
    match: PolicyMatch = field(default_factory=PolicyMatch)
    position: int = 100
    channel_targets: dict[str, Targets] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    calendar_id: UUID | None = None
    pause_while_waiting: bool = True
    reply_windows: dict[str, int] = field(default_factory=dict)
    window_steps: tuple[Step, ...] = (Step(80), Step(100))
    advocates_answer: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyWarning:
    """Something that can be saved and was perhaps not meant; the pointer is into the body."""

    pointer: str
    code: str
    detail: str


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
    calendar_version: int | None = None


@dataclass(frozen=True, slots=True)
class EpisodeSpec:
    """An episode as the promise sees it: what was asked when, what paused it, how it ended."""

    kind: ClockKind
    number: int
    started_at: datetime
    asks: tuple[tuple[datetime, Tier], ...]
    pauses: tuple[Pause, ...] = ()
    tier_override: Tier | None = None
    # Of a reply window only: when it closes.
    until: datetime | None = None
    settled_at: datetime | None = None
    void_reason: str | None = None
    trigger_message_id: UUID | None = None
    settling_message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClockPlan:
    """Episodes of one case under the policy it was opened with."""

    case_id: UUID
    thread_id: UUID
    channel: str
    source_id: UUID
    policy: Policy
    episodes: tuple[EpisodeSpec, ...]
    # True for a re-plan: clocks leave the calendar's version they started under.
    anew: bool = False
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
    # Decided clocks whose outcome turned out otherwise, with what it is now.
    corrected: tuple[tuple[UUID, ClockState], ...] = ()
