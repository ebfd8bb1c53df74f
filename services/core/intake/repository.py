"""SQL of intake run: sources and secrets, keys and journal, claims and what became of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from services.core.intake import statements
from services.core.intake.admission import Columns, EventId
from services.core.intake.models import SourceRow, SourceSecretRow
from services.core.intake.records import (
    DeliverySummary,
    EntryFailure,
    EntryKey,
    EntryView,
    NewSecret,
    SecretInfo,
    Source,
    SourceDoor,
)
from services.core.intake.states import DeliveryState, EntryState, delivery_state
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork


async def find_door(uow: UnitOfWork, source_id: UUID) -> SourceDoor | None:
    """Across workspaces: for the system role, before the workspace is known."""
    found = await uow.execute(statements.FIND_DOOR, {"source_id": source_id, "now": uow.real_now})
    row = found.one_or_none()
    if row is None:
        return None
    return SourceDoor(row.workspace_id, source_id, row.ingest_per_minute, tuple(row.secrets))


async def add_source(uow: UnitOfWork, source: Source) -> None:
    values = {
        "workspace_id": uow.workspace_id,
        "id": source.id,
        "name": source.name,
        "platform": source.platform,
        "own_accounts": list(source.own_accounts),
        "created_at": source.created_at,
        "updated_at": source.updated_at,
    }
    await uow.execute(insert(SourceRow).values(**values))


async def list_sources(uow: UnitOfWork, wanted: Stretch, *, by_name: bool) -> list[Source]:
    """By their names or their ids, which is when they were made; deleted ones are left out."""
    query = select(SourceRow.__table__).where(
        SourceRow.workspace_id == uow.workspace_id, SourceRow.deleted_at.is_(None)
    )
    order = (SourceRow.name, SourceRow.id) if by_name else (SourceRow.id,)
    rows = (await uow.execute(wanted.of(query, *order))).all()
    secrets = await _list_secrets(uow, [row.id for row in rows])
    return [_source(row, secrets.get(row.id, ())) for row in rows]


async def get_source(uow: UnitOfWork, source_id: UUID) -> Source | None:
    query = select(SourceRow.__table__).where(
        SourceRow.workspace_id == uow.workspace_id,
        SourceRow.id == source_id,
        SourceRow.deleted_at.is_(None),
    )
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        return None
    secrets = await _list_secrets(uow, [source_id])
    return _source(row, secrets.get(source_id, ()))


async def change_source(uow: UnitOfWork, source_id: UUID, changes: Mapping[str, Any]) -> bool:
    """False when there is no such source, or it was deleted."""
    statement = (
        update(SourceRow)
        .where(
            SourceRow.workspace_id == uow.workspace_id,
            SourceRow.id == source_id,
            SourceRow.deleted_at.is_(None),
        )
        .values(**changes, updated_at=uow.real_now)
    )
    return (await uow.execute(statement)).rowcount == 1


async def list_own_accounts(uow: UnitOfWork) -> dict[UUID, tuple[str, ...]]:
    rows = await uow.execute(statements.LIST_OWN_ACCOUNTS, {"workspace_id": uow.workspace_id})
    return {row.id: tuple(row.own_accounts) for row in rows}


async def add_secret(uow: UnitOfWork, source_id: UUID, secret: NewSecret) -> None:
    values = {
        "workspace_id": uow.workspace_id,
        "id": secret.id,
        "source_id": source_id,
        "secret": secret.secret,
        "created_at": secret.created_at,
    }
    await uow.execute(insert(SourceSecretRow).values(**values))


async def retire_secrets(uow: UnitOfWork, source_id: UUID, expires_at: datetime) -> None:
    """Let the newest secret live until `expires_at` at most, and end the older ones."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "source_id": source_id,
        "now": uow.real_now,
        "expires_at": expires_at,
    }
    await uow.execute(statements.RETIRE_SECRETS, parameters)


async def revoke_secrets(uow: UnitOfWork, source_id: UUID, secret_id: UUID | None = None) -> bool:
    """End one secret, or all of them; False when none was live."""
    statement = update(SourceSecretRow).where(
        SourceSecretRow.workspace_id == uow.workspace_id,
        SourceSecretRow.source_id == source_id,
        SourceSecretRow.revoked_at.is_(None),
    )
    if secret_id is not None:
        statement = statement.where(SourceSecretRow.id == secret_id)
    return (await uow.execute(statement.values(revoked_at=uow.real_now))).rowcount > 0


