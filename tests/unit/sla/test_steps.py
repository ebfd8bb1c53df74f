"""The moments on a clock: where its steps lie, and when they must be planned anew."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.core.sla import rules
from services.core.sla.types import (
    Pause,
    Policy,
    Step,
    Target,
    TimerState,
)
from services.core.triage.types import Tier
from tests.support.episodes import NOON, episode, hours, shape, steps


class TestTimers:
    def test_steps_lie_at_their_share_of_the_budget(self) -> None:
        planned = rules.plan_timers(shape(episode()), (), steps(50, 80, 100, 150, 200), NOON)
        assert [timer.fire_at for timer in planned] == [
            hours(1),
            hours(1.6),
            hours(2),
            hours(3),
            hours(4),
        ]
        assert {timer.state for timer in planned} == {TimerState.PENDING}

    def test_a_warning_already_past_is_skipped_with_a_note(self) -> None:
        planned = rules.plan_timers(shape(episode()), (), steps(50, 80, 100), hours(1.2))
        assert [timer.state for timer in planned] == [
            TimerState.SKIPPED,
            TimerState.PENDING,
            TimerState.PENDING,
        ]
        assert planned[0].note == "already past when it was planned"

    def test_of_the_steps_past_the_miss_only_the_last_fires(self) -> None:
        planned = rules.plan_timers(shape(episode()), (), steps(80, 100, 150, 200), hours(3.5))
        pending = [timer.percent for timer in planned if timer.state is TimerState.PENDING]
        assert pending == [150, 200]

    def test_a_pause_leaves_earlier_steps_and_moves_later_ones(self) -> None:
        pauses = (Pause(hours(1.2), hours(3.2)),)
        clock = shape(episode(pauses=pauses), hours(1.3))
        planned = rules.plan_timers(clock, pauses, steps(50, 80, 100), hours(0))
        assert [timer.fire_at for timer in planned] == [hours(1), hours(3.6), hours(4)]

    @given(
        st.integers(1, 10**6),
        st.lists(st.integers(1, 1000), min_size=1, max_size=10, unique=True),
        st.integers(-(10**6), 10**7),
    )
    def test_no_step_is_planned_twice_and_none_fires_before_its_moment(
        self, budget: int, percents: list[int], late: int
    ) -> None:
        policy_targets = {tier: Target(budget, budget, budget) for tier in Tier}
        policy = Policy(
            id=UUID(int=2),
            version=1,
            name="any",
            targets=policy_targets,
            response_steps=steps(*percents),
            resolution_steps=(),
            resolve_on_reply=False,
            reopen_within_seconds=0,
        )
        now = NOON + timedelta(seconds=late)
        clock = rules.shape_clock(episode((NOON, Tier.URGENT)), policy, now, channel="comment")
        planned = rules.plan_timers(clock, (), steps(*percents), now)
        assert sorted(timer.percent for timer in planned) == sorted(percents)
        fired_at_once = [
            timer for timer in planned if timer.state is TimerState.PENDING and timer.fire_at <= now
        ]
        assert len(fired_at_once) <= 1


class TestSteps:
    def test_an_offset_lies_before_or_behind_the_due_time(self) -> None:
        wanted = (Step(offset_seconds=-900), Step(100), Step(offset_seconds=3600))
        placed = rules.place_steps(shape(episode()), (), wanted)
        assert placed == {88: hours(1.75), 100: hours(2), 150: hours(3)}

    def test_a_warning_longer_than_the_budget_has_no_place(self) -> None:
        wanted = (Step(offset_seconds=-3 * 3600), Step(100))
        assert rules.place_steps(shape(episode()), (), wanted) == {100: hours(2)}

    def test_of_two_steps_at_one_percent_the_first_stays(self) -> None:
        wanted = (Step(50), Step(offset_seconds=-3600))
        assert rules.place_steps(shape(episode()), (), wanted) == {50: hours(1)}

    def test_an_offset_of_seconds_is_not_the_miss(self) -> None:
        wanted = (Step(offset_seconds=-5), Step(100))
        assert rules.place_steps(shape(episode()), (), wanted) == {100: hours(2)}


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
