"""Re-plans of policies: what one would do, the wish for one, and how far it came."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import ReadModel, StrictModel
from services.core.desk.replanning import Preview
from services.core.sla.types import ClockKind, ReplanState
from services.core.triage.types import Tier


class ReplanBody(StrictModel):
    """`confirm_late`: how many promises may be late at once, as the preview told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm_late": 3}]})

    confirm_late: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


class MoveView(ReadModel):
    clock_id: UUID
    case_id: UUID
    kind: ClockKind
    tier: Tier
    due_before: datetime
    due_after: datetime
    late_at_once: bool


class PreviewView(ReadModel):
    """Of `cases` open ones, `looked_at` were counted; the other figures are of those.

    `late` promises that hold now would be late at once. `earlier_seconds` and `later_seconds` are
    the largest moves of a due time.
    """

    cases: int
    looked_at: int
    clocks: int
    clocks_by_tier: dict[Tier, int]
    late: int
    earlier_seconds: float
    later_seconds: float
    examples: list[MoveView]

    @classmethod
    def of(cls, found: Preview) -> Self:
        return cls(
            cases=found.cases,
            looked_at=found.looked_at,
            clocks=found.clocks,
            clocks_by_tier=found.clocks_by_tier,
            late=found.late,
            earlier_seconds=found.earlier.total_seconds(),
            later_seconds=found.later.total_seconds(),
            examples=[MoveView.model_validate(move) for move in found.examples],
        )


class ReplanView(ReadModel):
    """`total` cases were open at the start, `done` were looked at; `moved` counts clocks."""

    id: UUID
    policy_id: UUID
    state: ReplanState
    total: int
    done: int
    moved: int
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
