"""SQL of the trail: append and read; the one sealer adds places and hashes, nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, select

from services.core.audit.models import AuditRow
from services.core.audit.types import AuditEntry, AuditFilter
from services.core.kit import ids
from services.core.kit.bulk import insert_rows, update_rows
from services.core.kit.uow import UnitOfWork

AUDIT_LOG: Final = cast("Table", AuditRow.__table__)

# One sealer at a time in the whole installation: the order is given by a single writer.
SEALER_LOCK: Final = 0x77617274

UNSEALED_WORKSPACES = "SELECT DISTINCT workspace_id FROM audit_log WHERE seq IS NULL LIMIT 500"

UNSEALED = """
SELECT * FROM audit_log WHERE workspace_id = :workspace_id AND seq IS NULL ORDER BY id LIMIT :limit
"""

HEAD = "SELECT last_seq, last_hash FROM audit_heads WHERE workspace_id = :workspace_id"

# Of one moment: the sealer writes both together.
HIGHEST = """
SELECT coalesce((SELECT max(seq) FROM audit_log WHERE workspace_id = :workspace_id), 0) AS highest,
  h.last_seq, h.last_hash
FROM (SELECT 1) AS one LEFT JOIN audit_heads h ON h.workspace_id = :workspace_id
"""

MOVE_HEAD = """
INSERT INTO audit_heads (workspace_id, last_seq, last_hash) VALUES (:workspace_id, :seq, :hash)
ON CONFLICT (workspace_id) DO UPDATE SET last_seq = excluded.last_seq,
  last_hash = excluded.last_hash
"""

SEALED = """
SELECT * FROM audit_log WHERE workspace_id = :workspace_id AND seq > :after AND seq <= :until
ORDER BY seq LIMIT :limit
"""

COUNT_UNSEALED = "SELECT count(*) FROM audit_log WHERE workspace_id = :workspace_id AND seq IS NULL"


async def lock_sealer(uow: UnitOfWork) -> bool:
    """True when this transaction is the sealer until it ends."""
    row = await uow.execute("SELECT pg_try_advisory_xact_lock(:key)", {"key": SEALER_LOCK})
    return bool(row.scalar_one())


async def list_unsealed_workspaces(uow: UnitOfWork) -> list[UUID]:
    return list((await uow.execute(UNSEALED_WORKSPACES)).scalars())


async def list_unsealed(uow: UnitOfWork, limit: int) -> list[dict[str, Any]]:
    parameters = {"workspace_id": uow.workspace_id, "limit": limit}
    return [dict(row) for row in (await uow.execute(UNSEALED, parameters)).mappings()]


async def get_head(uow: UnitOfWork) -> tuple[int, bytes] | None:
    """(last place given, its hash)."""
    row = (await uow.execute(HEAD, {"workspace_id": uow.workspace_id})).one_or_none()
    return (row.last_seq, bytes(row.last_hash)) if row else None


async def get_end(uow: UnitOfWork) -> tuple[tuple[int, bytes] | None, int]:
    """The head as `get_head`, and the highest place any row has."""
    row = (await uow.execute(HIGHEST, {"workspace_id": uow.workspace_id})).one()
    head = None if row.last_seq is None else (row.last_seq, bytes(row.last_hash))
    return head, row.highest


async def seal(uow: UnitOfWork, places: Sequence[Mapping[str, Any]]) -> None:
    """Write `seq` and `hash` of rows by `id`, the last of them being the new end."""
    await update_rows(uow, AUDIT_LOG, places)
    last = {"seq": places[-1]["seq"], "hash": places[-1]["hash"]}
    await uow.execute(MOVE_HEAD, {"workspace_id": uow.workspace_id, **last})


async def list_sealed(uow: UnitOfWork, after: int, until: int, limit: int) -> list[dict[str, Any]]:
    """By place, those behind `after` up to `until`."""
    places = {"after": after, "until": until, "limit": limit}
    parameters = {"workspace_id": uow.workspace_id, **places}
    return [dict(row) for row in (await uow.execute(SEALED, parameters)).mappings()]


async def count_unsealed(uow: UnitOfWork) -> int:
    found = await uow.execute(COUNT_UNSEALED, {"workspace_id": uow.workspace_id})
    return int(found.scalar_one())


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
            "request_id": uow.request_of(entry.subject_id),
        }
        for entry in entries
    ]
    await insert_rows(uow, AUDIT_LOG, rows)


async def list_entries(
    uow: UnitOfWork, wanted: AuditFilter, *, after: UUID | None, limit: int, oldest_first: bool
) -> list[Row[Any]]:
    """`after` is the id of the last row already seen."""
    query = select(AuditRow.__table__).where(
        AuditRow.workspace_id == uow.workspace_id, *_conditions(wanted)
    )
    if after is not None:
        query = query.where(AuditRow.id > after if oldest_first else AuditRow.id < after)
    order = AuditRow.id.asc() if oldest_first else AuditRow.id.desc()
    return list(await uow.execute(query.order_by(order).limit(limit)))


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.actor_id is not None:
        yield AuditRow.actor_id == wanted.actor_id
    if wanted.action is not None:
        # LIKE, and not `^@`: only it finds the index on every Postgres there is.
        yield AuditRow.action.startswith(wanted.action, autoescape=True)
    if wanted.subject_kind is not None:
        yield AuditRow.subject_kind == wanted.subject_kind
    if wanted.subject_id is not None:
        yield AuditRow.subject_id == wanted.subject_id
    if wanted.since is not None:
        yield AuditRow.at >= wanted.since
    if wanted.until is not None:
        yield AuditRow.at < wanted.until
