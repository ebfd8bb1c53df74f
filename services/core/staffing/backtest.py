"""How wrong forecasts were: each made from what came before its week, then held against the week.

The weeks are worked off by the same plan with the times replies really took, so both halves are
judged: how much was expected to come, and how much of it to be answered in time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from services.core.staffing import rules
from services.core.staffing.arrivals import Array
from services.core.staffing.forecast import MOST_WEEKS, due_of, forecast, stretch_of
from services.core.staffing.queueing import Question, work_off
from services.core.staffing.types import Estimate, Evidence, Group, Outlook, Waiting

WEEK = timedelta(days=7)
HISTORY_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the past. The count of its group is not looked at."""

    at: datetime
    group: Group


@dataclass(frozen=True, slots=True)
class Score:
    """`error` is the mean miss, `bias` the mean of what was told beyond what came.

    Of arrivals both are shares of what came, of attainment points of the share (0.02 is two in a
    hundred). `covered` says how often the truth lay in the interval that claims four of five.
    """

    error: float
    bias: float
    covered: float
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """Scores over all forecasts made."""

    forecasts: int
    week_arrivals: Score
    day_arrivals: Score
    week_attainment: Score
    day_attainment: Score


Told = tuple[Estimate, float]


@dataclass(slots=True)
class _Past:
    """What really happened; seconds count from `start`."""

    start: datetime
    asked: Array
    due: Array
    done: Array

    def between(self, outlook: Outlook) -> tuple[int, int, int]:
        """What came in it, was decided in it, and was kept of that."""
        low, high = ((at - self.start).total_seconds() for at in (outlook.start, outlook.end))
        ends = np.minimum(self.done, self.due)
        inside = (ends >= low) & (ends < high)
        came = np.count_nonzero((self.asked >= low) & (self.asked < high))
        kept = np.count_nonzero(inside & (self.done <= self.due))
        return int(came), int(np.count_nonzero(inside)), int(kept)


def backtest(
    rounds: Sequence[Sequence[Asked]],
    given: Evidence,
    *,
    weeks: int,
    first: int,
    replies: Iterator[float],
    seed: int,
    made_up: int = MOST_WEEKS,
) -> Report:
    """Forecast each week from the `first` on, of several histories that begin at `given.since`.

    `given` has the plan, the policies and the handling time that is believed; `replies` gives the
    seconds each reply really took.
    """
    week: tuple[list[Told], list[Told]] = ([], [])
    day: tuple[list[Told], list[Told]] = ([], [])
    for asked in rounds:
        past = _live_through(asked, given, weeks, replies)
        for number in range(first, weeks):
            evidence = _known_by(asked, past, given, given.since + number * WEEK)
            told = forecast(evidence, days=7, seed=seed, made_up=made_up)
            _hold(past, told.ahead, week)
            for outlook in told.days:
                _hold(past, outlook, day)
    return Report(
        forecasts=len(rounds) * (weeks - first),
        week_arrivals=_score(week[0], relative=True),
        day_arrivals=_score(day[0], relative=True),
        week_attainment=_score(week[1], relative=False),
        day_attainment=_score(day[1], relative=False),
    )


def _live_through(
    asked: Sequence[Asked], given: Evidence, weeks: int, replies: Iterator[float]
) -> _Past:
    start = given.since
    questions = [
        Question((one.at - start).total_seconds(), due_of(given, one.group, one.at))
        for one in asked
    ]
    planned = rules.shifts(given.plan, start, start + (weeks + 1) * WEEK)
    stretches = [stretch_of(each, start) for each in planned]
    done = work_off(questions, stretches, replies)
    times, due = np.array(questions).reshape(-1, 2).T
    return _Past(start, times, due, np.array(done))


def _known_by(asked: Sequence[Asked], past: _Past, given: Evidence, now: datetime) -> Evidence:
    """What the product would have known at that moment."""
    since = max(given.since, now - HISTORY_WEEKS * WEEK)
    known = [one for one in asked if since <= one.at < now]
    kinds = Counter(one.group for one in known)
    at = (now - past.start).total_seconds()
    still = np.flatnonzero((past.asked < at) & (past.done > at)).tolist()
    waiting = [
        Waiting(asked[place].at, past.start + timedelta(seconds=float(past.due[place])))
        for place in still
    ]
    return replace(
        given,
        as_of=now,
        since=since,
        hourly=Counter(one.at.replace(minute=0, second=0, microsecond=0) for one in known),
        groups=[replace(group, count=count) for group, count in kinds.items()],
        waiting=waiting,
    )


def _hold(past: _Past, outlook: Outlook, told: tuple[list[Told], list[Told]]) -> None:
    came, decided, kept = past.between(outlook)
    told[0].append((outlook.arrivals, float(came)))
    if outlook.attainment is not None and decided:
        told[1].append((outlook.attainment, kept / decided))


def _score(told: Sequence[Told], *, relative: bool) -> Score:
    if not told:
        return Score(0.0, 0.0, 0.0, 0)
    misses = np.array([estimate.expected - truth for estimate, truth in told])
    scale = float(np.mean([truth for _, truth in told])) if relative else 1.0
    covered = [estimate.low <= truth <= estimate.high for estimate, truth in told]
    return Score(
        error=float(np.abs(misses).mean()) / max(scale, 1e-9),
        bias=float(misses.mean()) / max(scale, 1e-9),
        covered=float(np.mean(covered)),
        count=len(told),
    )
