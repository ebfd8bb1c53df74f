"""What promises announce."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.sla.types import ClockKind, ClockShape, ClockState
from services.core.stream.types import Fact
from services.core.triage.types import Tier


def clock_changed(clock_id: UUID, case_id: UUID, kind: str, shape: ClockShape) -> Fact:
    """`clock.running`, `clock.met`, `clock.missed`, …: the state is the fact's name."""
    return Fact(
        kind=f"clock.{ClockState(shape.state).value}",
        subject_kind="clock",
        subject_id=clock_id,
        payload={
            "case_id": str(case_id),
            "kind": kind,
            "tier": shape.tier.value,
            "due_at": shape.due_at.isoformat(),
        },
    )


def clock_missed(row: Row[Any]) -> Fact:
    """`clock.missed`, said by the timer that saw the due time pass."""
    return missed_fact(row.id, row.case_id, ClockKind(row.kind), Tier(row.tier), row.due_at)


def missed_fact(
    clock_id: UUID, case_id: UUID, kind: ClockKind, tier: Tier, due_at: datetime
) -> Fact:
    return Fact(
        kind="clock.missed",
        subject_kind="clock",
        subject_id=clock_id,
        payload={
            "case_id": str(case_id),
            "kind": kind.value,
            "tier": tier.value,
            "due_at": due_at.isoformat(),
        },
    )
