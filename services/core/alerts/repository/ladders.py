"""SQL of ladders."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from services.core.alerts.ladder_types import GroupBy, Ladder
from services.core.alerts.models import LadderRow
from services.core.alerts.stored_steps import read_steps
from services.core.kit.uow import UnitOfWork


def _read(row: Row[Any]) -> Ladder:
    return Ladder(
        id=row.id,
        name=row.name,
        version=row.version,
        steps=read_steps(row.steps),
        created_at=row.created_at,
        updated_at=row.updated_at,
        group_by=GroupBy(row.group_by) if row.group_by else None,
        group_window_seconds=row.group_window_seconds,
    )


async def list_ladders(uow: UnitOfWork) -> list[Ladder]:
    """Ladders not archived, by name."""
    query = (
        select(LadderRow.__table__)
        .where(LadderRow.workspace_id == uow.workspace_id, LadderRow.archived_at.is_(None))
        .order_by(LadderRow.name, LadderRow.id)
    )
    return [_read(row) for row in await uow.execute(query)]


async def get_ladder(uow: UnitOfWork, ladder_id: UUID, *, lock: bool = False) -> Ladder | None:
    query = select(LadderRow.__table__).where(
        LadderRow.workspace_id == uow.workspace_id,
        LadderRow.id == ladder_id,
        LadderRow.archived_at.is_(None),
    )
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    return _read(row) if row else None


async def add_ladder(uow: UnitOfWork, values: dict[str, Any]) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "version": 1,
        "created_at": uow.now,
        "updated_at": uow.now,
        **values,
    }
    await uow.execute(insert(LadderRow).values(row))


async def change_ladder(uow: UnitOfWork, ladder_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(LadderRow)
        .where(LadderRow.workspace_id == uow.workspace_id, LadderRow.id == ladder_id)
        .values(**values, version=LadderRow.version + 1, updated_at=uow.now)
    )
