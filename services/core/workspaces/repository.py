"""SQL of tenancy. The directories (workspaces, keys by prefix) are read by the system role."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.workspaces.models import ApiKeyRow, MemberRow, WorkspaceRow
from services.core.workspaces.types import KeyRecord, Member, Role, Scope, Workspace

# Written at most this often, or every request of a busy key would write one row.
TOUCH = """
UPDATE api_keys SET last_used_at = :now
WHERE workspace_id = :workspace_id AND id = :id
  AND (last_used_at IS NULL OR last_used_at < CAST(:now AS timestamptz) - interval '1 minute')
"""


async def add_workspace(uow: UnitOfWork, workspace: Workspace) -> bool:
    """False when the short name is taken."""
    statement = (
        upsert(WorkspaceRow)
        .values(
            id=workspace.id,
            slug=workspace.slug,
            name=workspace.name,
            ingest_per_minute=workspace.ingest_per_minute,
            created_at=workspace.created_at,
        )
        .on_conflict_do_nothing(index_elements=["slug"])
    )
    return (await uow.execute(statement)).rowcount == 1


async def get_workspace(uow: UnitOfWork, workspace_id: UUID) -> Workspace | None:
    query = select(WorkspaceRow.__table__).where(WorkspaceRow.id == workspace_id)
    row = (await uow.execute(query)).one_or_none()
    return _workspace(row) if row else None


async def get_workspace_by_slug(uow: UnitOfWork, slug: str) -> Workspace | None:
    query = select(WorkspaceRow.__table__).where(WorkspaceRow.slug == slug)
    row = (await uow.execute(query)).one_or_none()
    return _workspace(row) if row else None


async def list_workspaces(uow: UnitOfWork, limit: int) -> list[Workspace]:
    query = select(WorkspaceRow.__table__).order_by(WorkspaceRow.created_at, WorkspaceRow.id)
    return [_workspace(row) for row in await uow.execute(query.limit(limit))]


async def change_workspace(uow: UnitOfWork, changes: Mapping[str, Any]) -> Workspace | None:
    statement = (
        update(WorkspaceRow)
        .where(WorkspaceRow.id == uow.workspace_id)
        .values(**changes)
        .returning(*WorkspaceRow.__table__.columns)
    )
    row = (await uow.execute(statement)).one_or_none()
    return _workspace(row) if row else None


async def add_key(uow: UnitOfWork, record: KeyRecord, member_id: UUID | None) -> None:
    values = {
        "workspace_id": uow.workspace_id,
        "id": record.id,
        "prefix": record.prefix,
        "secret_hash": record.secret_hash,
        "name": record.name,
        "scopes": sorted(record.scopes),
        "member_id": member_id,
        "created_at": record.created_at,
        "expires_at": record.expires_at,
    }
    await uow.execute(insert(ApiKeyRow).values(**values))


async def get_key_hash(uow: UnitOfWork, prefix: str) -> bytes | None:
    """Only the hash, and always one row: a prefix nobody has is answered like one somebody has."""
    query = select(ApiKeyRow.secret_hash).where(ApiKeyRow.prefix == prefix).scalar_subquery()
    found: bytes | None = (await uow.execute(select(query))).scalar_one()
    return None if found is None else bytes(found)


async def get_key_by_prefix(uow: UnitOfWork, prefix: str) -> KeyRecord | None:
    """Across workspaces: for the system role, before the workspace is known."""
    query = select(ApiKeyRow.__table__).where(ApiKeyRow.prefix == prefix)
    row = (await uow.execute(query)).one_or_none()
    return _key(row) if row else None


async def list_keys(uow: UnitOfWork, wanted: Stretch, *, by_name: bool) -> list[KeyRecord]:
    """By their names or their ids, which is when they were made."""
    query = select(ApiKeyRow.__table__).where(ApiKeyRow.workspace_id == uow.workspace_id)
    order = (ApiKeyRow.name, ApiKeyRow.id) if by_name else (ApiKeyRow.id,)
    return [_key(row) for row in await uow.execute(wanted.of(query, *order))]


async def revoke_key(uow: UnitOfWork, key_id: UUID) -> datetime | None:
    """Return when it died, now or earlier; None when there is no such key."""
    statement = (
        update(ApiKeyRow)
        .where(ApiKeyRow.workspace_id == uow.workspace_id, ApiKeyRow.id == key_id)
        .values(revoked_at=func.coalesce(ApiKeyRow.revoked_at, uow.real_now))
        .returning(ApiKeyRow.revoked_at)
    )
    revoked_at: datetime | None = (await uow.execute(statement)).scalar_one_or_none()
    return revoked_at


async def lock_key(uow: UnitOfWork, key_id: UUID) -> tuple[KeyRecord, UUID | None] | None:
    """The key, and whom it acts for; nobody else changes it until the unit ends."""
    query = select(ApiKeyRow.__table__).where(
        ApiKeyRow.workspace_id == uow.workspace_id, ApiKeyRow.id == key_id
    )
    row = (await uow.execute(query.with_for_update())).one_or_none()
    return (_key(row), row.member_id) if row else None


async def end_key(uow: UnitOfWork, key_id: UUID, at: datetime) -> None:
    statement = (
        update(ApiKeyRow)
        .where(ApiKeyRow.workspace_id == uow.workspace_id, ApiKeyRow.id == key_id)
        .values(expires_at=func.least(at, ApiKeyRow.expires_at))
    )
    await uow.execute(statement)


async def touch_key(uow: UnitOfWork, record: KeyRecord) -> None:
    await uow.execute(TOUCH, {"workspace_id": record.workspace_id, "id": record.id, "now": uow.now})


async def add_member(uow: UnitOfWork, member: Member) -> bool:
    """False when the handle is taken."""
    statement = (
        upsert(MemberRow)
        .values(
            workspace_id=uow.workspace_id,
            id=member.id,
            handle=member.handle,
            name=member.name,
            email=member.email,
            role=member.role,
            active=member.active,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "handle"])
    )
    return (await uow.execute(statement)).rowcount == 1


async def list_members(uow: UnitOfWork, wanted: Stretch, *, by_name: bool) -> list[Member]:
    """By their names or their ids, which is when they were added."""
    query = select(MemberRow.__table__).where(MemberRow.workspace_id == uow.workspace_id)
    order = (MemberRow.name, MemberRow.id) if by_name else (MemberRow.id,)
    return [_member(row) for row in await uow.execute(wanted.of(query, *order))]


async def get_member(uow: UnitOfWork, member_id: UUID) -> Member | None:
    query = select(MemberRow.__table__).where(
        MemberRow.workspace_id == uow.workspace_id, MemberRow.id == member_id
    )
    row = (await uow.execute(query)).one_or_none()
    return _member(row) if row else None


async def lock_member(uow: UnitOfWork, member_id: UUID) -> Member | None:
    query = select(MemberRow.__table__).where(
        MemberRow.workspace_id == uow.workspace_id, MemberRow.id == member_id
    )
    row = (await uow.execute(query.with_for_update())).one_or_none()
    return _member(row) if row else None


async def list_member_ids(uow: UnitOfWork, handles: Sequence[str]) -> dict[str, UUID]:
    query = select(MemberRow.handle, MemberRow.id).where(
        MemberRow.workspace_id == uow.workspace_id, MemberRow.handle.in_(handles)
    )
    return {row.handle: row.id for row in await uow.execute(query)}


async def change_member(
    uow: UnitOfWork, member_id: UUID, changes: Mapping[str, Any]
) -> Member | None:
    statement = (
        update(MemberRow)
        .where(MemberRow.workspace_id == uow.workspace_id, MemberRow.id == member_id)
        .values(**changes, updated_at=uow.now)
        .returning(*MemberRow.__table__.columns)
    )
    row = (await uow.execute(statement)).one_or_none()
    return _member(row) if row else None


def _workspace(row: Row[Any]) -> Workspace:
    return Workspace(
        row.id,
        row.slug,
        row.name,
        row.ingest_per_minute,
        row.created_at,
        row.storm_per_minute,
    )


def _key(row: Row[Any]) -> KeyRecord:
    return KeyRecord(
        workspace_id=row.workspace_id,
        id=row.id,
        prefix=row.prefix,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        secret_hash=bytes(row.secret_hash),
    )


def _member(row: Row[Any]) -> Member:
    return Member(
        id=row.id,
        handle=row.handle,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        active=row.active,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
