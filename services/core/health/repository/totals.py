"""SQL of totals: counts over partial indexes; unlike ages they cost what they count."""

from typing import Any, Final

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

PATIENCE: Final = "SET LOCAL statement_timeout = '2s'"

TOTALS: Final = """
SELECT
  (SELECT count(*) FROM journal WHERE state = 'pending') AS journal_pending,
  (SELECT count(*) FROM journal
   WHERE state = 'quarantined' AND state IN ('quarantined', 'no_handler_yet'))
    AS journal_quarantined,
  (SELECT count(*) FROM timers WHERE state = 'pending') AS timers_pending,
  (SELECT count(*) FROM outbox WHERE state = 'pending') AS outbox_pending,
  (SELECT count(*) FROM outbox WHERE state = 'dead') AS outbox_dead,
  (SELECT count(*) FROM subscription_parcels WHERE state = 'dead') AS parcels_dead,
  (SELECT coalesce(sum(conflicts), 0) FROM delivery_keys WHERE conflicts > 0)
    AS conflicting_bodies,
  (SELECT coalesce(sum(firing.alerts), 0) FROM workspaces CROSS JOIN LATERAL (
     SELECT count(*) AS alerts FROM alerts
     WHERE alerts.workspace_id = workspaces.id AND alerts.state = 'firing'
   ) AS firing) AS alerts_firing,
  (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - least(
     (SELECT min(noted_at) FROM changed_hours),
     (SELECT min(stale_since) FROM metric_days WHERE stale_since IS NOT NULL))), 0))
    AS rollup_lag_seconds,
  (SELECT coalesce(sum(mismatches), 0) FROM metric_heads) AS rollup_mismatches
"""

# What stands still is due at no known time.
OPEN_PROMISES: Final = """
SELECT tier, count(*) AS unsettled, count(*) FILTER (WHERE missed_at IS NOT NULL) AS broken,
  count(*) FILTER (WHERE missed_at IS NULL AND state = 'running'
    AND due_at <= CAST(:now AS timestamptz) + interval '1 hour') AS due_soon
FROM clocks WHERE settled_at IS NULL AND state <> 'void' GROUP BY tier
"""

OPEN_CASES: Final = """
SELECT tier, count(*) AS cases FROM cases
WHERE state IN ('open', 'answered', 'snoozed') GROUP BY tier
"""

REVISION: Final = "SELECT version_num FROM alembic_version"


async def get_totals(uow: UnitOfWork) -> Row[Any]:
    await uow.execute(PATIENCE)
    return (await uow.execute(TOTALS, {"now": uow.now})).one()


async def count_open_cases(uow: UnitOfWork) -> dict[str, int]:
    return {row.tier: row.cases for row in await uow.execute(OPEN_CASES)}


async def count_open_promises(uow: UnitOfWork) -> list[Row[Any]]:
    """By tier: how many are open, due within the hour, and broken."""
    return list(await uow.execute(OPEN_PROMISES, {"now": uow.now}))


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
