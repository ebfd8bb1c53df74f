"""SQL of exports: order them, claim one, read what comes after a place, keep the pieces."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from services.core.exports.models import ExportChunkRow, ExportRow
from services.core.exports.rules import COLUMNS
from services.core.exports.types import (
    LIVE,
    Claim,
    Export,
    ExportDraft,
    ExportState,
    FileFormat,
    What,
)
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork

Place = Sequence[str]

# The earliest due one of any workspace; whoever wrote a while goes behind those that wait.
CLAIM: Final = """
UPDATE exports SET state = 'running', token = token + 1, next_at = :lease_until,
  started_at = coalesce(started_at, :now)
WHERE (workspace_id, id) = (
  SELECT workspace_id, id FROM exports
  WHERE state IN ('waiting', 'running') AND next_at <= :now
  ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING workspace_id, id, token
"""

# One moves through an index that leads with the workspace, from where the last piece ended.
READ: Final[Mapping[What, str]] = {
    What.CASES: """
SELECT {columns} FROM cases WHERE workspace_id = :workspace_id AND opened_at <= :bound {conditions}
  AND id > CAST(CAST(:after_0 AS text) AS uuid) ORDER BY id LIMIT :limit""",
    What.MESSAGES: """
SELECT {columns} FROM messages
WHERE workspace_id = :workspace_id AND occurred_at <= :bound AND content_at IS NOT NULL
  AND (occurred_at, id)
    > (CAST(CAST(:after_0 AS text) AS timestamptz), CAST(CAST(:after_1 AS text) AS uuid))
  {conditions}
ORDER BY occurred_at, id LIMIT :limit""",
    What.FOLLOWERS: """
SELECT {columns} FROM followers
WHERE workspace_id = :workspace_id AND first_seen_at <= :bound {conditions}
  AND id > CAST(CAST(:after_0 AS text) AS uuid) ORDER BY id LIMIT :limit""",
    What.ALERTS: """
SELECT {columns} FROM alerts WHERE workspace_id = :workspace_id AND fired_at <= :bound {conditions}
  AND id > CAST(CAST(:after_0 AS text) AS uuid) ORDER BY id LIMIT :limit""",
    What.METRICS: """
SELECT {columns} FROM metric_rollups
WHERE workspace_id = :workspace_id AND day <= :bound {conditions}
  AND (metric, split, day, key) > (
    CAST(:after_0 AS text), CAST(:after_1 AS text), CAST(CAST(:after_2 AS text) AS date),
    CAST(:after_3 AS text)
  )
ORDER BY metric, split, day, key LIMIT :limit""",
    What.AUDIT: """
SELECT {columns} FROM audit_log WHERE workspace_id = :workspace_id AND at <= :bound {conditions}
  AND id > CAST(CAST(:after_0 AS text) AS uuid) ORDER BY id LIMIT :limit""",
}

_NO_ID: Final = str(UUID(int=0))
FIRST: Final[Mapping[What, Place]] = {
    What.CASES: (_NO_ID,),
    What.MESSAGES: ("-infinity", _NO_ID),
    What.FOLLOWERS: (_NO_ID,),
    What.ALERTS: (_NO_ID,),
    What.METRICS: ("", "", "-infinity", ""),
    What.AUDIT: (_NO_ID,),
}
_KEYS: Final[Mapping[What, tuple[str, ...]]] = {
    What.MESSAGES: ("occurred_at", "id"),
    What.METRICS: ("metric", "split", "day", "key"),
}
_MOMENTS: Final[Mapping[What, str]] = {
    What.CASES: "opened_at",
    What.MESSAGES: "occurred_at",
    What.ALERTS: "fired_at",
    What.METRICS: "day",
    What.AUDIT: "at",
}

# What a deleted message said is told to nobody any more.
_SPECIAL: Final = {"text": "CASE WHEN deleted_at IS NULL THEN text END AS text"}

EXPIRE: Final = """
WITH over AS (
  UPDATE exports SET state = 'expired' WHERE state = 'done' AND expires_at <= :now
  RETURNING workspace_id, id
)
DELETE FROM export_chunks c USING over
WHERE c.workspace_id = over.workspace_id AND c.export_id = over.id
"""

DROP_CHUNKS: Final = (
    "DELETE FROM export_chunks WHERE workspace_id = :workspace_id AND export_id = :id"
)


async def take_turns(uow: UnitOfWork) -> None:
    """Until the transaction ends nobody else orders in this workspace: they are counted first."""
    statement = "SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"
    await uow.execute(statement, {"turn": f"exports/{uow.workspace_id}"})


async def count_live(uow: UnitOfWork) -> int:
    query = select(func.count()).where(
        ExportRow.workspace_id == uow.workspace_id, ExportRow.state.in_(LIVE)
    )
    return int((await uow.execute(query)).scalar_one())


async def add_export(uow: UnitOfWork, export: Export) -> None:
    draft = export.draft
    row = {
        "workspace_id": uow.workspace_id,
        "id": export.id,
        "what": draft.what.value,
        "format": draft.format.value,
        "filters": dict(draft.filters),
        "state": export.state.value,
        "rows_done": 0,
        "bytes_done": 0,
        "chunks": 0,
        "until": export.until,
        "next_at": uow.real_now,
        "token": 0,
        "failures": 0,
        "created_at": export.created_at,
        "created_by": export.created_by,
    }
    await uow.execute(insert(ExportRow).values(row))


async def get_export(uow: UnitOfWork, export_id: UUID, *, lock: bool = False) -> Export | None:
    query = select(ExportRow.__table__).where(
        ExportRow.workspace_id == uow.workspace_id, ExportRow.id == export_id
    )
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    return _export(row) if row else None


async def hold(uow: UnitOfWork, claim: Claim) -> Row[Any] | None:
    """The row, locked, while it is still this claim's."""
    query = (
        select(ExportRow.__table__)
        .where(
            ExportRow.workspace_id == uow.workspace_id,
            ExportRow.id == claim.export_id,
            ExportRow.token == claim.token,
            ExportRow.state == ExportState.RUNNING,
        )
        .with_for_update()
    )
    return (await uow.execute(query)).one_or_none()


async def list_exports(uow: UnitOfWork, wanted: Stretch) -> list[Export]:
    """By their ids, which is when they were ordered."""
    query = select(ExportRow.__table__).where(ExportRow.workspace_id == uow.workspace_id)
    return [_export(row) for row in await uow.execute(wanted.of(query, ExportRow.id))]


async def change_export(uow: UnitOfWork, export_id: UUID, **values: Any) -> None:
    await uow.execute(
        update(ExportRow)
        .where(ExportRow.workspace_id == uow.workspace_id, ExportRow.id == export_id)
        .values(**values)
    )


async def claim(uow: UnitOfWork, lease: timedelta) -> Claim | None:
    """Across workspaces."""
    bound = {"now": uow.now, "lease_until": uow.now + lease}
    row = (await uow.execute(CLAIM, bound)).one_or_none()
    return Claim(row.workspace_id, row.id, row.token) if row else None


async def read_rows(
    uow: UnitOfWork, draft: ExportDraft, until: datetime, after: Place | None, limit: int
) -> tuple[list[Mapping[str, Any]], Place | None]:
    """The rows behind a place, and the place of the last of them; None when no more follow."""
    conditions, bound = _conditions(draft)
    after = FIRST[draft.what] if after is None else after
    keys = _KEYS.get(draft.what, ("id",))
    bound |= {f"after_{place}": value for place, value in enumerate(after)}
    bound |= {"workspace_id": uow.workspace_id, "bound": until, "limit": limit}
    columns = ", ".join(_SPECIAL.get(name, name) for name in COLUMNS[draft.what])
    statement = READ[draft.what].format(conditions=conditions, columns=columns)
    rows = [dict(row) for row in (await uow.execute(statement, bound)).mappings()]
    if len(rows) < limit:
        return list(rows), None
    return list(rows), [_spell(rows[-1][key]) for key in keys]


async def add_chunk(uow: UnitOfWork, export_id: UUID, seq: int, body: bytes) -> None:
    row = {"workspace_id": uow.workspace_id, "export_id": export_id, "seq": seq, "body": body}
    await uow.execute(insert(ExportChunkRow).values(row))


async def get_chunk(uow: UnitOfWork, export_id: UUID, seq: int) -> bytes | None:
    query = select(ExportChunkRow.body).where(
        ExportChunkRow.workspace_id == uow.workspace_id,
        ExportChunkRow.export_id == export_id,
        ExportChunkRow.seq == seq,
    )
    return (await uow.execute(query)).scalar_one_or_none()


async def drop_chunks(uow: UnitOfWork, export_id: UUID) -> None:
    await uow.execute(DROP_CHUNKS, {"workspace_id": uow.workspace_id, "id": export_id})


async def expire(uow: UnitOfWork) -> int:
    """In every workspace: files whose time is over; returns how many pieces went."""
    return int((await uow.execute(EXPIRE, {"now": uow.now})).rowcount)


def draft_of(row: Row[Any]) -> ExportDraft:
    return ExportDraft(What(row.what), FileFormat(row.format), row.filters)


def _export(row: Row[Any]) -> Export:
    return Export(
        id=row.id,
        draft=draft_of(row),
        state=ExportState(row.state),
        rows_done=row.rows_done,
        bytes_done=row.bytes_done,
        chunks=row.chunks,
        until=row.until,
        created_at=row.created_at,
        created_by=row.created_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
        error=row.error,
    )


def _conditions(draft: ExportDraft) -> tuple[str, dict[str, Any]]:
    """Names are of the allow-list; values are bound as text and read by Postgres."""
    written, bound = "", {}
    moment = _MOMENTS.get(draft.what)
    for name, value in draft.filters.items():
        column, sign = {"since": (moment, ">="), "until": (moment, "<")}.get(name, (name, "="))
        kind = {"since": "timestamptz", "until": "timestamptz", "source_id": "uuid"}.get(
            name, "text"
        )
        written += f" AND {column} {sign} CAST(CAST(:f_{name} AS text) AS {kind})"
        bound[f"f_{name}"] = str(value)
    return written, bound


def _spell(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
