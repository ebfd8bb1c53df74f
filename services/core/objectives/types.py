"""The nouns of objectives: what share of promises to keep, how it went, and how fast it burns."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.conversations.types import Channel
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

# The objective is about answers; closing a case is another promise, told apart.
RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)


class By(StrEnum):
    """What attainment is split by. `member` is who gave the answer."""

    DAY = "day"
    TIER = "tier"
    MEMBER = "member"
    SOURCE = "source"
    CHANNEL = "channel"
    KIND = "kind"


class Verdict(StrEnum):
    MET = "met"
    MISSED = "missed"
    OPEN = "open"


class Pace(StrEnum):
    """How fast a budget burns: within hours, or within weeks."""

    FAST = "fast"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which promises are meant; an empty tuple is any, but for `kinds`: then the responses."""

    kinds: tuple[ClockKind, ...] = ()
    tiers: tuple[Tier, ...] = ()
    channels: tuple[Channel, ...] = ()
    source_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """Promises due in [start, end), on the days of a time zone (an IANA name)."""

    start: datetime
    end: datetime
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Share:
    """Kept and broken; `rate` is met / (met + missed), None when nothing is decided."""

    met: int
    missed: int
    open: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Times:
    """How long answers took, in seconds. Median and p90 are times that happened (nearest rank)."""

    count: int
    mean: float | None
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """Some promises: against the earlier of both due times, the tier's, and the public one.

    `wall` runs around the clock, `counted` in the time of each promise's calendar, without pauses.
    `histogram` has how many answers took up to 1, 4, 8, 24 hours, and more.
    """

    clock: Share
    target: Share
    promise: Share
    wall: Times
    counted: Times
    histogram: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Attainment:
    """`items` by their key; `total` and the split are of the responses, `resolution` is apart."""

    range: Range
    by: By
    as_of: datetime
    items: list[tuple[str, Cell]]
    total: Cell
    resolution: Cell


@dataclass(frozen=True, slots=True)
class Selection:
    """The promises behind one cell of a split; None restricts nothing."""

    by: By | None = None
    key: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Cases whose first answer took so long, and what their followers did next.

    `followed_up` of them asked something more, `reopened` were opened again after they were done.
    `next_sentiment` counts what those who wrote again felt.
    """

    name: str
    cases: int
    followed_up: int
    reopened: int
    next_sentiment: dict[str, int]


@dataclass(frozen=True, slots=True)
class Objective:
    """The share of promises to keep, in percent, over the last `window_days` days."""

    percent: Decimal = Decimal(90)
    window_days: int = 28
    scope: Scope = field(default_factory=Scope)
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Decided promises due in one window of time."""

    met: int
    missed: int

    @property
    def decided(self) -> int:
        return self.met + self.missed


@dataclass(frozen=True, slots=True)
class Budget:
    """How many misses the objective leaves room for.

    `allowed` is rounded down; `share_left` is None while nothing is decided, and below 0 when
    more was missed than allowed. `ends_at` is when the budget is gone if the last three days go
    on; None when they leave room.
    """

    counts: Counts
    rate: float | None
    allowed: int
    used: int
    left: int
    share_left: float | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Burning:
    """One pace as it is now: how many times faster than allowed, over its two windows."""

    pace: Pace
    long: Counts
    short: Counts
    long_rate: float | None
    short_rate: float | None
    threshold: float
    burns: bool


@dataclass(frozen=True, slots=True)
class Burn:
    """An episode of burning, with one alert; `ended_at` is None while it goes on."""

    id: UUID
    pace: Pace
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An objective with its budget and its burns."""

    objective: Objective
    saved: bool
    as_of: datetime
    budget: Budget
    burning: tuple[Burning, ...]
    burns: list[Burn]


# (due time, 0 for direct messages and 1 for the rest, id) of the last row of a page.
RiskPlace = tuple[datetime, int, UUID]
RowPlace = tuple[datetime, UUID]
View = dict[str, Any]
