"""SQL of the product's own lateness: counts over partial indexes, across workspaces."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from services.core.health.models import ProcessRow
from services.core.health.types import ProcessInfo
from services.core.kit.uow import UnitOfWork

# A look at the state of things must never become the load.
PATIENCE = "SET LOCAL statement_timeout = '2s'"

TOTALS = """
SELECT
  journal.pending AS journal_pending, journal.oldest AS journal_oldest,
  (SELECT count(*) FROM journal
   WHERE state = 'quarantined' AND state IN ('quarantined', 'no_handler_yet'))
    AS journal_quarantined,
  clocks.unsettled AS clocks_unsettled, clocks.missed AS clocks_missed,
  timers.pending AS timers_pending, timers.next AS timers_next,
  outbox.pending AS outbox_pending, outbox.oldest AS outbox_oldest,
  (SELECT count(*) FROM outbox WHERE state = 'dead') AS outbox_dead,
  (SELECT coalesce(sum(firing.alerts), 0) FROM workspaces CROSS JOIN LATERAL (
     SELECT count(*) AS alerts FROM alerts
     WHERE alerts.workspace_id = workspaces.id AND alerts.state = 'firing'
   ) AS firing) AS alerts_firing
FROM
  (SELECT count(*) AS pending, min(received_at) AS oldest FROM journal
   WHERE state = 'pending') AS journal,
  (SELECT count(*) AS unsettled, count(*) FILTER (WHERE missed_at IS NOT NULL) AS missed
   FROM clocks WHERE settled_at IS NULL AND state <> 'void') AS clocks,
  (SELECT count(*) AS pending, min(fire_at) AS next FROM timers
   WHERE state = 'pending') AS timers,
  (SELECT count(*) AS pending, min(created_at) AS oldest FROM outbox
   WHERE state = 'pending') AS outbox
"""

OPEN_CASES = """
SELECT tier, count(*) AS cases FROM cases
WHERE state IN ('open', 'answered', 'snoozed') GROUP BY tier
"""

ALIVE = "SELECT count(*) FROM processes WHERE kind = :kind AND seen_at >= :since"

FORGET = "DELETE FROM processes WHERE seen_at < :before"

REVISION = "SELECT version_num FROM alembic_version"


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
    row = await uow.execute(ALIVE, {"kind": kind, "since": since})
    return int(row.scalar_one())


async def get_totals(uow: UnitOfWork) -> Row[Any]:
    await uow.execute(PATIENCE)
    return (await uow.execute(TOTALS)).one()


async def count_open_cases(uow: UnitOfWork) -> dict[str, int]:
    return {row.tier: row.cases for row in await uow.execute(OPEN_CASES)}


async def get_revision(uow: UnitOfWork) -> str | None:
    """The schema's revision; None when there is none or it may not be read."""
    # Asked one after the other: the second question raises when there is no such table.
    found = await uow.execute("SELECT to_regclass('alembic_version')")
    if found.scalar_one() is None:
        return None
    may = await uow.execute("SELECT has_table_privilege('alembic_version', 'SELECT')")
    if not may.scalar_one():
        return None
    revision: str | None = (await uow.execute(REVISION)).scalars().first()
    return revision
