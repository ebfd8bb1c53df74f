"""SQL of letting go: the oldest finished sendings of each workspace, a bounded number at a time."""

from datetime import datetime
from typing import Final

from services.core.kit import ids
from services.core.kit.uow import UnitOfWork

# Ids grow with time: the oldest lie at the front of the primary key. What still waits is kept.
FORGET: Final = """
WITH old AS MATERIALIZED (
  SELECT o.workspace_id, o.id FROM workspaces w CROSS JOIN LATERAL (
    SELECT workspace_id, id FROM outbox
    WHERE workspace_id = w.id AND id < :before_id AND state <> 'pending'
    ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
  ) AS o LIMIT :limit
), attempts AS (
  DELETE FROM send_attempts a USING old
  WHERE a.workspace_id = old.workspace_id AND a.outbox_id = old.id
), sendings AS (
  DELETE FROM outbox o USING old WHERE o.workspace_id = old.workspace_id AND o.id = old.id
  RETURNING o.id
)
SELECT count(*) FROM sendings
"""


async def forget(uow: UnitOfWork, *, before: datetime, limit: int) -> int:
    """Delete what was queued before then and is over, with its attempts; how many rows."""
    parameters = {"before_id": ids.first_id_at(before), "limit": limit}
    return int((await uow.execute(FORGET, parameters)).scalar_one())
