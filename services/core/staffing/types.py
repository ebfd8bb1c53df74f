"""The nouns of staffing: blocks of work, what they can keep, and what is to be expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.core.calendars.types import Hours
from services.core.sla.types import Policy
from services.core.triage.types import Tier

Language = str
Words = dict[Language, str]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of looking at what came in, on some days of the week (Monday is 0).

    `start` is a minute of the local day. A block ends on the day it began.
    """

    weekdays: tuple[int, ...]
    start: int
    minutes: int
    people: int = 1

    @property
    def end(self) -> int:
        return self.start + self.minutes


@dataclass(frozen=True, slots=True)
class Plan:
    """A week of blocks in one time zone. `minutes_per_reply` is used until it is measured.

    Version 0 is the handbook's plan, which stands until a workspace saves its own.
    """

    zone: str
    blocks: tuple[Block, ...]
    minutes_per_reply: float
    version: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """One block on one date; moments in UTC, half open."""

    start: datetime
    end: datetime
    people: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody looks from `start` to `end`."""

    start: datetime
    end: datetime
    over_night: bool

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Look:
    """A further look that would help: local time of day, on these days (Monday is 0)."""

    at: int
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that must happen within `seconds`, counted in the policy's hours.

    `names` are those of the promises with this length: first_response, next_response, public.
    `tiers` it holds for.
    """

    policy_id: UUID
    policy: str
    channel: str
    tiers: tuple[Tier, ...]
    names: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether the plan can keep a promise, and what would help. `asked_at` is the worst moment.

    `wait_seconds` is counted in the policy's hours and includes the time the answer takes;
    `wall_seconds` is the same wait by the clock on the wall. `looks` is empty when the promise is
    kept, and also when no reasonable number of further looks would keep it.
    """

    promise: Promise
    kept: bool
    wait_seconds: int
    wall_seconds: int
    short_by_seconds: int
    asked_at: datetime | None
    looks: tuple[Look, ...]
    words: Words


@dataclass(frozen=True, slots=True)
class Handling:
    """How long one reply takes. `measured` counts the pairs of replies it was seen in; 0: assumed.

    `spread` is the standard deviation of its logarithm.
    """

    minutes: float
    spread: float
    measured: int


@dataclass(frozen=True, slots=True)
class Workload:
    """Hours a week that answering takes and that are planned, in hours of one person."""

    arrivals: int
    days: float
    needed_hours: float
    planned_hours: float
    words: Words


@dataclass(frozen=True, slots=True)
class Feasibility:
    """`day_gap` and `night_gap` are the longest ones of each kind in the weeks looked at."""

    as_of: datetime
    plan: Plan
    day_gap: Gap | None
    night_gap: Gap | None
    findings: tuple[Finding, ...]
    handling: Handling
    workload: Workload


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are owed the same: where they come in, how pressing, how many there were."""

    channel: str
    source_id: UUID
    tier: Tier
    category: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that waits now."""

    asked_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a forecast is made of: everything read at one moment.

    `hourly` counts questions worth a reply by the full hour (UTC) they came in, from `since` on.
    """

    as_of: datetime
    since: datetime
    plan: Plan
    hourly: Mapping[datetime, int]
    groups: Sequence[Group]
    handling: Handling
    waiting: Sequence[Waiting]
    policies: Sequence[Policy]
    hours: Mapping[UUID, Hours] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is expected, and between which two values four out of five cases lie."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """One stretch ahead. `attainment` is None when no promise is likely to be decided in it."""

    start: datetime
    end: datetime
    arrivals: Estimate
    attainment: Estimate | None


@dataclass(frozen=True, slots=True)
class Advice:
    """How many people in every block reach the goal; `people` is None when no number does.

    `best` is what the blocks could reach if nobody ever had to queue.
    """

    goal: float
    people: int | None
    best: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is likely to come, and how much of it is likely to be answered in time."""

    as_of: datetime
    history_days: float
    handling: Handling
    waiting: int
    next_shift: Outlook | None
    ahead: Outlook
    days: tuple[Outlook, ...]
    hour_of_week: tuple[float, ...]
    advice: Advice
    words: Words
