"""What a promise's row says of it under another version of its policy, and when too little."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.sla import rules
from services.core.sla.moving import Moved, Mover, OpenClock, move_cases
from services.core.sla.rules import HOUR
from services.core.sla.types import ClockKind, ClockState, Policy, Step, Target, TimerState
from services.core.triage.types import Tier
from tests.support.episodes import NOON, POLICY, episode, hours

SLOWER = replace(
    POLICY,
    version=2,
    targets={tier: Target(6 * HOUR, 6 * HOUR, 48 * HOUR) for tier in rules.DEFAULT_TARGETS},
)


def clock(policy: Policy = POLICY, tier: Tier = Tier.URGENT, **other: Any) -> OpenClock:
    kind = other.pop("kind", ClockKind.FIRST_RESPONSE)
    asked = episode((NOON, tier), kind=kind)
    shape = rules.shape_clock(asked, policy, NOON, channel="comment")
    row = OpenClock(
        id=UUID(int=1),
        case_id=UUID(int=2),
        kind=kind,
        tier=tier,
        channel="comment",
        state=ClockState.RUNNING,
        started_at=NOON,
        due_at=shape.due_at,
        target_due_at=shape.target_due_at,
        promise_due_at=shape.promise_due_at,
        limit_at=shape.limit_at,
        budget_seconds=shape.budget_seconds,
        paused_seconds=0,
        generation=1,
        policy_version=policy.version,
        calendar_version=None,
        asked_tier=tier,
        overridden=False,
    )
    return replace(row, **other)


def move(row: OpenClock, after: Policy = SLOWER, *, at: float = 1) -> Moved | None:
    return Mover(after, {1: POLICY}, {}, hours(at)).move(row)


def test_it_counts_from_the_same_start_and_its_moments_are_others() -> None:
    moved = move(clock())
    assert moved is not None
    assert (moved.due_at, moved.state, moved.generation) == (hours(6), ClockState.RUNNING, 2)
    assert [(each.percent, each.fire_at) for each in moved.timers][:2] == [
        (50, hours(3)),
        (80, hours(4.8)),
    ]


def test_one_that_would_be_late_at_once_is_a_miss_of_which_one_moment_tells() -> None:
    moved = move(clock(), at=7)
    assert moved is not None
    assert moved.state is ClockState.MISSED
    assert [each.percent for each in moved.timers if each.state is TimerState.PENDING] == [
        100,
        150,
        200,
    ]


def test_the_same_due_time_keeps_its_moments_unless_the_steps_are_others() -> None:
    same = move(clock(), replace(POLICY, version=2))
    assert same is not None
    assert (same.fresh, same.generation, same.timers) == (False, 1, ())
    other = move(clock(), replace(POLICY, version=2, response_steps=(Step(60),)))
    assert other is not None
    assert [each.percent for each in other.timers] == [60]


@pytest.mark.parametrize(
    "told",
    [
        {"state": ClockState.PAUSED},
        {"state": ClockState.MISSED},
        {"paused_seconds": 60},
        {"asked_tier": Tier.ROUTINE},
        {"asked_tier": None},
        {"policy_version": 7},
        {"target_due_at": NOON + timedelta(hours=2, seconds=1)},
        {"promise_due_at": NOON},
    ],
    ids=str,
)
def test_what_the_row_does_not_explain_is_left_to_the_fold(told: dict[str, Any]) -> None:
    assert move(clock(**told)) is None


def test_where_a_less_pressing_question_could_be_due_first_the_fold_decides() -> None:
    targets = SLOWER.targets | {Tier.ROUTINE: Target(HOUR, HOUR, HOUR)}
    upside_down = replace(SLOWER, targets=targets)
    assert move(clock(), upside_down) is None
    assert move(clock(overridden=True), upside_down) is not None


@pytest.mark.parametrize(
    "other",
    [
        {"resolve_on_reply": False},
        {"reopen_within_seconds": 60},
        {"pause_while_waiting": False},
        {"reply_windows": {"dm": HOUR}},
        {"window_steps": (Step(50),)},
        {"calendar_id": UUID(int=9)},
    ],
    ids=str,
)
def test_versions_that_draw_other_borders_are_left_to_the_fold(other: dict[str, Any]) -> None:
    assert move(clock(), replace(SLOWER, **other)) is None


def test_a_reply_window_stays_the_platforms() -> None:
    row = clock(kind=ClockKind.FIRST_RESPONSE)
    window = replace(row, kind=ClockKind.REPLY_WINDOW)
    moved = move(window)
    assert moved is not None
    assert (moved.due_at, moved.fresh) == (window.due_at, False)
    assert move(window, at=3) is None


def test_a_case_is_moved_whole_or_not_at_all() -> None:
    mover = Mover(SLOWER, {1: POLICY}, {}, NOON)
    plain, odd = clock(), clock(paused_seconds=1)
    assert move_cases(mover, [plain, odd, plain]) == {plain.case_id: None}
    assert [type(each) for each in move_cases(mover, [plain])[plain.case_id] or ()] == [Moved]


@given(
    kind=st.sampled_from((ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.RESOLUTION)),
    tier=st.sampled_from(Tier),
    targets=st.lists(st.integers(1, 400), min_size=4, max_size=4),
    promised=st.none() | st.integers(1, 400),
    minutes=st.integers(0, 2000),
)
def test_it_is_what_the_rules_say_of_the_question(
    kind: ClockKind, tier: Tier, targets: list[int], promised: int | None, minutes: int
) -> None:
    first, following, closing, limit = (60 * n for n in targets)
    after = replace(
        POLICY,
        version=2,
        targets=dict.fromkeys(POLICY.targets, Target(first, following, closing, limit)),
        promised={"comment": promised * 60} if promised else {},
    )
    now = NOON + timedelta(minutes=minutes)
    moved = Mover(after, {1: POLICY}, {}, now).move(clock(tier=tier, kind=kind))
    assert moved is not None
    told = rules.shape_clock(episode((NOON, tier), kind=kind), after, now, channel="comment")
    assert (moved.due_at, moved.target_due_at, moved.promise_due_at) == (
        told.due_at,
        told.target_due_at,
        told.promise_due_at,
    )
    assert (moved.limit_at, moved.budget_seconds) == (told.limit_at, told.budget_seconds)
    assert moved.state is told.state
    if moved.fresh:
        assert moved.timers == rules.plan_timers(told, (), after.steps(kind), now)
