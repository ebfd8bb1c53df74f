"""SQL of rotas: versions, which one is in force, and overrides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.rotas.models import RotaOverrideRow, RotaRow, RotaVersionRow
from services.core.rotas.types import Override, Rota, RotaDraft

DRAFT = TypeAdapter(RotaDraft)

COLUMNS = "r.id, r.created_at, v.version, v.definition, v.created_at AS updated_at"

LIVE = f"""
SELECT {COLUMNS} FROM rotas r
JOIN rota_versions v ON v.workspace_id = r.workspace_id AND v.rota_id = r.id
  AND v.version = r.current_version
WHERE r.workspace_id = :workspace_id AND r.archived_at IS NULL {{conditions}}
ORDER BY r.name, r.id
"""
CHOSEN = "AND r.id = ANY(CAST(:ids AS uuid[]))"

VERSIONS = f"""
SELECT {COLUMNS} FROM rota_versions v
JOIN rotas r ON r.workspace_id = v.workspace_id AND r.id = v.rota_id
WHERE v.workspace_id = :workspace_id AND v.rota_id = :rota_id {{stretch}}
"""

OVERRIDES = """
SELECT * FROM rota_overrides
WHERE workspace_id = :workspace_id AND rota_id = ANY(CAST(:ids AS uuid[]))
  AND withdrawn_at IS NULL AND ends_at > :since AND starts_at < :until
ORDER BY starts_at, id
"""

# One at a time writes a workspace's rotas, overrides or teams: counts and overlaps are looked at
# before a row is added, and another must not add its own meanwhile.
TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"


async def take_turns(uow: UnitOfWork, what: str) -> None:
    """Until the transaction ends, nobody else in this workspace passes here."""
    await uow.execute(TAKE_TURNS, {"turn": f"{what}/{uow.workspace_id}"})


async def list_rotas(uow: UnitOfWork, rota_ids: Sequence[UUID] | None = None) -> list[Rota]:
    """Live ones at the versions in force, by name: all, or those named."""
    bound: dict[str, Any] = {"workspace_id": uow.workspace_id}
    if rota_ids is not None:
        bound["ids"] = list(rota_ids)
    statement = LIVE.format(conditions="" if rota_ids is None else CHOSEN)
    return [_rota(row) for row in await uow.execute(statement, bound)]


async def list_versions(uow: UnitOfWork, rota_id: UUID, wanted: Stretch) -> list[Rota]:
    """By their numbers, those of archived rotas too."""
    bound = {"workspace_id": uow.workspace_id, "rota_id": rota_id} | wanted.bound
    statement = VERSIONS.format(stretch=wanted.sql("v.version"))
    return [_rota(row) for row in await uow.execute(statement, bound)]


async def add_rota(uow: UnitOfWork, rota: Rota) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "id": rota.id,
        "created_at": rota.created_at,
        **_columns(rota),
    }
    await uow.execute(insert(RotaRow).values(row))
    await _add_version(uow, rota)


async def change_rota(uow: UnitOfWork, rota: Rota) -> None:
    """Write the next version and put it in force."""
    await _update(uow, rota.id, _columns(rota))
    await _add_version(uow, rota)


async def archive_rota(uow: UnitOfWork, rota_id: UUID) -> None:
    await _update(uow, rota_id, {"archived_at": uow.now})


async def list_overrides(
    uow: UnitOfWork, rota_ids: Sequence[UUID], since: datetime, until: datetime
) -> list[Override]:
    """Those that touch a stretch of time, in order of their beginnings."""
    bound = {
        "workspace_id": uow.workspace_id,
        "ids": list(rota_ids),
        "since": since,
        "until": until,
    }
    return [_override(row) for row in await uow.execute(OVERRIDES, bound)]


async def get_override(uow: UnitOfWork, rota_id: UUID, override_id: UUID) -> Override | None:
    """One that was not taken back; its row is held until the transaction ends."""
    query = select(RotaOverrideRow.__table__).where(
        RotaOverrideRow.workspace_id == uow.workspace_id,
        RotaOverrideRow.id == override_id,
        RotaOverrideRow.rota_id == rota_id,
        RotaOverrideRow.withdrawn_at.is_(None),
    )
    row = (await uow.execute(query.with_for_update())).one_or_none()
    return None if row is None else _override(row)


async def add_override(uow: UnitOfWork, override: Override) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "id": override.id,
        "rota_id": override.rota_id,
        "member_id": override.member_id,
        "starts_at": override.starts_at,
        "ends_at": override.ends_at,
        "note": override.note,
        "created_at": override.created_at,
        "created_by": uow.actor.id,
    }
    await uow.execute(insert(RotaOverrideRow).values(row))


async def change_override(uow: UnitOfWork, override_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(RotaOverrideRow)
        .where(RotaOverrideRow.workspace_id == uow.workspace_id, RotaOverrideRow.id == override_id)
        .values(values)
    )


def _rota(row: Row[Any]) -> Rota:
    draft = DRAFT.validate_python(row.definition)
    return Rota(row.id, row.version, draft, row.created_at, row.updated_at)


def _override(row: Row[Any]) -> Override:
    return Override(
        id=row.id,
        rota_id=row.rota_id,
        member_id=row.member_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        note=row.note,
        created_at=row.created_at,
    )


def _columns(rota: Rota) -> dict[str, Any]:
    return {
        "name": rota.draft.name,
        "current_version": rota.version,
        "updated_at": rota.updated_at,
    }


async def _add_version(uow: UnitOfWork, rota: Rota) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "rota_id": rota.id,
        "version": rota.version,
        "definition": DRAFT.dump_python(rota.draft, mode="json"),
        "created_at": rota.updated_at,
        "created_by": uow.actor.id,
    }
    await uow.execute(insert(RotaVersionRow).values(row))


async def _update(uow: UnitOfWork, rota_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(RotaRow)
        .where(RotaRow.workspace_id == uow.workspace_id, RotaRow.id == rota_id)
        .values(values)
    )
