"""SQL of heartbeats: one row a process, and one that all auditors share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.core.health.models import ProcessRow
from services.core.health.types import Alive, ProcessInfo
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork

AUDITOR: Final = "auditor"
# Every auditor writes the same row, so that each change is announced by one of them.
VERDICT_ID: Final = ids.derived_id("auditor", "verdict")

ALIVE: Final = """
SELECT host || ':' || pid AS place, report
FROM processes WHERE kind = :kind AND seen_at >= :since ORDER BY host, pid
"""

COUNT: Final = "SELECT count(*) FROM processes WHERE kind = :kind AND seen_at >= :since"

VANISHED: Final = """
SELECT count(*) FROM processes WHERE kind = :kind AND seen_at < :since AND seen_at >= :after
"""

# The auditors' row goes with the others when all of them have been gone for so long.
FORGET: Final = "DELETE FROM processes WHERE seen_at < :before"

# Locked, so that of two auditors the second sees what the first has announced.
LOCK_VERDICT: Final = """
INSERT INTO processes (id, kind, host, pid, started_at, seen_at, report)
VALUES (:id, :kind, '', 0, :now, :now, '{}')
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind
RETURNING report
"""

PUT_VERDICT: Final = text(
    "UPDATE processes SET seen_at = :now, report = :report WHERE id = :id"
).bindparams(bindparam("report", type_=JSONB()))

NOTE_PING: Final = """
UPDATE processes SET report = report || jsonb_build_object('pinged_at', CAST(:at AS float8))
WHERE id = :id
"""

WORKSPACES: Final = "SELECT id FROM workspaces ORDER BY id LIMIT :limit"

GET_VERDICT: Final = "SELECT seen_at, report FROM processes WHERE id = :id"


async def put_process(uow: UnitOfWork, process: ProcessInfo) -> None:
    statement = insert(ProcessRow).values(
        id=process.id,
        kind=process.kind,
        host=process.host,
        pid=process.pid,
        started_at=process.started_at,
        seen_at=uow.now,
        report=process.report,
    )
    fresh = {"seen_at": statement.excluded.seen_at, "report": statement.excluded.report}
    await uow.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh))


async def delete_process(uow: UnitOfWork, process: ProcessInfo) -> None:
    await uow.execute("DELETE FROM processes WHERE id = :id", {"id": process.id})


async def forget_processes(uow: UnitOfWork, before: datetime) -> None:
    await uow.execute(FORGET, {"before": before})


async def count_processes(uow: UnitOfWork, kind: str, since: datetime) -> int:
    row = await uow.execute(COUNT, {"kind": kind, "since": since})
    return int(row.scalar_one())


async def list_alive(uow: UnitOfWork, kind: str, since: datetime) -> list[Alive]:
    rows = await uow.execute(ALIVE, {"kind": kind, "since": since})
    return [Alive(row.place, row.report) for row in rows]


async def count_vanished(uow: UnitOfWork, kind: str, *, since: datetime, after: datetime) -> int:
    """Processes last seen in [after, since) that did not say goodbye."""
    row = await uow.execute(VANISHED, {"kind": kind, "since": since, "after": after})
    return int(row.scalar_one())


async def lock_verdict(uow: UnitOfWork) -> Mapping[str, Any]:
    """What was found last, locked until this transaction ends; empty at the first look."""
    row = await uow.execute(LOCK_VERDICT, {"id": VERDICT_ID, "kind": AUDITOR, "now": uow.now})
    found: Mapping[str, Any] = row.scalar_one()
    return found


async def put_verdict(uow: UnitOfWork, report: Mapping[str, Any]) -> None:
    await uow.execute(PUT_VERDICT, {"id": VERDICT_ID, "now": uow.now, "report": report})


async def note_ping(uow: UnitOfWork) -> None:
    await uow.execute(NOTE_PING, {"id": VERDICT_ID, "at": uow.now.timestamp()})


async def list_workspaces(uow: UnitOfWork, limit: int) -> list[UUID]:
    return list((await uow.execute(WORKSPACES, {"limit": limit})).scalars())


async def get_verdict(uow: UnitOfWork) -> Row[Any] | None:
    return (await uow.execute(GET_VERDICT, {"id": VERDICT_ID})).one_or_none()
