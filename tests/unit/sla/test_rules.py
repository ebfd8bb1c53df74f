"""Promises: due times and outcomes, and which policy holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.calendars.timeline import Timeline
from services.core.calendars.types import Span
from services.core.sla import rules
from services.core.sla.types import (
    ClockKind,
    ClockShape,
    ClockState,
    EpisodeSpec,
    Pause,
    PauseReason,
    Policy,
    PolicyMatch,
    Subject,
    Target,
)
from services.core.triage.types import Tier
from tests.support.episodes import NOON, POLICY, episode, hours, shape, steps


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
        clock = shape(episode(pauses=(Pause(hours(1), hours(4)),)), hours(5))
        assert (clock.due_at, clock.paused_seconds) == (hours(5), 3 * 3600)
        assert clock.budget_seconds == 2 * 3600

    def test_a_pause_after_the_due_time_moves_nothing(self) -> None:
        assert shape(episode(pauses=(Pause(hours(3), hours(4)),)), hours(5)).due_at == hours(2)

    def test_a_pause_after_the_answer_moves_nothing(self) -> None:
        spec = episode(pauses=(Pause(hours(1), hours(4)),), settled=hours(0.5))
        assert shape(spec, hours(6)).due_at == hours(2)

    def test_pauses_that_overlap_count_once(self) -> None:
        pauses = (Pause(hours(1), hours(4)), Pause(hours(2), hours(5)), Pause(hours(3), hours(4)))
        clock = shape(episode(pauses=pauses), hours(6))
        assert (clock.due_at, clock.paused_seconds) == (hours(6), 4 * 3600)

    def test_a_pause_nobody_knows_the_end_of_holds_the_clock(self) -> None:
        waiting = Pause(hours(1), None, PauseReason.WAITING)
        clock = shape(episode(pauses=(waiting,)), hours(50))
        assert (clock.state, clock.paused_until) == (ClockState.PAUSED, None)
        assert clock.pause_reason is PauseReason.WAITING
        assert rules.plan_timers(clock, (waiting,), steps(50, 100), hours(50)) == []

    def test_what_was_late_before_such_a_pause_stays_late(self) -> None:
        waiting = Pause(hours(3), None, PauseReason.WAITING)
        assert shape(episode(pauses=(waiting,)), hours(4)).state is ClockState.MISSED

    def test_such_a_pause_lasts_to_the_answer(self) -> None:
        waiting = Pause(hours(1), None, PauseReason.WAITING)
        clock = shape(episode(pauses=(waiting,), settled=hours(9)), hours(10))
        assert (clock.state, clock.due_at) == (ClockState.MET, hours(10))


class TestTwoPromises:
    def told(self, spec: EpisodeSpec, channel: str = "comment", now: datetime = NOON) -> ClockShape:
        promised = {"comment": 4 * 3600, "dm": 24 * 3600}
        return rules.shape_clock(spec, replace(POLICY, promised=promised), now, channel=channel)

    def test_the_earlier_of_target_and_public_promise_is_due(self) -> None:
        routine = self.told(episode((NOON, Tier.ROUTINE)))
        assert (routine.due_at, routine.target_due_at) == (hours(4), hours(24))
        urgent = self.told(episode((NOON, Tier.URGENT)))
        assert (urgent.due_at, urgent.promise_due_at) == (hours(2), hours(4))

    def test_each_channel_has_its_own(self) -> None:
        assert self.told(episode((NOON, Tier.ROUTINE)), "dm").promise_due_at == hours(24)
        assert self.told(episode((NOON, Tier.ROUTINE)), "mention").promise_due_at is None

    def test_nothing_is_told_of_resolution(self) -> None:
        spec = episode((NOON, Tier.ROUTINE), kind=ClockKind.RESOLUTION)
        assert self.told(spec).promise_due_at is None

    def test_the_public_was_told_from_the_first_open_question(self) -> None:
        spec = episode((NOON, Tier.ROUTINE), (hours(3), Tier.URGENT))
        assert self.told(spec).promise_due_at == hours(4)

    def test_a_pause_moves_both(self) -> None:
        pauses = (Pause(hours(1), hours(2)),)
        clock = self.told(episode((NOON, Tier.ROUTINE), pauses=pauses), now=hours(3))
        assert (clock.target_due_at, clock.promise_due_at) == (hours(25), hours(5))

    def test_a_channel_may_have_targets_of_its_own(self) -> None:
        fast = {Tier.ROUTINE: Target(3600, 3600, 7200)}
        policy = replace(POLICY, channel_targets={"dm": fast})
        routine, urgent = (episode((NOON, tier)) for tier in (Tier.ROUTINE, Tier.URGENT))
        assert rules.shape_clock(routine, policy, NOON, channel="dm").due_at == hours(1)
        assert rules.shape_clock(urgent, policy, NOON, channel="dm").due_at == hours(2)
        assert rules.shape_clock(routine, policy, NOON, channel="comment").due_at == hours(24)


class TestWorkingTime:
    """2026-11-20 is a Friday; noon UTC is 20:00 in Shanghai, two hours after work."""

    OFFICE = Timeline(
        ZoneInfo("Asia/Shanghai"),
        lambda day: (Span(540, 1080),) if day.weekday() < 5 else (),
    )

    def shape(self, spec: EpisodeSpec, now: datetime = NOON) -> ClockShape:
        return rules.shape_clock(spec, POLICY, now, channel="comment", hours=self.OFFICE)

    def test_the_clock_starts_counting_when_work_does(self) -> None:
        monday_eleven = datetime(2026, 11, 23, 3, tzinfo=UTC)
        clock = self.shape(episode())
        assert (clock.due_at, clock.budget_seconds) == (monday_eleven, 2 * 3600)

    def test_a_pause_over_closed_hours_moves_nothing(self) -> None:
        clock = self.shape(episode(pauses=(Pause(hours(1), hours(20)),)), hours(30))
        assert (clock.due_at, clock.paused_seconds) == (self.shape(episode()).due_at, 0)

    def test_steps_lie_at_their_share_of_working_time(self) -> None:
        planned = rules.plan_timers(
            self.shape(episode()), (), steps(50, 100, 450), NOON, hours=self.OFFICE
        )
        assert [timer.fire_at for timer in planned] == [
            datetime(2026, 11, 23, 2, tzinfo=UTC),
            datetime(2026, 11, 23, 3, tzinfo=UTC),
            datetime(2026, 11, 23, 10, tzinfo=UTC),
        ]

    @given(st.integers(1, 40), st.integers(0, 200), st.integers(1, 100))
    def test_a_pause_moves_the_due_time_by_what_would_have_counted(
        self, budget: int, start: int, length: int
    ) -> None:
        policy = replace(POLICY, targets={Tier.URGENT: Target(budget * 3600, budget * 3600, 3600)})
        pause = Pause(hours(start), hours(start + length))
        plain, paused = (
            rules.shape_clock(spec, policy, NOON, channel="comment", hours=self.OFFICE)
            for spec in (episode(), episode(pauses=(pause,)))
        )
        stood = self.OFFICE.between(pause.start, hours(start + length))
        moved = stood if pause.start < plain.due_at else timedelta()
        assert paused.due_at == self.OFFICE.advance(plain.due_at, moved)
        assert paused.paused_seconds == moved.total_seconds()


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
        clock = shape(episode(pauses=(Pause(hours(1), hours(4)),)), hours(2.5))
        assert (clock.state, clock.paused_until) == (ClockState.PAUSED, hours(4))

    def test_a_clock_runs_on_after_its_pause(self) -> None:
        clock = shape(episode(pauses=(Pause(hours(1), hours(4)),)), hours(4.5))
        assert (clock.state, clock.paused_until) == (ClockState.RUNNING, None)

    def test_a_question_taken_back_in_time_voids_the_promise(self) -> None:
        clock = shape(episode(settled=hours(1), void="withdrawn"), hours(9))
        assert (clock.state, clock.void_reason) == (ClockState.VOID, "withdrawn")

    def test_a_question_taken_back_too_late_stays_a_miss(self) -> None:
        clock = shape(episode(settled=hours(3), void="withdrawn"), hours(9))
        assert (clock.state, clock.void_reason) == (ClockState.MISSED, None)


class TestChoosingAPolicy:
    def policy(self, **changes: object) -> Policy:
        values = {name: getattr(POLICY, name) for name in POLICY.__dataclass_fields__}
        return Policy(**(values | {"is_default": False} | changes))  # type: ignore[arg-type]

    def test_the_first_policy_whose_conditions_hold_is_taken(self) -> None:
        source = UUID(int=7)
        dms = self.policy(id=UUID(int=2), match=PolicyMatch(channels=("dm",)))
        shop = self.policy(id=UUID(int=3), match=PolicyMatch(source_ids=(source,)))
        policies = [POLICY, dms, shop]
        assert rules.choose_policy(policies, Subject("dm", source)) is dms
        assert rules.choose_policy(policies, Subject("comment", source)) is shop
        other = rules.choose_policy(policies, Subject("comment", UUID(int=8)))
        assert other is POLICY

    @pytest.mark.parametrize(
        "match",
        [
            PolicyMatch(tiers=(Tier.URGENT,)),
            PolicyMatch(categories=("complaint",)),
            PolicyMatch(languages=("en",)),
            PolicyMatch(post_ids=(UUID(int=9),)),
            PolicyMatch(channels=("dm",), tiers=(Tier.ROUTINE,)),
        ],
    )
    def test_every_condition_must_hold(self, match: PolicyMatch) -> None:
        subject = Subject("comment", UUID(int=7), Tier.ROUTINE, "praise", "zh", UUID(int=8))
        special = self.policy(id=UUID(int=2), match=match)
        assert rules.choose_policy([special, POLICY], subject) is POLICY

    def test_conditions_that_all_hold_choose(self) -> None:
        subject = Subject("comment", UUID(int=7), Tier.ROUTINE, "praise", "zh", UUID(int=8))
        match = PolicyMatch(("comment",), (), (Tier.ROUTINE,), ("praise",), ("zh",), (UUID(int=8),))
        special = self.policy(id=UUID(int=2), match=match)
        assert rules.choose_policy([special, POLICY], subject) is special

    def test_tiers_are_ordered_by_how_pressing_they_are(self) -> None:
        assert rules.highest([Tier.ROUTINE, Tier.URGENT, Tier.IMPORTANT]) is Tier.URGENT
        assert rules.highest([]) is Tier.ROUTINE
        assert min(Tier, key=rules.pressing) is Tier.URGENT
