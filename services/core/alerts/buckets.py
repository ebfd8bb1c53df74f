"""Decide how fast a channel may be sent to, how many alerts fit one digest, and who gets any."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.core.alerts.limits import ChannelLimits, limits_of
from services.core.alerts.types import ChannelKind

# The house's own ends: as many on their way at a time as anybody's, and a program reads them.
OWN: Final = frozenset(
    {ChannelKind.WEBHOOK.value, ChannelKind.CONSOLE.value, ChannelKind.ALERTMANAGER.value}
)
# Each alert is somebody's incident, or a program's input: together only where it is asked for.
ALONE: Final = OWN | {ChannelKind.PAGERDUTY.value}
# Each message opens an incident, which something must close: also that of a digest.
INCIDENTS: Final = frozenset({ChannelKind.PAGERDUTY.value})
# In a storm what is not urgent waits so long for others to go with.
GATHERING: Final = timedelta(seconds=10)
# A workspace with so many alerts in this time has a storm; each says for itself how many that are.
STORM_WINDOW: Final = timedelta(minutes=1)
# What one alert takes in a digest, its id, tier, sentence and link, and what is said around them.
BYTES_AN_ALERT: Final = 160
BYTES_AROUND: Final = 1_024
MOST_ALERTS: Final = 400
# Where digests were asked for and nobody says how long they may be.
USUAL_ROWS: Final = 100
# Of this many tokens one is kept back for urgent alerts.
ONE_KEPT_OF: Final = 4


@dataclass(frozen=True, slots=True)
class Bucket:
    """The law of one kind: `capacity` at once after a rest, `refill` a second from then on.

    A quarter of the capacity is for urgent alerts alone. `digest_rows` alerts fit one message, 0
    where each goes alone. `width` are on their way at once, or as many as to anybody.
    """

    kind: str
    capacity: int
    refill: float
    digest_rows: int
    width: int | None


def bucket_of(kind: str) -> Bucket:
    """Raises KeyError for a kind there is not."""
    limits = limits_of(kind)
    return Bucket(
        kind,
        limits.burst,
        _refill(limits),
        0 if kind in ALONE else rows_in(limits.body_bytes),
        None if kind in OWN else limits.concurrency,
    )


def buckets_of(kinds: Iterable[str]) -> list[Bucket]:
    return [bucket_of(kind) for kind in kinds]


def rows_in(body_bytes: int) -> int:
    """How many alerts a digest of so many bytes can name."""
    return min(MOST_ALERTS, max(1, (body_bytes - BYTES_AROUND) // BYTES_AN_ALERT))


def _refill(limits: ChannelLimits) -> float:
    """So slow that a full bucket and a minute's refill together stay within the minute's limit."""
    steady = max(limits.per_minute - limits.burst, limits.per_minute / 2) / 60
    return min(limits.per_second, steady)
