"""Promises: due times, outcomes, and the moments on a clock."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.sla import rules
from services.core.sla.types import (
    ClockKind,
    ClockShape,
    ClockState,
    EpisodeSpec,
    Policy,
    PolicyMatch,
    Target,
    TimerState,
)
from services.core.triage.types import Tier

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = Policy(
    id=UUID(int=1),
    version=1,
    name="default",
    targets=rules.DEFAULT_TARGETS,
    response_steps=(50, 80, 100, 150, 200),
    resolution_steps=(100,),
    resolve_on_reply=True,
    reopen_within_seconds=3600,
    is_default=True,
)


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


def episode(
    *asks: tuple[datetime, Tier],
    kind: ClockKind = ClockKind.FIRST_RESPONSE,
    pauses: tuple[tuple[datetime, datetime], ...] = (),
    override: Tier | None = None,
    settled: datetime | None = None,
    void: str | None = None,
) -> EpisodeSpec:
    questions = asks or ((NOON, Tier.URGENT),)
    return EpisodeSpec(
        kind=kind,
        number=1,
        started_at=questions[0][0],
        asks=questions,
        pauses=pauses,
        tier_override=override,
        settled_at=settled,
        void_reason=void,
    )


def shape(spec: EpisodeSpec, now: datetime = NOON) -> ClockShape:
    return rules.shape_clock(spec, POLICY, now)


class TestDueTimes:
    @pytest.mark.parametrize(
        ("tier", "kind", "due"),
        [
            (Tier.URGENT, ClockKind.FIRST_RESPONSE, 2),
            (Tier.URGENT, ClockKind.NEXT_RESPONSE, 2),
            (Tier.IMPORTANT, ClockKind.FIRST_RESPONSE, 12),
            (Tier.ROUTINE, ClockKind.FIRST_RESPONSE, 24),
            (Tier.URGENT, ClockKind.RESOLUTION, 24),
            (Tier.IMPORTANT, ClockKind.RESOLUTION, 48),
            (Tier.ROUTINE, ClockKind.RESOLUTION, 72),
            (Tier.SPAM, ClockKind.FIRST_RESPONSE, 24),
        ],
    )
    def test_each_tier_has_its_promise(self, tier: Tier, kind: ClockKind, due: float) -> None:
        assert shape(episode((NOON, tier), kind=kind)).due_at == hours(due)

    def test_a_routine_promise_has_a_limit_beyond_its_target(self) -> None:
        assert shape(episode((NOON, Tier.ROUTINE))).limit_at == hours(48)
        assert shape(episode((NOON, Tier.URGENT))).limit_at is None
        resolution = episode((NOON, Tier.ROUTINE), kind=ClockKind.RESOLUTION)
        assert shape(resolution).limit_at is None

    def test_the_clock_is_due_with_the_earliest_of_its_questions(self) -> None:
        spec = episode((NOON, Tier.ROUTINE), (hours(3), Tier.URGENT))
        assert shape(spec).due_at == hours(5)
        assert shape(spec).tier is Tier.URGENT

    def test_a_later_question_never_moves_the_due_time_back(self) -> None:
        spec = episode((NOON, Tier.URGENT), (hours(1), Tier.URGENT))
        assert shape(spec).due_at == hours(2)

    def test_a_corrected_tier_counts_from_the_same_start(self) -> None:
        spec = episode((NOON, Tier.ROUTINE), override=Tier.URGENT)
        assert (shape(spec).due_at, shape(spec).tier) == (hours(2), Tier.URGENT)

    def test_a_pause_moves_the_due_time_by_its_length(self) -> None:
        clock = shape(episode(pauses=((hours(1), hours(4)),)), hours(5))
        assert (clock.due_at, clock.paused_seconds) == (hours(5), 3 * 3600)
        assert clock.budget_seconds == 2 * 3600

    def test_a_pause_after_the_due_time_moves_nothing(self) -> None:
        assert shape(episode(pauses=((hours(3), hours(4)),)), hours(5)).due_at == hours(2)

    def test_a_pause_after_the_answer_moves_nothing(self) -> None:
        spec = episode(pauses=((hours(1), hours(4)),), settled=hours(0.5))
        assert shape(spec, hours(6)).due_at == hours(2)


class TestOutcomes:
    @pytest.mark.parametrize(
        ("settled", "now", "state"),
        [
            (None, hours(1.99), ClockState.RUNNING),
            (None, hours(2), ClockState.MISSED),
            (hours(2), hours(9), ClockState.MET),
            (hours(2.0001), hours(9), ClockState.MISSED),
        ],
    )
    def test_the_outcome_is_decided_by_when_things_happened(
        self, settled: datetime | None, now: datetime, state: ClockState
    ) -> None:
        assert shape(episode(settled=settled), now).state is state

    def test_met_and_missed_carry_their_moments(self) -> None:
        met = shape(episode(settled=hours(1)), hours(9))
        assert (met.met_at, met.missed_at, met.settled_at) == (hours(1), None, hours(1))
        late = shape(episode(settled=hours(3)), hours(9))
        assert (late.met_at, late.missed_at, late.settled_at) == (None, hours(2), hours(3))

    def test_a_paused_clock_is_not_missed(self) -> None:
        clock = shape(episode(pauses=((hours(1), hours(4)),)), hours(2.5))
        assert (clock.state, clock.paused_until) == (ClockState.PAUSED, hours(4))

    def test_a_clock_runs_on_after_its_pause(self) -> None:
        clock = shape(episode(pauses=((hours(1), hours(4)),)), hours(4.5))
        assert (clock.state, clock.paused_until) == (ClockState.RUNNING, None)

    def test_a_question_taken_back_in_time_voids_the_promise(self) -> None:
        clock = shape(episode(settled=hours(1), void="withdrawn"), hours(9))
        assert (clock.state, clock.void_reason) == (ClockState.VOID, "withdrawn")

    def test_a_question_taken_back_too_late_stays_a_miss(self) -> None:
        clock = shape(episode(settled=hours(3), void="withdrawn"), hours(9))
        assert (clock.state, clock.void_reason) == (ClockState.MISSED, None)


class TestTimers:
    def test_steps_lie_at_their_share_of_the_budget(self) -> None:
        planned = rules.plan_timers(shape(episode()), (), (50, 80, 100, 150, 200), NOON)
        assert [timer.fire_at for timer in planned] == [
            hours(1),
            hours(1.6),
            hours(2),
            hours(3),
            hours(4),
        ]
        assert {timer.state for timer in planned} == {TimerState.PENDING}

    def test_a_warning_already_past_is_skipped_with_a_note(self) -> None:
        planned = rules.plan_timers(shape(episode()), (), (50, 80, 100), hours(1.2))
        assert [timer.state for timer in planned] == [
            TimerState.SKIPPED,
            TimerState.PENDING,
            TimerState.PENDING,
        ]
        assert planned[0].note == "already past when it was planned"

    def test_of_the_steps_past_the_miss_only_the_last_fires(self) -> None:
        planned = rules.plan_timers(shape(episode()), (), (80, 100, 150, 200), hours(3.5))
        pending = [timer.percent for timer in planned if timer.state is TimerState.PENDING]
        assert pending == [150, 200]

    def test_a_pause_leaves_earlier_steps_and_moves_later_ones(self) -> None:
        pauses = ((hours(1.2), hours(3.2)),)
        clock = shape(episode(pauses=pauses), hours(1.3))
        planned = rules.plan_timers(clock, pauses, (50, 80, 100), hours(0))
        assert [timer.fire_at for timer in planned] == [hours(1), hours(3.6), hours(4)]

    @given(
        st.integers(1, 10**6),
        st.lists(st.integers(1, 1000), min_size=1, max_size=10, unique=True),
        st.integers(-(10**6), 10**7),
    )
    def test_no_step_is_planned_twice_and_none_fires_before_its_moment(
        self, budget: int, steps: list[int], late: int
    ) -> None:
        policy_targets = {tier: Target(budget, budget, budget) for tier in Tier}
        policy = Policy(
            id=UUID(int=2),
            version=1,
            name="any",
            targets=policy_targets,
            response_steps=tuple(steps),
            resolution_steps=(),
            resolve_on_reply=False,
            reopen_within_seconds=0,
        )
        now = NOON + timedelta(seconds=late)
        clock = rules.shape_clock(episode((NOON, Tier.URGENT)), policy, now)
        planned = rules.plan_timers(clock, (), steps, now)
        assert sorted(timer.percent for timer in planned) == sorted(steps)
        fired_at_once = [
            timer for timer in planned if timer.state is TimerState.PENDING and timer.fire_at <= now
        ]
        assert len(fired_at_once) <= 1


class TestChanges:
    def test_a_new_clock_needs_timers(self) -> None:
        assert rules.needs_new_timers(None, shape(episode()))

    def test_an_unchanged_clock_keeps_its_timers(self) -> None:
        assert not rules.needs_new_timers(shape(episode()), shape(episode(), hours(1)))

    def test_a_moved_due_time_needs_timers(self) -> None:
        before, after = shape(episode()), shape(episode((NOON, Tier.IMPORTANT)))
        assert rules.needs_new_timers(before, after)

    def test_a_clock_taken_up_again_needs_timers(self) -> None:
        over = shape(episode(settled=hours(1)), hours(1.5))
        assert rules.needs_new_timers(over, shape(episode(), hours(1.5)))

    def test_an_outcome_that_turns_is_a_correction(self) -> None:
        missed = shape(episode(), hours(3))
        met = shape(episode(settled=hours(1)), hours(3))
        late = shape(episode(settled=hours(2.5)), hours(3))
        assert rules.is_correction(missed, met)
        assert not rules.is_correction(missed, late)
        assert not rules.is_correction(shape(episode()), met)


class TestChoosingAPolicy:
    def policy(self, **changes: object) -> Policy:
        values = {name: getattr(POLICY, name) for name in POLICY.__dataclass_fields__}
        return Policy(**(values | {"is_default": False} | changes))  # type: ignore[arg-type]

    def test_the_first_policy_whose_conditions_hold_is_taken(self) -> None:
        source = UUID(int=7)
        dms = self.policy(id=UUID(int=2), match=PolicyMatch(channels=("dm",)))
        shop = self.policy(id=UUID(int=3), match=PolicyMatch(source_ids=(source,)))
        policies = [POLICY, dms, shop]
        assert rules.choose_policy(policies, channel="dm", source_id=source) is dms
        assert rules.choose_policy(policies, channel="comment", source_id=source) is shop
        other = rules.choose_policy(policies, channel="comment", source_id=UUID(int=8))
        assert other is POLICY

    def test_tiers_are_ordered_by_how_pressing_they_are(self) -> None:
        assert rules.highest([Tier.ROUTINE, Tier.URGENT, Tier.IMPORTANT]) is Tier.URGENT
        assert rules.highest([]) is Tier.ROUTINE
        assert min(Tier, key=rules.pressing) is Tier.URGENT
