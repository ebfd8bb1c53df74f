"""What is likely to come and to be kept: many made-up weeks, each worked off by the planned team.

Pure and repeatable: the same evidence and seed give the same forecast.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.sla.rules import choose_policy
from services.core.sla.types import Subject
from services.core.staffing import rules, wording
from services.core.staffing.arrivals import HOUR, Array, Pattern, hour_of_week, learn
from services.core.staffing.queueing import NEVER, Question, Stretch, unhindered, work_off
from services.core.staffing.types import Advice, Estimate, Evidence, Forecast, Group, Outlook, Shift

GOAL = 0.9  # PRODUCT C6: nine of ten within the promised time
MOST_PEOPLE = 64
# Four out of five made-up weeks lie between these two.
LOW, HIGH = 0.1, 0.9
# So many questions are worked off for one forecast, spread over as many weeks as that makes.
BUDGET = 200_000
FEWEST_WEEKS, MOST_WEEKS = 30, 200
# More questions than this in one made-up week are handled in bundles.
MOST_QUESTIONS = 6_000

Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a group of questions is owed: seconds, and the hours they are counted in."""

    seconds: int
    hours: Hours
    share: float


@dataclass(frozen=True, slots=True)
class Week:
    """One made-up stretch ahead: questions in order of asking, those waiting already first."""

    questions: list[Question]
    replies: list[float]


@dataclass(frozen=True, slots=True)
class Counts:
    """Of each made-up week, in one window: what came, what was decided, what of it was met."""

    arrived: Array
    decided: Array
    met: Array


def forecast(evidence: Evidence, *, days: int, seed: int, made_up: int = MOST_WEEKS) -> Forecast:
    """The outlook for the next block and the days ahead, and how many people the goal takes.

    A promise counts where it is decided: when it is answered, or when it falls due before. At most
    `made_up` weeks are made up, fewer where more comes in them.
    """
    now, plan = evidence.as_of, evidence.plan
    end = now + timedelta(days=days)
    pattern = learn(evidence)
    weeks, bundle = _make_weeks(evidence, pattern, days, seed=seed, most=made_up)
    planned = rules.shifts(plan, now, end + timedelta(days=8))
    stretches = [stretch_of(each, now) for each in planned]
    windows = _windows(planned[0].end if planned else None, now, end, plan.zone)
    counts = _count(weeks, stretches, windows, bundle)
    outlooks = [
        Outlook(now + timedelta(seconds=window[0]), now + timedelta(seconds=window[1]), *told)
        for window, told in zip(windows, (_tell(each) for each in counts), strict=True)
    ]
    shift = outlooks[1] if planned else None
    first_day = 2 if planned else 1
    advice = _advise(weeks, stretches, windows[0], bundle)
    words = wording.forecast(evidence.handling, outlooks[0], shift, advice, days=days)
    return Forecast(
        as_of=now,
        history_days=pattern.days,
        handling=evidence.handling,
        waiting=len(evidence.waiting),
        next_shift=shift,
        ahead=outlooks[0],
        days=tuple(outlooks[first_day:]),
        hour_of_week=tuple(float(rate) for rate in pattern.rates),
        advice=advice,
        words=words,
    )


def owed_by(evidence: Evidence, group: Group) -> tuple[int, UUID | None]:
    """Seconds in which such a question is due, and the calendar they are counted in.

    The earlier of the tier's target and the public promise, as a clock has it.
    """
    subject = Subject(group.channel, group.source_id, tier=group.tier, category=group.category)
    policy = choose_policy(evidence.policies, subject)
    seconds = policy.target(group.tier, group.channel).first_response
    promised = policy.promised.get(group.channel)
    return min(seconds, promised or seconds), policy.calendar_id


def due_of(evidence: Evidence, group: Group, asked: datetime) -> float:
    """When such a question is due, in seconds since the history began."""
    seconds, calendar = owed_by(evidence, group)
    hours = evidence.hours.get(calendar, ALWAYS) if calendar else ALWAYS
    return (hours.advance(asked, timedelta(seconds=seconds)) - evidence.since).total_seconds()


def stretch_of(shift: Shift, now: datetime) -> Stretch:
    """A block in seconds from now; one under way begins at once."""
    start, end = ((at - now).total_seconds() for at in (shift.start, shift.end))
    return Stretch(max(start, 0.0), end, shift.people)


def _make_weeks(
    evidence: Evidence, pattern: Pattern, days: int, *, seed: int, most: int
) -> tuple[list[Week], int]:
    """Made-up stretches of so many days, and how many questions each of theirs stands for."""
    owed = _owed(evidence)
    hours = _hours_ahead(evidence, days)
    expected = float(sum(pattern.rates[place] * part for _, part, place, _ in hours))
    bundle = max(1, math.ceil((expected + len(evidence.waiting)) / MOST_QUESTIONS))
    size = (expected + len(evidence.waiting)) / bundle
    count = round(min(max(BUDGET / max(size, 1.0), FEWEST_WEEKS), most))
    rng = np.random.default_rng(seed)
    weeks = [
        _make_week(evidence, pattern, owed, hours, bundle=bundle, rng=rng) for _ in range(count)
    ]
    return weeks, bundle


