"""What cases announce."""

from typing import Any
from uuid import UUID

from services.core.stream.types import Fact


def case_fact(kind: str, case_id: UUID, row: dict[str, Any]) -> Fact:
    """`case.opened`, `case.answered`, …, with what a list needs to place it; never a text."""
    due = row["next_due_at"]
    return Fact(
        kind=f"case.{kind}",
        subject_kind="case",
        subject_id=case_id,
        payload={
            "state": row["state"],
            "tier": row["tier"],
            "category": row["category"],
            "channel": row["channel"],
            "source_id": str(row["source_id"]),
            "next_due_at": due.isoformat() if due else None,
        },
    )
