"""When people write: questions by hour of the week, smoothed, and how much a day may differ.

An hour of the week was seen eight times at most in eight weeks, so it is drawn towards what its
hour of the day and its day of the week say. Days differ more than chance alone makes them (a post
goes round, it rains): how much more is measured, and each simulated day draws its own factor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.core.staffing.types import Evidence

HOURS_OF_A_DAY = 24
DAYS_OF_A_WEEK = 7
HOURS_OF_A_WEEK = DAYS_OF_A_WEEK * HOURS_OF_A_DAY
HOUR = timedelta(hours=1)

# How many weeks the pattern of days and hours counts beside what was seen in the hour itself.
PATTERN_WEEKS = 4.0
# How many days of the average a day of the week begins with.
AVERAGE_DAYS = 4.0
# An hour of the day shares with the ones beside it.
KERNEL = (0.25, 0.5, 0.25)
# Days that differ more than this are floods, and floods are not forecast.
MOST_SPREAD = 4.0

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Questions expected in each hour of the local week (Monday 00:00 is 0).

    `day_spread` is the variance of a day's factor beyond chance, `level_spread` that of the whole
    level, which is known the less the shorter the history.
    """

    rates: Array
    day_spread: float
    level_spread: float
    days: float


def learn(evidence: Evidence) -> Pattern:
    """The pattern of all full hours of the history; zeros where there is none."""
    zone = ZoneInfo(evidence.plan.zone)
    counts, exposure = np.zeros(HOURS_OF_A_WEEK), np.zeros(HOURS_OF_A_WEEK)
    days: dict[object, list[tuple[int, int]]] = {}
    hour = _next_hour(evidence.since)
    while hour + HOUR <= evidence.as_of:
        place, count = hour_of_week(hour, zone), evidence.hourly.get(hour, 0)
        counts[place] += count
        exposure[place] += 1
        days.setdefault(hour.astimezone(zone).date(), []).append((place, count))
        hour += HOUR
    seen = float(exposure.sum())
    if not seen or not counts.sum():
        return Pattern(np.zeros(HOURS_OF_A_WEEK), 0.0, 0.0, seen / HOURS_OF_A_DAY)
    rates = _smooth(counts, exposure)
    spread = _spread(list(days.values()), rates)
    level = 1 / float(counts.sum()) + spread / max(len(days), 1)
    return Pattern(rates, spread, level, seen / HOURS_OF_A_DAY)


def hour_of_week(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.weekday() * HOURS_OF_A_DAY + local.hour


def _next_hour(moment: datetime) -> datetime:
    full = moment.replace(minute=0, second=0, microsecond=0)
    return full if full == moment else full + HOUR


def _smooth(counts: Array, exposure: Array) -> Array:
    by_day = counts.reshape(7, HOURS_OF_A_DAY), exposure.reshape(7, HOURS_OF_A_DAY)
    per_hour = by_day[0].sum(axis=0) / np.maximum(by_day[1].sum(axis=0), 1)
    before, here, after = KERNEL
    profile = before * np.roll(per_hour, 1) + here * per_hour + after * np.roll(per_hour, -1)
    # What a day of the week would have had, were all days alike, against what it had.
    alike = (by_day[1] * profile).sum(axis=1)
    usual = profile.sum() * AVERAGE_DAYS
    factors = (by_day[0].sum(axis=1) + usual) / (alike + usual)
    pattern = (factors[:, None] * profile[None, :]).reshape(-1)
    smoothed: Array = (counts + PATTERN_WEEKS * pattern) / (exposure + PATTERN_WEEKS)
    return smoothed


def _spread(days: list[list[tuple[int, int]]], rates: Array) -> float:
    """By moments: what the squared misses of days have beyond their means, per squared mean.

    The rates were learnt from the same days and lie closer to them than to days to come: as many
    days as there are levels of weekdays count for nothing.
    """
    free = len(days) / max(len(days) - DAYS_OF_A_WEEK, len(days) / 2)
    means = np.array([sum(float(rates[place]) for place, _ in day) for day in days])
    totals = np.array([float(sum(count for _, count in day)) for day in days])
    missed = free * (totals - means) ** 2 - means
    beyond = float(missed.sum() / max(float((means**2).sum()), 1e-9))
    return min(max(beyond, 0.0), MOST_SPREAD)
