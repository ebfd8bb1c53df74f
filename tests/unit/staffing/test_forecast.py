"""What is likely, against worlds whose truth is known."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from services.core.calendars.timeline import Timeline
from services.core.calendars.types import Span
from services.core.sla.rules import DEFAULT_DRAFT, DEFAULT_TARGETS
from services.core.sla.types import Policy
from services.core.staffing import arrivals, rules
from services.core.staffing.backtest import WEEK, Asked, backtest
from services.core.staffing.forecast import forecast
from services.core.staffing.types import Block, Evidence, Group, Handling, Plan, Waiting
from services.core.triage.types import Tier

START = datetime(2026, 9, 6, 16, tzinfo=UTC)  # a Monday, 00:00 in Shanghai
SOURCE = UUID(int=7)
GROUPS = (
    Group("comment", SOURCE, Tier.URGENT, None, 1),
    Group("comment", SOURCE, Tier.IMPORTANT, None, 1),
    Group("dm", SOURCE, Tier.ROUTINE, None, 1),
)
POLICY = Policy(
    UUID(int=1),
    1,
    "default",
    DEFAULT_TARGETS,
    (),
    (),
    resolve_on_reply=True,
    reopen_within_seconds=0,
    promised=DEFAULT_DRAFT.promised,
    is_default=True,
)
ALWAYS_THERE = Plan("Asia/Shanghai", (Block(rules.EVERY_DAY, 0, 24 * 60),), 3.0)


def busy(hour: int) -> float:
    """The known truth: a busy evening, quiet nights, and Saturdays half as busy."""
    day, of_day = divmod(hour % 168, 24)
    rate = 0.2 if of_day < 8 else 1.0 if of_day < 18 else 3.0
    return rate * (0.5 if day == 5 else 1.0)


def world(seed: int, weeks: int, *, spread: float = 0.1) -> list[Asked]:
    rng = np.random.default_rng(seed)
    asked = []
    for hour in range(168 * weeks):
        if hour % 24 == 0:
            factor = rng.gamma(1 / spread, spread)
        for _ in range(rng.poisson(busy(hour) * factor)):
            at = START + timedelta(hours=hour + rng.random())
            asked.append(Asked(at, GROUPS[rng.integers(len(GROUPS))]))
    return sorted(asked, key=lambda one: one.at)


def evidence(asked: list[Asked], weeks: int, plan: Plan = rules.DEFAULT_PLAN) -> Evidence:
    hourly = Counter(one.at.replace(minute=0, second=0, microsecond=0) for one in asked)
    now = START + weeks * WEEK
    return Evidence(now, START, plan, hourly, GROUPS, Handling(3.0, 0.5, 40), (), (POLICY,))


def replies(seed: int) -> Iterator[float]:
    rng = np.random.default_rng(seed)
    while True:
        yield from rng.lognormal(np.log(180.0), 0.5, 1000).tolist()


def test_the_pattern_of_the_week_is_learnt() -> None:
    pattern = arrivals.learn(evidence(world(1, 8), 8))
    truth = np.array([busy(hour) for hour in range(168)])
    assert pattern.rates.sum() == pytest.approx(truth.sum(), rel=0.1)
    assert np.corrcoef(pattern.rates, truth)[0, 1] > 0.95
    saturday, friday = (pattern.rates[day * 24 : day * 24 + 24].sum() for day in (5, 4))
    assert 0.4 < saturday / friday < 0.75
    assert 0.03 < pattern.day_spread < 0.3


def test_how_much_days_differ_is_not_told_smaller_after_few_weeks() -> None:
    patterns = [arrivals.learn(evidence(world(seed, 4), 4)) for seed in range(60)]
    assert np.mean([pattern.day_spread for pattern in patterns]) == pytest.approx(0.1, rel=0.13)


def test_the_same_evidence_and_seed_give_the_same_forecast() -> None:
    known = evidence(world(2, 8), 8)
    assert forecast(known, days=7, seed=5, made_up=40) == forecast(
        known, days=7, seed=5, made_up=40
    )
    assert forecast(known, days=7, seed=6, made_up=40) != forecast(
        known, days=7, seed=5, made_up=40
    )


def test_who_is_always_there_keeps_nearly_everything() -> None:
    told = forecast(evidence(world(3, 8), 8, ALWAYS_THERE), days=7, seed=1, made_up=40)
    assert told.ahead.attainment is not None
    assert told.ahead.attainment.low > 0.97
    assert told.advice.people == 1


def test_gaps_that_break_promises_are_not_mended_by_people() -> None:
    told = forecast(evidence(world(4, 8), 8), days=7, seed=1, made_up=40)
    assert told.advice.people is None
    assert told.advice.best < 0.9
    assert "add blocks, not people" in told.words["en"]


def test_where_people_queue_more_of_them_are_asked_for() -> None:
    slow = replace(evidence(world(5, 8), 8, ALWAYS_THERE), handling=Handling(90.0, 0.3, 40))
    told = forecast(slow, days=7, seed=1, made_up=40)
    assert told.ahead.attainment is not None
    assert told.ahead.attainment.expected < 0.5
    assert told.advice.people is not None
    assert 2 <= told.advice.people <= 8
    assert f"{told.advice.people} in every block" in told.words["en"]


def test_who_waits_already_is_answered_too_and_what_is_overdue_is_decided() -> None:
    known = evidence([], 8)
    now = known.as_of
    waiting = [
        Waiting(now - timedelta(hours=1), now + timedelta(hours=30)),
        Waiting(now - timedelta(hours=30), now - timedelta(hours=1)),
    ]
    told = forecast(replace(known, waiting=waiting), days=2, seed=1, made_up=40)
    assert (told.waiting, told.ahead.arrivals.expected) == (2, 0.0)
    assert told.ahead.attainment is not None
    assert told.ahead.attainment.expected == 1.0


def test_nothing_known_promises_nothing() -> None:
    told = forecast(replace(evidence([], 8), groups=()), days=7, seed=1, made_up=40)
    assert told.ahead.attainment is None
    assert told.ahead.arrivals.high == 0.0


def test_hours_that_do_not_count_make_a_promise_easier_to_keep() -> None:
    known = evidence(world(6, 8), 8)
    office = Timeline(ZoneInfo("Asia/Shanghai"), lambda _: (Span(9 * 60, 18 * 60),))
    calendar = UUID(int=3)
    counted = replace(
        known, policies=(replace(POLICY, calendar_id=calendar),), hours={calendar: office}
    )
    around, within = (forecast(each, days=7, seed=1, made_up=40).ahead for each in (known, counted))
    assert around.attainment is not None
    assert within.attainment is not None
    assert within.attainment.expected > around.attainment.expected + 0.2


def test_a_large_brand_is_handled_in_bundles() -> None:
    hourly = {START + timedelta(hours=hour): 400 for hour in range(168 * 2)}
    known = replace(evidence([], 2), hourly=hourly)
    told = forecast(known, days=7, seed=1, made_up=40)
    assert told.ahead.arrivals.expected == pytest.approx(400 * 168, rel=0.05)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rounds = [world(seed, 10) for seed in range(20, 24)]
    report = backtest(
        rounds, evidence([], 0), weeks=10, first=6, replies=replies(1), seed=1, made_up=40
    )
    assert report.forecasts == 16
    assert report.day_arrivals.count == 16 * 7
    # Four of five are claimed; of 112 days, chance alone moves that by a tenth.
    assert 0.65 <= report.day_arrivals.covered <= 0.95
    assert 0.6 <= report.day_attainment.covered <= 0.98
    assert abs(report.week_arrivals.bias) < 0.1
    assert report.week_arrivals.error < 0.2
    assert report.week_attainment.error < 0.08
    assert abs(report.week_attainment.bias) < 0.05
