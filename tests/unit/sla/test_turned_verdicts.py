"""When an outcome that was written turns out otherwise, and when it only ends."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.core.sla import rules
from services.core.sla.types import ClockShape, ClockState
from services.core.triage.types import Tier

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHAPE = ClockShape(
    state=ClockState.MISSED,
    tier=Tier.URGENT,
    started_at=NOON,
    due_at=NOON,
    target_due_at=NOON,
    promise_due_at=None,
    limit_at=None,
    budget_seconds=60,
    paused_seconds=0,
    paused_until=None,
    pause_reason=None,
    settled_at=None,
    met_at=None,
    missed_at=NOON,
    void_reason=None,
)


@pytest.mark.parametrize(
    ("before", "after", "settled", "turned"),
    [
        (ClockState.MISSED, ClockState.MET, True, True),
        (ClockState.MET, ClockState.MISSED, True, True),
        (ClockState.MISSED, ClockState.MISSED, True, False),
        (ClockState.RUNNING, ClockState.MET, True, False),
        (ClockState.MISSED, ClockState.VOID, True, False),
        (ClockState.MET, ClockState.MISSED, False, False),
    ],
)
def test_a_verdict_turns_only_from_late_to_in_time_or_back(
    before: ClockState, after: ClockState, settled: bool, turned: bool
) -> None:
    was = replace(SHAPE, state=before)
    now = replace(SHAPE, state=after, settled_at=NOON if settled else None)
    assert rules.is_verdict_turned(was, now) is turned
