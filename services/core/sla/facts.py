"""What promises announce."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.sla.types import ClockShape, ClockState
from services.core.stream.types import Fact


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
    return Fact(
        kind="clock.missed",
        subject_kind="clock",
        subject_id=row.id,
        payload={
            "case_id": str(row.case_id),
            "kind": row.kind,
            "tier": row.tier,
            "due_at": row.due_at.isoformat(),
        },
    )