def _make_week(
    evidence: Evidence,
    pattern: Pattern,
    owed: Sequence[Owed],
    hours: Sequence[tuple[float, float, int, int]],
    *,
    bundle: int,
    rng: np.random.Generator,
) -> Week:
    level = _factors(rng, pattern.level_spread, 1)[0]
    of_days = _factors(rng, pattern.day_spread, hours[-1][3] + 1 if hours else 1)
    asked: list[float] = []
    for offset, part, place, day in hours:
        mean = pattern.rates[place] * part * level * of_days[day] / bundle
        came = rng.poisson(mean) if mean > 0 else 0
        asked += (offset + rng.random(came) * part * 3600).tolist()
    asked.sort()
    kinds = rng.choice(len(owed), size=len(asked), p=[each.share for each in owed]) if owed else ()
    questions = _old(evidence, bundle)
    questions += [
        Question(at, _due(at, owed[kind], evidence.as_of))
        for at, kind in zip(asked, kinds, strict=True)
    ]
    took = rng.lognormal(
        math.log(evidence.handling.minutes * 60 * bundle), evidence.handling.spread, len(questions)
    )
    return Week(questions, took.tolist())


def _factors(rng: np.random.Generator, spread: float, count: int) -> Array:
    """Factors around 1 with this variance."""
    if spread <= 0:
        return np.ones(count)
    return rng.gamma(1 / spread, spread, count)


def _old(evidence: Evidence, bundle: int) -> list[Question]:
    now = evidence.as_of
    waiting = sorted(evidence.waiting, key=lambda each: each.due_at)[::bundle]
    return [Question(-1.0, (each.due_at - now).total_seconds()) for each in waiting]


def _owed(evidence: Evidence) -> list[Owed]:
    total = sum(group.count for group in evidence.groups)
    shares: dict[tuple[int, UUID | None], float] = {}
    for group in evidence.groups:
        key = owed_by(evidence, group)
        shares[key] = shares.get(key, 0.0) + group.count / total
    return [
        Owed(seconds, evidence.hours.get(calendar, ALWAYS) if calendar else ALWAYS, share)
        for (seconds, calendar), share in shares.items()
    ]


def _due(at: float, owed: Owed, now: datetime) -> float:
    if owed.hours is ALWAYS:
        return at + owed.seconds
    asked = now + timedelta(seconds=at)
    return (owed.hours.advance(asked, timedelta(seconds=owed.seconds)) - now).total_seconds()


def _hours_ahead(evidence: Evidence, days: int) -> list[tuple[float, float, int, int]]:
    """Offset in seconds, part of an hour, hour of the week and number of the day, of each hour."""
    now, zone = evidence.as_of, ZoneInfo(evidence.plan.zone)
    end, first = now + timedelta(days=days), now.astimezone(zone).date()
    found, at = [], now
    while at < end:
        full = at.replace(minute=0, second=0, microsecond=0) + HOUR
        until = min(full, end)
        day = (at.astimezone(zone).date() - first).days
        found.append(((at - now).total_seconds(), (until - at) / HOUR, hour_of_week(at, zone), day))
        at = until
    return found


def _windows(shift_end: datetime | None, now: datetime, end: datetime, zone: str) -> list[Window]:
    """All of the stretch, the time to the end of the next block, then each local day."""
    windows = [(0.0, (end - now).total_seconds())]
    if shift_end is not None:
        windows.append((0.0, (shift_end - now).total_seconds()))
    at = now
    while at < end:
        midnight = at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        until = min((midnight + timedelta(days=1)).astimezone(now.tzinfo), end)
        windows.append(((at - now).total_seconds(), (until - now).total_seconds()))
        at = until
    return windows


def _count(
    weeks: Sequence[Week],
    stretches: Sequence[Stretch],
    windows: Sequence[Window],
    bundle: int,
    *,
    unbounded: bool = False,
) -> list[Counts]:
    shape = (len(windows), len(weeks))
    arrived, decided, met = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    work = unhindered if unbounded else work_off
    for column, week in enumerate(weeks):
        done = np.array(work(week.questions, stretches, _endless(week.replies)))
        asked, due = np.array(week.questions).reshape(-1, 2).T
        ends = np.minimum(done, due)
        for row, (start, end) in enumerate(windows):
            inside = (ends >= start) & (ends < end)
            arrived[row, column] = bundle * np.count_nonzero((asked >= start) & (asked < end))
            decided[row, column] = np.count_nonzero(inside)
            met[row, column] = np.count_nonzero(inside & (done <= due) & (done < NEVER))
    return [Counts(*rows) for rows in zip(arrived, decided, met, strict=True)]


def _endless(replies: Sequence[float]) -> Iterator[float]:
    return chain(replies, repeat(60.0))


def _tell(counts: Counts) -> tuple[Estimate, Estimate | None]:
    arrivals = _estimate(counts.arrived, float(counts.arrived.mean()))
    some = counts.decided > 0
    if not some.any():
        return arrivals, None
    shares = counts.met[some] / counts.decided[some]
    return arrivals, _estimate(shares, float(counts.met.sum() / counts.decided.sum()))


def _estimate(values: Array, expected: float) -> Estimate:
    low, high = np.quantile(values, (LOW, HIGH))
    # The mean of a lopsided lot may lie outside; the interval shown always holds it.
    return Estimate(expected, min(float(low), expected), max(float(high), expected))


def _advise(
    weeks: Sequence[Week], stretches: Sequence[Stretch], window: Window, bundle: int
) -> Advice:
    """The fewest people in every block whose expected share reaches the goal."""
    some = weeks[: max(len(weeks) // 4, 10)]

    def attained(people: int | None) -> float:
        staffed = [each._replace(people=people or each.people) for each in stretches]
        (counts,) = _count(some, staffed, [window], bundle, unbounded=people is None)
        decided = float(counts.decided.sum())
        return float(counts.met.sum()) / decided if decided else 1.0

    best = attained(None)
    if best < GOAL:
        return Advice(GOAL, None, best)
    low, high = 0, 1
    while attained(high) < GOAL:
        if high >= MOST_PEOPLE:
            return Advice(GOAL, None, best)
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if attained(middle) >= GOAL else (middle, high)
    return Advice(GOAL, high, best)