async def add_delivery_keys(uow: UnitOfWork, keys: Columns) -> set[UUID]:
    """Returns the deliveries whose webhook-id is new."""
    parameters = keys | {"workspace_id": uow.workspace_id, "now": uow.real_now}
    return set((await uow.execute(statements.ADD_DELIVERY_KEYS, parameters)).scalars())


async def list_originals(uow: UnitOfWork, keys: Columns) -> list[UUID]:
    """The delivery that came first, for each key; another body under the same id is counted."""
    names = ("source_ids", "spaces", "external_ids", "hashes")
    parameters = {name: keys[name] for name in names} | {"workspace_id": uow.workspace_id}
    rows = await uow.execute(statements.FIND_ORIGINALS, parameters)
    return [row.delivery_id for row in sorted(rows, key=lambda row: row.place)]


async def add_event_keys(uow: UnitOfWork, keys: Columns) -> set[EventId]:
    """Returns the events whose id is new."""
    parameters = keys | {"workspace_id": uow.workspace_id, "now": uow.real_now}
    rows = await uow.execute(statements.ADD_EVENT_KEYS, parameters)
    return {(row.source_id, row.external_id) for row in rows}


async def add_deliveries(uow: UnitOfWork, deliveries: Columns, entries: Columns) -> None:
    fixed = {"workspace_id": uow.workspace_id, "now": uow.real_now}
    await uow.execute(statements.ADD_DELIVERIES, deliveries | fixed)
    if entries["delivery_ids"]:
        await uow.execute(statements.ADD_ENTRIES, entries | fixed)


async def list_turns(uow: UnitOfWork, limit: int) -> list[UUID]:
    """Workspaces with something due, across all of them: for the system role."""
    await uow.execute(statements.BY_INDEX_ONLY)
    parameters = {"now": uow.real_now, "limit": limit}
    return list((await uow.execute(statements.TURNS, parameters)).scalars())


async def claim_entries(
    uow: UnitOfWork, workspace_ids: Sequence[UUID], *, share: int, part: int, lease_seconds: float
) -> list[Row[Any]]:
    """At most `share` of each, `part` of a lane, never tried before: for the system role."""
    parameters = {
        "workspace_ids": list(workspace_ids),
        "now": uow.real_now,
        "share": share,
        "part": part,
        "lease_seconds": float(lease_seconds),
    }
    return list(await uow.execute(statements.CLAIM, parameters))


async def claim_tried(
    uow: UnitOfWork, *, company: int, lease_seconds: float, max_claims: int
) -> list[Row[Any]]:
    """Some that were tried before, or one that is given up on: for the system role."""
    await uow.execute(statements.BY_INDEX_ONLY)
    parameters = {
        "now": uow.real_now,
        "company": company,
        "lease_seconds": float(lease_seconds),
        "max_claims": max_claims,
    }
    return list(await uow.execute(statements.CLAIM_TRIED, parameters))


async def list_bodies(
    uow: UnitOfWork, workspace_ids: Sequence[UUID], ids: Sequence[UUID]
) -> list[Row[Any]]:
    """Across workspaces: for the system role."""
    parameters = {"workspace_ids": list(workspace_ids), "ids": list(ids)}
    return list(await uow.execute(statements.BODIES, parameters))


async def complete_entries(uow: UnitOfWork, keys: Sequence[EntryKey]) -> set[EntryKey]:
    """Returns those that were still the caller's to complete."""
    parameters = _claimed(uow, keys) | {"now": uow.real_now}
    rows = await uow.execute(statements.COMPLETE, parameters)
    return {EntryKey(row.delivery_id, row.position, row.token) for row in rows}


async def fail_entries(
    uow: UnitOfWork,
    failures: Sequence[EntryFailure],
    *,
    retry_at: datetime | None,
    max_attempts: int,
) -> int:
    """Returns how many were given up on."""
    parameters = _claimed(uow, [failure.key for failure in failures]) | {
        "errors": [failure.error for failure in failures],
        "retry_at": retry_at,
        "now": uow.real_now,
        "max_attempts": max_attempts,
    }
    states = (await uow.execute(statements.FAIL, parameters)).scalars()
    return sum(state == EntryState.QUARANTINED for state in states)


async def release_entries(uow: UnitOfWork, keys: Sequence[EntryKey]) -> int:
    parameters = _claimed(uow, keys) | {"now": uow.real_now}
    return (await uow.execute(statements.RELEASE, parameters)).rowcount


async def put_back_entries(uow: UnitOfWork, keys: Sequence[EntryKey]) -> int:
    return (await uow.execute(statements.PUT_BACK, _claimed(uow, keys))).rowcount


