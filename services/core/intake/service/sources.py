"""The producers of webhooks: registered, given secrets, found again by the door."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.intake import repository
from services.core.intake.records import (
    NewSecret,
    Source,
    SourceDoor,
    SourceDraft,
)
from services.core.kit import ids
from services.core.kit.brief import BriefMemory
from services.core.kit.errors import NotFoundError
from services.core.kit.signatures import generate_secret
from services.core.kit.stretches import Stretch, oldest
from services.core.kit.uow import Database, UnitOfWork

_doors: WeakKeyDictionary[Database, BriefMemory[UUID, SourceDoor | None]] = WeakKeyDictionary()
FIRST = oldest(200)


async def create_source(uow: UnitOfWork, draft: SourceDraft) -> tuple[Source, NewSecret]:
    """Register a producer. The secret is in this answer and never told again."""
    secret = _new_secret(uow)
    source = Source(
        id=ids.new_id(),
        name=draft.name,
        platform=draft.platform,
        own_accounts=draft.own_accounts,
        created_at=uow.real_now,
        updated_at=uow.real_now,
    )
    await repository.add_source(uow, source)
    await repository.add_secret(uow, source.id, secret)
    await _record(uow, "source.created", source.id, {"platform": draft.platform})
    return await get_source(uow, source.id), secret


async def list_sources(
    uow: UnitOfWork, wanted: Stretch = FIRST, *, by_name: bool = False
) -> list[Source]:
    """By when they were made, or by name; without deleted ones."""
    return await repository.list_sources(uow, wanted, by_name=by_name)


async def get_source(uow: UnitOfWork, source_id: UUID) -> Source:
    source = await repository.get_source(uow, source_id)
    if source is None:
        raise NotFoundError("source")
    return source


async def list_own_accounts(uow: UnitOfWork) -> dict[UUID, tuple[str, ...]]:
    """The brand's own accounts by source, deleted sources included."""
    return await repository.list_own_accounts(uow)


async def change_source(uow: UnitOfWork, source_id: UUID, changes: Mapping[str, Any]) -> Source:
    """Change the given fields of SourceDraft."""
    if changes:
        if not await repository.change_source(uow, source_id, changes):
            raise NotFoundError("source")
        await _record(uow, "source.changed", source_id, {"fields": sorted(changes)})
    return await get_source(uow, source_id)


async def delete_source(uow: UnitOfWork, source_id: UUID) -> None:
    """Close a source for good; what it sent stays. Its webhooks are refused within a second."""
    if not await repository.change_source(uow, source_id, {"deleted_at": uow.real_now}):
        raise NotFoundError("source")
    await repository.revoke_secrets(uow, source_id)
    await _record(uow, "source.deleted", source_id)


async def rotate_secret(uow: UnitOfWork, source_id: UUID, *, overlap_seconds: int) -> NewSecret:
    """Make a new secret; the one before lives `overlap_seconds` longer, older ones end now."""
    await get_source(uow, source_id)
    expires_at = uow.real_now + timedelta(seconds=overlap_seconds)
    await repository.retire_secrets(uow, source_id, expires_at)
    secret = _new_secret(uow)
    await repository.add_secret(uow, source_id, secret)
    detail = {"secret_id": str(secret.id), "overlap_seconds": overlap_seconds}
    await _record(uow, "source.secret_rotated", source_id, detail)
    return secret


async def revoke_secret(uow: UnitOfWork, source_id: UUID, secret_id: UUID) -> None:
    """End one secret now; every process obeys within a second."""
    await get_source(uow, source_id)
    if not await repository.revoke_secrets(uow, source_id, secret_id):
        raise NotFoundError("secret")
    await _record(uow, "source.secret_revoked", source_id, {"secret_id": str(secret_id)})


async def find_source(database: Database, source_id: UUID) -> SourceDoor | None:
    """What the webhook door needs, remembered for at most a second; None for unknown ones."""
    memory = _doors.get(database)
    if memory is None:
        _doors[database] = memory = BriefMemory()

    async def look_up() -> SourceDoor | None:
        async with database.system() as uow:
            return await repository.find_door(uow, source_id)

    return await memory.ask(source_id, look_up)


def _new_secret(uow: UnitOfWork) -> NewSecret:
    return NewSecret(id=ids.new_id(), created_at=uow.real_now, secret=generate_secret())


async def _record(
    uow: UnitOfWork, action: str, source_id: UUID, detail: dict[str, Any] | None = None
) -> None:
    await audit.record(uow, [AuditEntry(action, "source", source_id, detail or {})])
