"""Say how far open cases came on their way to the current version of their policy."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.stretches import EVERYTHING, Stretch
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import repository
from services.core.sla.types import (
    Replan,
    ReplanState,
)

LAST = Stretch(descending=True, limit=1)


async def start_replan(uow: UnitOfWork, policy_id: UUID, total: int) -> Replan:
    """Have a worker move the policy's open cases to its current version, batch by batch."""
    replan_id = ids.new_id()
    row = {
        "id": replan_id,
        "policy_id": policy_id,
        "state": ReplanState.WAITING.value,
        "total": total,
        "done": 0,
        "moved": 0,
        "last_case_id": None,
        "requested_by": uow.actor.id,
        "created_at": uow.now,
        "started_at": None,
        "finished_at": None,
        "next_at": uow.real_now,
    }
    await repository.add_replan(uow, row)
    detail = {"replan_id": str(replan_id), "cases": total}
    await audit.record(uow, [AuditEntry("policy.replanned", "policy", policy_id, detail)])
    uow.wake("replans")
    return (await list_replans(uow, policy_id, LAST))[0]


async def list_replans(
    uow: UnitOfWork, policy_id: UUID, wanted: Stretch = EVERYTHING
) -> list[Replan]:
    """By when they were asked for, with how far each came."""
    return [_read_replan(row) for row in await repository.list_replans(uow, policy_id, wanted)]


async def list_due_replans(database: Database) -> list[tuple[UUID, UUID]]:
    """Workspaces and their re-plans that are not done."""
    async with database.system() as uow:
        return [(row.workspace_id, row.id) for row in await repository.list_due_replans(uow)]


async def take_replan(uow: UnitOfWork, replan_id: UUID) -> Replan | None:
    """The re-plan, held until the unit ends; None when it is done or in other hands."""
    row = await repository.take_replan(uow, replan_id)
    return _read_replan(row) if row else None


async def note_replan(
    uow: UnitOfWork, replan: Replan, *, last: UUID | None, done: int, moved: int
) -> None:
    """Say how far it came; `last` is the last case looked at, None when none is left."""
    values = {
        "state": (ReplanState.RUNNING if last else ReplanState.DONE).value,
        "done": replan.done + done,
        "moved": replan.moved + moved,
        "last_case_id": last,
        "started_at": replan.started_at or uow.now,
        "finished_at": None if last else uow.now,
    }
    await repository.note_replan(uow, replan.id, values)


def _read_replan(row: Row[Any]) -> Replan:
    return Replan(
        id=row.id,
        policy_id=row.policy_id,
        state=ReplanState(row.state),
        total=row.total,
        done=row.done,
        moved=row.moved,
        requested_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        last_case_id=row.last_case_id,
    )
