"""SQL of the clockwork's look: in which workspaces moments are due, and when the next one comes."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

# One look, many times a second, whose cost is that of what is due: two probes of one index.
CLOCKWORK: Final = """
WITH earliest AS MATERIALIZED (
  SELECT workspace_id FROM timers WHERE state = 'pending' AND fire_at <= :now
  ORDER BY fire_at LIMIT :sight
)
SELECT ARRAY(SELECT DISTINCT workspace_id FROM earliest) AS due,
  (SELECT count(*) FROM earliest) AS seen,
  (SELECT min(fire_at) FROM timers WHERE state = 'pending') AS next_at
"""
SIGHT: Final = 5_000

# When more is due than that look reaches, one workspace may hide all others: every one whose clocks
# run is asked then, by jumping from one to the next in the index, and who waits longest goes first.
CROWDED: Final = """
WITH RECURSIVE running AS (
  (SELECT workspace_id FROM timers WHERE state = 'pending'
   ORDER BY workspace_id, tier, fire_at, id LIMIT 1)
  UNION ALL
  SELECT following.workspace_id FROM running r CROSS JOIN LATERAL (
    SELECT t.workspace_id FROM timers t
    WHERE t.state = 'pending' AND t.workspace_id > r.workspace_id
    ORDER BY t.workspace_id, t.tier, t.fire_at, t.id LIMIT 1
  ) AS following
)
SELECT r.workspace_id FROM running r CROSS JOIN LATERAL (
  SELECT min(head.fire_at) AS fire_at
  FROM (VALUES ('urgent'), ('important'), ('routine'), ('spam')) AS tiers (tier)
  CROSS JOIN LATERAL (
    SELECT t.fire_at FROM timers t
    WHERE t.workspace_id = r.workspace_id AND t.tier = tiers.tier AND t.state = 'pending'
    ORDER BY t.fire_at, t.id LIMIT 1
  ) AS head
) AS first
WHERE first.fire_at <= :now ORDER BY first.fire_at, r.workspace_id
"""

# Sandboxes, few and only on installations that have them: when each has something to do, by
# one probe for each tier of the index of its own workspace.
SANDBOX_CLOCKWORK: Final = """
SELECT s.workspace_id, first.fire_at - s.ahead AS next_at
FROM sandbox_clocks s CROSS JOIN LATERAL (
  SELECT min(head.fire_at) AS fire_at
  FROM (VALUES ('urgent'), ('important'), ('routine'), ('spam')) AS tiers (tier)
  CROSS JOIN LATERAL (
    SELECT fire_at FROM timers t
    WHERE t.workspace_id = s.workspace_id AND t.tier = tiers.tier AND t.state = 'pending'
    ORDER BY t.fire_at LIMIT 1
  ) AS head
) AS first
WHERE first.fire_at IS NOT NULL
"""


async def look_at_timers(uow: UnitOfWork) -> tuple[list[UUID], datetime | None]:
    """Workspaces with due timers, and when the first timer of all is due."""
    row = (await uow.execute(CLOCKWORK, {"now": uow.now, "sight": SIGHT})).one()
    if row.seen < SIGHT:
        return list(row.due), row.next_at
    return list((await uow.execute(CROWDED, {"now": uow.now})).scalars()), row.next_at


async def look_at_sandboxes(uow: UnitOfWork) -> list[Row[Any]]:
    """Each sandbox with a moment ahead of it, and when that comes in everybody's time."""
    return list(await uow.execute(SANDBOX_CLOCKWORK))