async def replay_delivery(uow: UnitOfWork, delivery_id: UUID, handled_types: Sequence[str]) -> int:
    parameters = {
        "workspace_id": uow.workspace_id,
        "delivery_id": delivery_id,
        "handled_types": list(handled_types),
        "now": uow.real_now,
    }
    return (await uow.execute(statements.REPLAY_DELIVERY, parameters)).rowcount


async def count_replayable(
    uow: UnitOfWork,
    *,
    first: UUID,
    end: UUID,
    states: Sequence[EntryState],
    handled_types: Sequence[str],
) -> dict[EntryState, int]:
    """By state, of deliveries with ids in [first, end)."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "first": first,
        "end": end,
        "states": [state.value for state in states],
        "handled_types": list(handled_types),
    }
    rows = await uow.execute(statements.COUNT_REPLAYABLE, parameters)
    return {EntryState(row.state): row.entries for row in rows}


async def replay_batch(
    uow: UnitOfWork,
    *,
    after: tuple[UUID, int],
    until: UUID,
    states: Sequence[EntryState],
    handled_types: Sequence[str],
    limit: int,
) -> tuple[int, tuple[UUID, int]] | None:
    """How many, and where the batch ended; None when nothing is left."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "delivery_id": after[0],
        "position": after[1],
        "until": until,
        "states": [state.value for state in states],
        "handled_types": list(handled_types),
        "limit": limit,
        "now": uow.real_now,
    }
    row = (await uow.execute(statements.REPLAY_BATCH, parameters)).one_or_none()
    return None if row is None else (row.replayed, (row.delivery_id, row.position))


async def get_delivery(uow: UnitOfWork, delivery_id: UUID) -> DeliverySummary | None:
    parameters = {"workspace_id": uow.workspace_id, "delivery_id": delivery_id}
    row = (await uow.execute(statements.GET_DELIVERY, parameters)).one_or_none()
    return _summary(row) if row else None


async def list_entries(uow: UnitOfWork, delivery_id: UUID) -> list[EntryView]:
    parameters = {"workspace_id": uow.workspace_id, "delivery_id": delivery_id}
    rows = await uow.execute(statements.LIST_ENTRIES, parameters)
    return [_entry(row) for row in rows]


async def list_deliveries(
    uow: UnitOfWork, wanted: Stretch, *, source_id: UUID | None, state: DeliveryState | None
) -> list[DeliverySummary]:
    """By their ids, which is when they came."""
    named = {"workspace_id": uow.workspace_id, "source_id": source_id, "state": state}
    statement = statements.LIST_DELIVERIES.format(stretch=wanted.sql("deliveries.id"))
    return [_summary(row) for row in await uow.execute(statement, named | wanted.bound)]


async def _list_secrets(
    uow: UnitOfWork, source_ids: Sequence[UUID]
) -> dict[UUID, tuple[SecretInfo, ...]]:
    parameters = {
        "workspace_id": uow.workspace_id,
        "source_ids": list(source_ids),
        "now": uow.real_now,
    }
    found: dict[UUID, tuple[SecretInfo, ...]] = {}
    for row in await uow.execute(statements.LIST_SECRETS, parameters):
        info = SecretInfo(row.id, row.created_at, row.expires_at)
        found[row.source_id] = (*found.get(row.source_id, ()), info)
    return found


def _claimed(uow: UnitOfWork, keys: Sequence[EntryKey]) -> dict[str, Any]:
    return {
        "workspace_id": uow.workspace_id,
        "delivery_ids": [key.delivery_id for key in keys],
        "positions": [key.position for key in keys],
        "tokens": [key.token for key in keys],
    }


def _source(row: Row[Any], secrets: tuple[SecretInfo, ...]) -> Source:
    return Source(
        id=row.id,
        name=row.name,
        platform=row.platform,
        own_accounts=tuple(row.own_accounts),
        created_at=row.created_at,
        updated_at=row.updated_at,
        secrets=secrets,
    )


def _entry(row: Row[Any]) -> EntryView:
    return EntryView(
        position=row.position,
        external_id=row.external_id,
        type=row.type,
        state=EntryState(row.state),
        occurred_at=row.occurred_at,
        historical=row.historical,
        attempts=row.attempts,
        error=row.error,
        processed_at=row.processed_at,
    )


def _summary(row: Row[Any]) -> DeliverySummary:
    found = {EntryState.PENDING: row.pending, EntryState.QUARANTINED: row.quarantined}
    state = delivery_state([entry for entry, present in found.items() if present])
    return DeliverySummary(
        id=row.id,
        source_id=row.source_id,
        webhook_id=row.webhook_id,
        state=state,
        events=row.event_count,
        duplicates=row.duplicate_count,
        received_at=row.received_at,
        request_id=row.request_id,
    )
