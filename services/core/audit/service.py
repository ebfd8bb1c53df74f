"""Keep the trail: who did what, in the transaction that did it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import repository
from services.core.audit.types import AuditEntry
from services.core.kit.uow import UnitOfWork


async def record(uow: UnitOfWork, entries: Sequence[AuditEntry]) -> None:
    """Append to the trail with the unit's actor and request id; commits or vanishes with it."""
    if entries:
        await repository.add_entries(uow, entries)


async def read(
    uow: UnitOfWork, *, subject_id: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[Row[Any]]:
    """Entries newest first; pass the last id seen as `before` for the next page."""
    return await repository.list_entries(uow, subject_id=subject_id, before=before, limit=limit)
