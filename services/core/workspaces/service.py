"""Who may come in, and to which workspace: workspaces, API keys and the people of a team."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.brief import BriefMemory
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch, newest, oldest
from services.core.kit.uow import SYSTEM_ACTOR, Actor, Database, UnitOfWork
from services.core.workspaces import repository, rules
from services.core.workspaces.errors import (
    AdminsOnlyError,
    BadKeyError,
    HandleTakenError,
    SlugTakenError,
)
from services.core.workspaces.types import (
    Caller,
    CreatedKey,
    KeyRecord,
    Member,
    MemberDraft,
    Scope,
    Workspace,
)

DEFAULT_SLUG = "default"
DEFAULT_NAME = "Default"
ALL_SCOPES = frozenset(Scope)

# One memory for each database a process holds, keyed by the hash of the key, never the key.
_callers: WeakKeyDictionary[Database, BriefMemory[bytes, Caller | None]] = WeakKeyDictionary()
NEWEST = newest(200)
FIRST = oldest(200)


async def create_workspace(
    database: Database, name: str, *, slug: str | None = None, actor: Actor = SYSTEM_ACTOR
) -> Workspace:
    """Make a workspace in a transaction of its own. Raises SlugTakenError.

    A name without a single ASCII letter gets a short name made of its id.
    """
    workspace_id = ids.new_id()
    chosen = slug or rules.slug_of(name) or f"w-{workspace_id.hex[-8:]}"
    async with database.unit(workspace_id, actor=actor) as uow:
        workspace = Workspace(workspace_id, chosen, name, None, uow.now)
        if not await repository.add_workspace(uow, workspace):
            raise SlugTakenError
        entry = AuditEntry("workspace.created", "workspace", workspace_id, {"slug": chosen})
        await audit.record(uow, [entry])
    return workspace


async def ensure_default_workspace(database: Database) -> Workspace:
    """The workspace of an installation that has only one; made on the first call."""
    found = await find_workspace(database, DEFAULT_SLUG)
    if found is not None:
        return found
    try:
        return await create_workspace(database, DEFAULT_NAME, slug=DEFAULT_SLUG)
    except SlugTakenError:
        # Two processes started at once, and the other was first.
        return await ensure_default_workspace(database)


async def find_workspace(database: Database, slug_or_id: str) -> Workspace | None:
    """By short name or by id, across the installation: for commands, never for a request."""
    async with database.system() as uow:
        found = await repository.get_workspace_by_slug(uow, slug_or_id)
        if found is not None:
            return found
        try:
            return await repository.get_workspace(uow, UUID(slug_or_id))
        except ValueError:
            return None


async def list_workspaces(database: Database, *, limit: int = 1000) -> list[Workspace]:
    """All workspaces of the installation, oldest first: for commands, never for a request."""
    async with database.system() as uow:
        return await repository.list_workspaces(uow, limit)


async def get_workspace(uow: UnitOfWork) -> Workspace:
    """The unit's own workspace."""
    workspace = await repository.get_workspace(uow, uow.workspace_id)
    if workspace is None:
        raise NotFoundError("workspace")
    return workspace


async def change_workspace(uow: UnitOfWork, changes: Mapping[str, Any]) -> Workspace:
    """Change `name`, `ingest_per_minute` or `storm_per_minute` of the unit's own workspace."""
    if not changes:
        return await get_workspace(uow)
    workspace = await repository.change_workspace(uow, changes)
    if workspace is None:
        raise NotFoundError("workspace")
    entry = AuditEntry("workspace.changed", "workspace", workspace.id, {"fields": sorted(changes)})
    await audit.record(uow, [entry])
    return workspace


