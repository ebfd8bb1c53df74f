"""What holds for every promise, whatever the calendar, the pauses and the order of hearing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.calendars.timeline import ALWAYS, END, Timeline
from services.core.calendars.types import Hours, Span
from services.core.cases import rules as cases
from services.core.cases.types import Act, ActKind, Answer, Ask, CaseShape
from services.core.sla import planning, rules
from services.core.sla.types import (
    ClockKind,
    ClockPlan,
    ClockShape,
    EpisodeSpec,
    ExistingClock,
    Pause,
    PauseReason,
    Policy,
    Step,
)
from services.core.triage.types import Tier

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)  # a Friday; clocks change within the month
LATER = NOON + timedelta(days=40)
TICK = timedelta(microseconds=1)
PERCENTS = (50, 80, 100, 150, 200)
STEPS = tuple(Step(percent) for percent in PERCENTS)
POLICY = Policy(
    id=UUID(int=1),
    version=1,
    name="default",
    targets=rules.DEFAULT_TARGETS,
    response_steps=STEPS,
    resolution_steps=STEPS,
    resolve_on_reply=False,
    reopen_within_seconds=365 * 86400,
    is_default=True,
    promised={"comment": 4 * 3600},
)
FOLD = cases.FoldRules(
    resolve_on_reply=False, reopen_within=timedelta(days=365), pause_while_waiting=True
)

zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/London", "Pacific/Apia"])
tiers = st.sampled_from([Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE])
minutes = st.integers(0, 10 * 24 * 60)
moments = minutes.map(lambda count: NOON + timedelta(minutes=count))


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    """Around the clock, or a week of up to three spans a day with at least one day worked."""
    if draw(st.integers(0, 3)) == 0:
        return ALWAYS
    days = [draw(some_spans()) for _ in range(7)]
    days[draw(st.integers(0, 6))] = (Span(540, 1080),)
    return Timeline(ZoneInfo(draw(zones)), lambda day: days[day.weekday()])


@st.composite
def some_spans(draw: st.DrawFn) -> tuple[Span, ...]:
    borders = draw(st.lists(st.integers(0, 96), max_size=6, unique=True).map(sorted))
    borders = borders[: len(borders) // 2 * 2]
    return tuple(
        Span(start * 15, end * 15) for start, end in zip(borders[::2], borders[1::2], strict=True)
    )


@st.composite
def some_pauses(draw: st.DrawFn) -> tuple[Pause, ...]:
    """Up to four, in any order, that may overlap, and may begin before the question."""
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        start = NOON + timedelta(minutes=draw(st.integers(-3000, 6000)))
        length = timedelta(minutes=draw(st.integers(1, 4000)))
        pauses.append(Pause(start, start + length, draw(st.sampled_from(list(PauseReason)))))
    return tuple(pauses)


def episode(asks: Sequence[tuple[datetime, Tier]], pauses: tuple[Pause, ...] = ()) -> EpisodeSpec:
    started = min(at for at, _ in asks)
    return EpisodeSpec(ClockKind.FIRST_RESPONSE, 1, started, tuple(asks), pauses)


def shape(spec: EpisodeSpec, hours: Hours, now: datetime = NOON) -> ClockShape:
    return rules.shape_clock(spec, POLICY, now, channel="comment", hours=hours)


def counted(hours: Hours, start: datetime, end: datetime, pauses: tuple[Pause, ...]) -> timedelta:
    """Time that counts, told the slow way: each open span, minus each minute of a pause in it."""
    total = timedelta()
    for opens, closes in hours.spans(start, end):
        borders = sorted({opens, closes, *(_clip(pauses, opens, closes))})
        total += sum(
            (
                until - begin
                for begin, until in pairwise(borders)
                if not any(p.start <= begin and (p.until or END) >= until for p in pauses)
            ),
            timedelta(),
        )
    return total


def _clip(pauses: tuple[Pause, ...], start: datetime, end: datetime) -> list[datetime]:
    borders = [moment for pause in pauses for moment in (pause.start, pause.until or END)]
    return [min(max(moment, start), end) for moment in borders]


questions = st.lists(st.tuples(moments, tiers), min_size=1, max_size=3).map(
    lambda asks: sorted(asks, key=lambda ask: ask[0])
)


class TestDueTimes:
    @settings(max_examples=80)
    @given(some_hours(), moments, tiers, some_pauses())
    def test_due_and_elapsed_are_each_others_inverse(
        self, hours: Hours, start: datetime, tier: Tier, pauses: tuple[Pause, ...]
    ) -> None:
        clock = shape(episode([(start, tier)], pauses), hours)
        promised = timedelta(seconds=clock.budget_seconds)
        assert counted(hours, start, clock.due_at, pauses) == promised
        assert rules.count_from(start, clock.budget_seconds, pauses, hours, None) == clock.due_at

    @settings(max_examples=80)
    @given(some_hours(), questions, some_pauses())
    def test_the_budget_is_what_counts_up_to_the_due_time(
        self, hours: Hours, asks: list[tuple[datetime, Tier]], pauses: tuple[Pause, ...]
    ) -> None:
        clock = shape(episode(asks, pauses), hours)
        gone = counted(hours, clock.started_at, clock.due_at, pauses)
        assert gone == timedelta(seconds=clock.budget_seconds)

    @settings(max_examples=80)
    @given(some_hours(), moments, tiers, st.integers(0, 600), st.integers(1, 5000))
    def test_a_pause_moves_the_due_time_by_what_would_have_counted_in_it(
        self, hours: Hours, start: datetime, tier: Tier, after: int, length: int
    ) -> None:
        plain = shape(episode([(start, tier)]), hours)
        begins = start + timedelta(minutes=after)
        pause = Pause(begins, begins + timedelta(minutes=length))
        paused = shape(episode([(start, tier)], (pause,)), hours)
        moved = hours.between(plain.due_at, paused.due_at)
        stood = hours.between(begins, begins + timedelta(minutes=length))
        assert moved == (stood if begins < plain.due_at else timedelta())

    @settings(max_examples=50)
    @given(some_hours(), questions, some_pauses())
    def test_pauses_told_twice_count_once(
        self, hours: Hours, asks: list[tuple[datetime, Tier]], pauses: tuple[Pause, ...]
    ) -> None:
        once = shape(episode(asks, pauses), hours, LATER)
        assert shape(episode(asks, (*pauses, *pauses[::-1])), hours, LATER) == once

    @settings(max_examples=50)
    @given(some_hours(), questions, some_pauses())
    def test_another_question_never_moves_the_due_time_away(
        self, hours: Hours, asks: list[tuple[datetime, Tier]], pauses: tuple[Pause, ...]
    ) -> None:
        fewer = shape(episode(asks[:1], pauses), hours)
        assert shape(episode(asks, pauses), hours).due_at <= fewer.due_at


class TestSteps:
    @settings(max_examples=80)
    @given(some_hours(), questions, some_pauses())
    def test_each_step_lies_at_its_percent_of_what_counts(
        self, hours: Hours, asks: list[tuple[datetime, Tier]], pauses: tuple[Pause, ...]
    ) -> None:
        clock = shape(episode(asks, pauses), hours)
        budget = timedelta(seconds=clock.budget_seconds)
        placed = rules.place_steps(clock, pauses, STEPS, hours)
        for percent, at in placed.items():
            off = counted(hours, clock.started_at, at, pauses) - budget * percent / 100
            assert abs(off) <= TICK, percent

    @settings(max_examples=50)
    @given(some_hours(), questions, some_pauses())
    def test_steps_come_in_order_and_the_miss_at_the_due_time(
        self, hours: Hours, asks: list[tuple[datetime, Tier]], pauses: tuple[Pause, ...]
    ) -> None:
        clock = shape(episode(asks, pauses), hours)
        placed = rules.place_steps(clock, pauses, STEPS, hours)
        moments = [placed[percent] for percent in PERCENTS]
        assert moments == sorted(moments)
        assert hours.between(clock.due_at, placed[100]) == timedelta()
        assert hours.between(placed[100], clock.due_at) == timedelta()

    @settings(max_examples=50)
    @given(some_hours(), questions, some_pauses(), moments)
    def test_no_step_that_is_past_warns_and_one_at_most_says_the_miss(
        self,
        hours: Hours,
        asks: list[tuple[datetime, Tier]],
        pauses: tuple[Pause, ...],
        now: datetime,
    ) -> None:
        clock = shape(episode(asks, pauses), hours, now)
        planned = rules.plan_timers(clock, pauses, STEPS, now, hours=hours)
        overdue = [each for each in planned if each.fire_at <= now and each.state == "pending"]
        assert len(overdue) <= 1
        assert all(each.percent >= 100 for each in overdue)


asks = st.builds(
    lambda number, at, tier, gone: Ask(UUID(int=number), at, tier, gone),
    st.integers(1, 12),
    moments,
    tiers,
    st.none() | moments,
)
answers = st.builds(
    lambda number, at, resolves: Answer(UUID(int=number), at, resolves),
    st.integers(1, 12),
    moments,
    st.none() | st.booleans(),
)
acts = st.builds(
    lambda number, kind, at, until, tier: Act(UUID(int=number), kind, at, until, tier),
    st.integers(1, 12),
    st.sampled_from(list(ActKind)),
    moments,
    st.none() | moments,
    tiers,
)


def identity(item: Ask | Answer | Act) -> UUID:
    return item.id if isinstance(item, Act) else item.message_id


items = st.lists(asks | answers | acts, max_size=12, unique_by=identity)


def fold(heard: Sequence[Ask | Answer | Act]) -> list[CaseShape]:
    return cases.fold(
        [item for item in heard if isinstance(item, Ask)],
        [item for item in heard if isinstance(item, Answer)],
        [item for item in heard if isinstance(item, Act)],
        FOLD,
    )


def plan_of(number: int, case: CaseShape, standstills: tuple[Pause, ...]) -> ClockPlan:
    specs = tuple(
        EpisodeSpec(
            kind=each.kind,
            number=each.number,
            started_at=each.started_at,
            asks=tuple((ask.at, ask.tier) for ask in each.asks),
            pauses=(*each.pauses, *standstills),
            tier_override=each.tier_override,
            settled_at=each.settled_at,
            void_reason=each.void_reason,
            trigger_message_id=each.trigger_message_id,
            settling_message_id=each.settling_message_id,
        )
        for each in case.episodes
    )
    ids = UUID(int=number), UUID(int=98), "comment", UUID(int=99)
    return ClockPlan(*ids, POLICY, specs)


Named = tuple[int, ClockKind, int]  # the case, the kind, the episode


class Keeper:
    """Clocks kept as rows keep them: compared with what they should be, over and over."""

    def __init__(self, hours: Hours, standstills: tuple[Pause, ...]) -> None:
        self.hours = hours
        self.standstills = standstills
        self.rows: dict[Named, ExistingClock] = {}

    def hear(self, heard: Sequence[Ask | Answer | Act], now: datetime) -> None:
        plans = {
            number: plan_of(number, case, self.standstills)
            for number, case in enumerate(fold(heard), 1)
        }
        for number in {of for of, _, _ in self.rows} - plans.keys():
            # No message claims this case any more: it has no episodes left.
            ids = UUID(int=number), UUID(int=98), "comment", UUID(int=99)
            plans[number] = ClockPlan(*ids, POLICY, ())
        for number, plan in plans.items():
            self._compare(number, plan, now)

    def _compare(self, number: int, plan: ClockPlan, now: datetime) -> None:
        kept = [row for (of, _, _), row in self.rows.items() if of == number]
        work = planning.compare(
            [plan], {plan.case_id: kept}, lambda _id, _version: (self.hours, None), now
        )
        for change in (*work.added, *work.changed):
            self.rows[number, change.kind, change.episode] = ExistingClock(
                id=change.clock_id,
                kind=change.kind,
                episode=change.episode,
                generation=change.generation,
                shape=change.shape,
                policy_id=POLICY.id,
                policy_version=POLICY.version,
                corrections=change.corrections,
            )

    def shapes(self, heard: Sequence[Ask | Answer | Act]) -> dict[Named, ClockShape]:
        """What stands now: clocks that no episode claims any more were withdrawn."""
        claimed = {
            (number, each.kind, each.number)
            for number, case in enumerate(fold(heard), 1)
            for each in case.episodes
        }
        left = {row.shape.void_reason for key, row in self.rows.items() if key not in claimed}
        assert left <= {planning.WITHDRAWN}
        return {key: row.shape for key, row in self.rows.items() if key in claimed}


class TestAnyOrder:
    @settings(max_examples=50)
    @given(some_hours(), items, some_pauses(), st.randoms(use_true_random=False))
    def test_whatever_was_heard_first_the_clocks_end_the_same(
        self,
        hours: Hours,
        heard: list[Ask | Answer | Act],
        standstills: tuple[Pause, ...],
        shuffle: Random,
    ) -> None:
        shuffled = list(heard)
        shuffle.shuffle(shuffled)
        at_once, by_and_by = Keeper(hours, standstills), Keeper(hours, standstills)
        at_once.hear(heard, LATER)
        for count in range(1, len(shuffled) + 1):
            by_and_by.hear(shuffled[:count], LATER)
        assert by_and_by.shapes(heard) == at_once.shapes(heard)

    @settings(max_examples=50)
    @given(some_hours(), items)
    def test_what_is_heard_twice_counts_once(
        self, hours: Hours, heard: list[Ask | Answer | Act]
    ) -> None:
        keeper = Keeper(hours, ())
        keeper.hear(heard, LATER)
        before = dict(keeper.rows)
        keeper.hear(heard, LATER)
        assert keeper.rows == before

    @settings(max_examples=50)
    @given(some_hours(), items, moments, tiers)
    def test_a_tier_corrected_twice_is_corrected_once(
        self, hours: Hours, heard: list[Ask | Answer | Act], at: datetime, tier: Tier
    ) -> None:
        once = Act(UUID(int=100), ActKind.RETIER, at, None, tier)
        again = replace(once, id=UUID(int=101), at=at + timedelta(minutes=7))
        first, second = Keeper(hours, ()), Keeper(hours, ())
        between = [item for item in heard if not at <= moment_of(item) <= again.at]
        first.hear([*between, once], LATER)
        second.hear([*between, once, again], LATER)
        shapes = {key: row.shape for key, row in first.rows.items()}
        assert {key: row.shape for key, row in second.rows.items()} == shapes


def moment_of(item: Ask | Answer | Act) -> datetime:
    return item.at
