"""SQL of saved views."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, delete, func, insert, or_, select, update

from services.core.kit.uow import UnitOfWork
from services.core.views.models import SavedViewRow
from services.core.views.types import SavedView, ViewDraft, ViewKind

# Held to the end of the transaction: views of a workspace are counted and added one by one.
TURN = "SELECT pg_advisory_xact_lock(hashtextextended('saved_views/' || :workspace_id, 0))"


async def take_turn(uow: UnitOfWork) -> None:
    await uow.execute(TURN, {"workspace_id": str(uow.workspace_id)})


async def count_views(uow: UnitOfWork) -> int:
    statement = select(func.count()).where(SavedViewRow.workspace_id == uow.workspace_id)
    found: int = (await uow.execute(statement)).scalar_one()
    return found


async def list_views(
    uow: UnitOfWork, member_id: UUID | None, kind: ViewKind | None
) -> Sequence[SavedView]:
    """What everybody sees and what is the member's own, by name."""
    row = SavedViewRow
    # Compared with nobody, `owner_id = NULL` is never true.
    seen = or_(row.owner_id.is_(None), row.owner_id == bindparam("me", member_id, Uuid()))
    statement = select(row.__table__).where(row.workspace_id == uow.workspace_id, seen)
    if kind is not None:
        statement = statement.where(row.kind == kind)
    return [_view(found) for found in await uow.execute(statement.order_by(row.name, row.id))]


async def get_view(uow: UnitOfWork, view_id: UUID, *, locked: bool = False) -> SavedView | None:
    statement = select(SavedViewRow.__table__).where(
        SavedViewRow.workspace_id == uow.workspace_id, SavedViewRow.id == view_id
    )
    found = await uow.execute(statement.with_for_update() if locked else statement)
    row = found.one_or_none()
    return _view(row) if row else None


async def add_view(uow: UnitOfWork, view: SavedView) -> None:
    await uow.execute(
        insert(SavedViewRow).values(
            workspace_id=uow.workspace_id,
            id=view.id,
            version=view.version,
            created_at=view.created_at,
            **_values(view),
        )
    )


async def change_view(uow: UnitOfWork, view: SavedView) -> None:
    await uow.execute(
        update(SavedViewRow)
        .where(SavedViewRow.workspace_id == uow.workspace_id, SavedViewRow.id == view.id)
        .values(version=view.version, **_values(view))
    )


async def delete_view(uow: UnitOfWork, view_id: UUID) -> None:
    await uow.execute(
        delete(SavedViewRow).where(
            SavedViewRow.workspace_id == uow.workspace_id, SavedViewRow.id == view_id
        )
    )


def _values(view: SavedView) -> dict[str, Any]:
    draft = view.draft
    return {
        "name": draft.name,
        "kind": draft.kind,
        "filters": dict(draft.filters),
        "sort": draft.sort,
        "owner_id": draft.owner_id,
        "updated_at": view.updated_at,
    }


def _view(row: Row[Any]) -> SavedView:
    draft = ViewDraft(row.name, ViewKind(row.kind), row.filters, row.sort, row.owner_id)
    return SavedView(row.id, row.version, draft, row.created_at, row.updated_at)
