"""How late the product itself is: from when somebody was to be told to when they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.alerts.types import ChannelKind
from services.core.triage.types import Tier

# What the house promises of itself: so many percent of urgent alerts out within so many seconds.
USUAL_PERCENT: Final = 99.0
USUAL_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Lateness:
    """What one channel was sent of one tier; seconds are from due to sent.

    `in_time` are those within the objective. `overdue` have waited longer than that already.
    """

    channel_id: UUID
    channel_name: str
    channel_kind: ChannelKind
    tier: Tier
    sent: int
    p50_seconds: float | None
    p99_seconds: float | None
    in_time: int
    overdue: int


@dataclass(frozen=True, slots=True)
class LatenessReport:
    """`rate` is the share of urgent alerts out in time; None when there was none, and then met."""

    since: datetime
    until: datetime
    percent: float
    seconds: int
    rate: float | None
    met: bool
    rows: tuple[Lateness, ...]


def judge_lateness(rows: Sequence[Lateness], percent: float) -> tuple[float | None, bool]:
    """The share of urgent alerts in time, and whether it is enough; what is overdue counts."""
    urgent = [row for row in rows if row.tier is Tier.URGENT]
    total = sum(row.sent + row.overdue for row in urgent)
    if total == 0:
        return None, True
    rate = sum(row.in_time for row in urgent) / total
    return rate, rate * 100 >= percent
