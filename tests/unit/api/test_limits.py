"""How many calls a key has: a minute's at once, then as they come back, and none of another's."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api import limits
from services.api.limits import CallLimits
from services.core.workspaces.types import Caller

WORKSPACE = uuid4()


def caller(key_id: UUID | None = None, session_id: UUID | None = None) -> Caller:
    return Caller(WORKSPACE, key_id, "test", frozenset(), session_id=session_id)


def test_a_minutes_calls_may_come_at_once_and_then_they_come_back_evenly() -> None:
    bounds, mine = CallLimits(60), caller(uuid4())
    first = [bounds.take(mine, 100.0) for _ in range(60)]
    assert [one.remaining for one in first if one] == list(reversed(range(60)))
    assert {one.wait_seconds for one in first if one} == {0}
    over = bounds.take(mine, 100.25)
    assert over is not None
    assert (over.remaining, over.wait_seconds, over.reset_seconds) == (0, 0.75, 60)
    later = bounds.take(mine, 101.0)
    assert later is not None
    assert later.wait_seconds == 0


def test_nobodys_calls_are_counted_for_somebody_else() -> None:
    bounds = CallLimits(1)
    key, session = uuid4(), uuid4()
    for who in (caller(key), caller(session_id=session), caller(uuid4())):
        taken = bounds.take(who, 0.0)
        assert taken is not None
        assert taken.wait_seconds == 0
    again = bounds.take(caller(key), 0.0)
    assert again is not None
    assert again.wait_seconds == 60


def test_zero_is_no_limit_and_who_has_no_name_is_not_counted() -> None:
    assert CallLimits(0).take(caller(uuid4()), 0.0) is None
    assert CallLimits(1).take(caller(), 0.0) is None


def test_no_more_callers_are_remembered_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST_CALLERS", 3)
    bounds, first = CallLimits(1), caller(uuid4())
    bounds.take(first, 0.0)
    for _ in range(3):
        bounds.take(caller(uuid4()), 0.0)
    taken = bounds.take(first, 0.0)
    assert taken is not None
    assert taken.wait_seconds == 0


@given(
    per_minute=st.integers(1, 600),
    pauses=st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_no_minute_lets_more_through_than_two_minutes_calls(
    per_minute: int, pauses: list[float]
) -> None:
    bounds, mine, now, let_through = CallLimits(per_minute), caller(uuid4()), 0.0, []
    for pause in pauses:
        now += pause
        taken = bounds.take(mine, now)
        assert taken is not None
        assert 0 <= taken.remaining < per_minute
        if not taken.wait_seconds:
            let_through.append(now)
    for begin in let_through:
        within = [moment for moment in let_through if begin <= moment < begin + 60]
        assert len(within) <= 2 * per_minute
