"""SQL of the trail: append and read, nothing else is granted."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, select

from services.core.audit.models import AuditRow
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.bulk import insert_rows
from services.core.kit.uow import UnitOfWork


async def add_entries(uow: UnitOfWork, entries: Sequence[AuditEntry]) -> None:
    rows = [
        {
            "id": ids.new_id(),
            "at": uow.now,
            "actor_kind": uow.actor.kind,
            "actor_id": uow.actor.id,
            "actor_label": uow.actor.label,
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": str(entry.subject_id),
            "detail": entry.detail,
            "request_id": uow.request_id,
        }
        for entry in entries
    ]
    await insert_rows(uow, cast("Table", AuditRow.__table__), rows)


async def list_entries(
    uow: UnitOfWork, *, subject_id: str | None, before: UUID | None, limit: int
) -> list[Row[Any]]:
    """Newest first; `before` is the id of the last row already seen."""
    query = select(AuditRow.__table__).where(AuditRow.workspace_id == uow.workspace_id)
    if subject_id is not None:
        query = query.where(AuditRow.subject_id == subject_id)
    if before is not None:
        query = query.where(AuditRow.id < before)
    return list(await uow.execute(query.order_by(AuditRow.id.desc()).limit(limit)))