async def create_key(
    uow: UnitOfWork,
    *,
    name: str,
    scopes: Sequence[Scope],
    member_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> CreatedKey:
    """Make a key; its secret is in the answer and nowhere else. Raises InvalidInputError."""
    if not scopes:
        raise InvalidInputError("A key needs at least one scope.")
    if expires_at is not None and expires_at <= uow.real_now:
        raise InvalidInputError("A key expires in the future.")
    if member_id is not None:
        await get_member(uow, member_id)
    secret = rules.write_key(secrets.token_bytes)
    parts = rules.read_key(secret)
    if parts is None:
        raise AssertionError("a key we wrote must be one we can read")
    record = KeyRecord(
        workspace_id=uow.workspace_id,
        id=ids.new_id(),
        prefix=parts.prefix,
        name=name,
        scopes=frozenset(scopes),
        created_at=uow.real_now,
        expires_at=expires_at,
        revoked_at=None,
        last_used_at=None,
        secret_hash=parts.secret_hash,
    )
    await repository.add_key(uow, record, member_id)
    detail = {"prefix": record.prefix, "scopes": sorted(record.scopes)}
    await audit.record(uow, [AuditEntry("key.created", "key", record.id, detail)])
    return CreatedKey(
        id=record.id,
        prefix=record.prefix,
        name=name,
        scopes=record.scopes,
        created_at=uow.real_now,
        expires_at=expires_at,
        secret=secret,
    )


async def list_keys(
    uow: UnitOfWork, wanted: Stretch = NEWEST, *, by_name: bool = False
) -> list[KeyRecord]:
    """By when they were made, or by name; revoked ones included."""
    return await repository.list_keys(uow, wanted, by_name=by_name)


async def revoke_key(uow: UnitOfWork, key_id: UUID) -> None:
    """End a key for good; every process obeys within a second. Doing it twice changes nothing."""
    revoked_at = await repository.revoke_key(uow, key_id)
    if revoked_at is None:
        raise NotFoundError("key")
    if revoked_at == uow.real_now:
        await audit.record(uow, [AuditEntry("key.revoked", "key", key_id)])


async def rotate_key(uow: UnitOfWork, key_id: UUID, *, overlap: timedelta) -> CreatedKey:
    """A new key for the same things; the old one opens for `overlap` more, and not longer.

    The new one does not end by itself. Raises NotFoundError, for a key that opens nothing too.
    """
    found = await repository.lock_key(uow, key_id)
    if found is None or not rules.is_alive(found[0], uow.real_now):
        raise NotFoundError("key")
    record, member_id = found
    created = await create_key(
        uow, name=record.name, scopes=sorted(record.scopes), member_id=member_id
    )
    await repository.end_key(uow, key_id, uow.real_now + overlap)
    entry = AuditEntry("key.rotated", "key", key_id, {"successor": str(created.id)})
    await audit.record(uow, [entry])
    return created


async def find_key(database: Database, prefix: str) -> KeyRecord | None:
    """By prefix, across the installation: for commands, never for a request."""
    async with database.system() as uow:
        return await repository.get_key_by_prefix(uow, prefix)


async def authenticate(database: Database, raw_key: str | None) -> Caller:
    """Say who holds this key. Raises BadKeyError, or UnavailableError when nobody can say.

    Answers, good and bad, are remembered for at most a second.
    """
    parts = rules.read_key(raw_key) if raw_key else None
    if parts is None:
        raise BadKeyError
    memory = _callers.get(database)
    if memory is None:
        _callers[database] = memory = BriefMemory()
    caller = await memory.ask(parts.secret_hash, lambda: _look_up(database, parts))
    if caller is None:
        raise BadKeyError
    return caller


async def _look_up(database: Database, parts: rules.KeyParts) -> Caller | None:
    async with database.system() as uow:
        stored = await repository.get_key_hash(uow, parts.prefix)
        if not rules.is_right(stored, parts.secret_hash):
            return None
        record = await repository.get_key_by_prefix(uow, parts.prefix)
        if record is None or not rules.opens(record, parts.secret_hash, uow.now):
            return None
        if rules.is_worth_touching(record.last_used_at, uow.now):
            await repository.touch_key(uow, record)
    return Caller(record.workspace_id, record.id, record.name or record.prefix, record.scopes)


async def list_members(
    uow: UnitOfWork, wanted: Stretch = FIRST, *, by_name: bool = False
) -> list[Member]:
    """By when they were added, or by name."""
    return await repository.list_members(uow, wanted, by_name=by_name)


async def get_member(uow: UnitOfWork, member_id: UUID) -> Member:
    member = await repository.get_member(uow, member_id)
    if member is None:
        raise NotFoundError("member")
    return member


async def find_member_ids(uow: UnitOfWork, handles: Sequence[str]) -> dict[str, UUID]:
    """Ids by handle; unknown handles are left out."""
    return await repository.list_member_ids(uow, handles) if handles else {}


async def create_member(
    uow: UnitOfWork, draft: MemberDraft, *, by: frozenset[Scope] = ALL_SCOPES
) -> Member:
    """`by` is what whoever does it may do. Raises AdminsOnlyError, HandleTakenError."""
    if not rules.may_appoint(by, draft.role):
        raise AdminsOnlyError
    member = Member(
        id=ids.new_id(),
        handle=draft.handle,
        name=draft.name,
        email=draft.email,
        role=draft.role,
        active=draft.active,
        created_at=uow.now,
        updated_at=uow.now,
    )
    if not await repository.add_member(uow, member):
        raise HandleTakenError
    detail = {"handle": member.handle, "role": member.role}
    await audit.record(uow, [AuditEntry("member.created", "member", member.id, detail)])
    return member


async def change_member(
    uow: UnitOfWork,
    member_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: frozenset[Scope] = ALL_SCOPES,
) -> Member:
    """Change the given fields of MemberDraft; `by` is what whoever does it may do.

    Raises AdminsOnlyError, HandleTakenError, NotFoundError.
    """
    found = await repository.lock_member(uow, member_id)
    if found is None:
        raise NotFoundError("member")
    if not rules.may_appoint(by, found.role, changes.get("role", found.role)):
        raise AdminsOnlyError
    if not changes:
        return found
    try:
        member = await repository.change_member(uow, member_id, changes)
    except IntegrityError as error:
        raise HandleTakenError from error
    if member is None:
        raise NotFoundError("member")
    detail = {"fields": sorted(changes)}
    await audit.record(uow, [AuditEntry("member.changed", "member", member_id, detail)])
    return member
