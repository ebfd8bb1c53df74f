"""Decide what counts: shares, times, how fast an error budget burns, and when that is alarming.

The windows are those of the multi-window burn-rate method of Google's SRE workbook ("Alerting on
SLOs"): a burn must show over a long window, so that it matters, and over a short one, so that it
still goes on. There the fast pair is 1 h and 5 min, made for requests by the thousand; promises are
few and due in hours, so both pairs are longer here and keep the method's 1 : 12.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from services.core.kit.zones import find_zone
from services.core.objectives.errors import RangeError, UnknownTimeZoneError
from services.core.objectives.types import (
    Budget,
    Burning,
    Counts,
    Objective,
    Pace,
    Range,
    Share,
    Times,
)

HOUR: Final = timedelta(hours=1)
LONGEST_RANGE: Final = timedelta(days=400)
DEFAULT_RANGE: Final = timedelta(days=28)
PACE_WINDOW: Final = timedelta(days=3)
# Fewer misses than this are no trend, whatever share of a quiet night they make.
LEAST_MISSED: Final = 3
# With a modest objective nothing can burn six times as fast as allowed: then this share missed
# is alarm enough.
MOST_MISSED: Final = Fraction(8, 10)


@dataclass(frozen=True, slots=True)
class Windows:
    """A burn is one that goes `times` faster than allowed over both windows."""

    long: timedelta
    short: timedelta
    times: int


# With 28 days, 6 h at six times the pace are 5 % of the budget, 3 days at the pace 11 %.
WINDOWS: Final = {
    Pace.FAST: Windows(6 * HOUR, HOUR / 2, 6),
    Pace.SLOW: Windows(PACE_WINDOW, 6 * HOUR, 1),
}
# A burn that comes back sooner than this after it ended alarms nobody a second time at once.
COOL_DOWN: Final = {Pace.FAST: HOUR, Pace.SLOW: 6 * HOUR}


def read_range(
    start: datetime | date | None, end: datetime | date | None, zone: str, now: datetime
) -> Range:
    """Promises due in [start, end): the last 28 days when nothing is said.

    A date is its midnight in the zone. Raises UnknownTimeZoneError, RangeError.
    """
    place = find_zone(zone)
    if place is None:
        raise UnknownTimeZoneError
    until = now if end is None else _moment(end, place)
    since = until - DEFAULT_RANGE if start is None else _moment(start, place)
    if not timedelta() < until - since <= LONGEST_RANGE:
        raise RangeError(LONGEST_RANGE.days)
    return Range(since, until, zone)


def share(met: int, missed: int, still_open: int) -> Share:
    decided = met + missed
    return Share(met, missed, still_open, met / decided if decided else None)


def times(count: int, total: Decimal | None, median: Decimal | None, p90: Decimal | None) -> Times:
    """Seconds, to the millisecond."""
    mean = total / count if total is not None and count else None
    return Times(count, _rounded(mean), _rounded(median), _rounded(p90))


def budget(objective: Objective, counts: Counts, recent: Counts, now: datetime) -> Budget:
    """What the objective leaves room for; `recent` are the last three days."""
    room = allowance(objective) * counts.decided
    allowed = int(room)
    left = allowed - counts.missed
    return Budget(
        counts=counts,
        rate=counts.met / counts.decided if counts.decided else None,
        allowed=allowed,
        used=counts.missed,
        left=left,
        share_left=float(1 - counts.missed / room) if room else None,
        ends_at=_ends_at(objective, left, recent, now),
    )


def burning(objective: Objective, pace: Pace, long: Counts, short: Counts) -> Burning:
    """Whether misses come faster than the pace's threshold, over both of its windows."""
    allowed = allowance(objective)
    threshold = min(Fraction(WINDOWS[pace].times), MOST_MISSED / allowed)
    rates = [
        Fraction(each.missed, each.decided) / allowed if each.decided else None
        for each in (long, short)
    ]
    too_fast = all(rate is not None and rate > threshold for rate in rates)
    return Burning(
        pace=pace,
        long=long,
        short=short,
        long_rate=_times(rates[0]),
        short_rate=_times(rates[1]),
        threshold=float(threshold),
        burns=too_fast and long.missed >= LEAST_MISSED,
    )


def may_begin(pace: Pace, last_ended_at: datetime | None, now: datetime) -> bool:
    """False while the last episode of this pace is too fresh for another alarm."""
    return last_ended_at is None or now - last_ended_at >= COOL_DOWN[pace]


def allowance(objective: Objective) -> Fraction:
    """The share that may be missed; above 0, since no objective is 100 %."""
    return 1 - Fraction(objective.percent) / 100


def _ends_at(objective: Objective, left: int, recent: Counts, now: datetime) -> datetime | None:
    """When nothing is left, if misses go on coming as in the last three days.

    What they take beyond what the answers of these days allow is taken from what is left.
    """
    if left < 0:
        return now
    excess = recent.missed - allowance(objective) * recent.decided
    if excess <= 0:
        return None
    return now + PACE_WINDOW * float(left / excess)


def _moment(said: datetime | date, zone: ZoneInfo) -> datetime:
    if isinstance(said, datetime):
        return said
    return datetime.combine(said, time.min, zone).astimezone(UTC)


def _rounded(seconds: Decimal | None) -> float | None:
    return None if seconds is None else float(round(seconds, 3))


def _times(rate: Fraction | None) -> float | None:
    return None if rate is None else round(float(rate), 2)
