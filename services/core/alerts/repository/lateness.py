"""SQL of the product's own lateness: over what was sent lately, by an index on when."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

# A warning was due when its timer was, or when the promise became known, whichever was later; what
# somebody asked for, and later steps, when they were asked for. News of the end promise nothing.
SENT: Final = """
WITH told AS (
  SELECT o.channel_id, o.tier, greatest(0, extract(epoch FROM o.sent_at -
    CASE WHEN o.purpose = 'firing' AND a.generation = 1 AND k.id IS NOT NULL
      THEN least(o.created_at, greatest(a.fire_at - CAST(:drift AS interval), k.created_at))
      ELSE o.created_at END)) AS seconds
  FROM outbox o
  JOIN alerts a ON a.workspace_id = o.workspace_id AND a.id = o.alert_id
  LEFT JOIN clocks k ON k.workspace_id = a.workspace_id AND k.id = a.clock_id
  WHERE o.workspace_id = :workspace_id AND o.state = 'sent' AND o.sent_at >= :since
    AND o.purpose <> 'resolved'
), sent AS (
  SELECT channel_id, tier, count(*) AS sent,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY seconds) AS p99,
    count(*) FILTER (WHERE seconds <= :seconds) AS in_time
  FROM told GROUP BY channel_id, tier
), overdue AS (
  SELECT channel_id, tier, count(*) AS overdue FROM (
    SELECT channel_id, tier FROM outbox
    WHERE workspace_id = :workspace_id AND state = 'pending' AND purpose <> 'resolved'
      AND created_at < :overdue_before
    LIMIT :enough
  ) AS waiting GROUP BY channel_id, tier
)
SELECT c.id, c.name, c.kind, tier, coalesce(sent.sent, 0) AS sent, sent.p50, sent.p99,
  coalesce(sent.in_time, 0) AS in_time, coalesce(overdue.overdue, 0) AS overdue
FROM sent FULL JOIN overdue USING (channel_id, tier)
JOIN channels c ON c.workspace_id = :workspace_id AND c.id = channel_id
ORDER BY c.name, c.id, array_position(ARRAY['urgent', 'important', 'routine', 'spam'], tier)
"""

# More than that overdue changes nothing about what a person does.
ENOUGH: Final = 100_000


async def read_lateness(uow: UnitOfWork, *, since: datetime, seconds: int) -> list[Row[Any]]:
    """A row for each channel and tier that was sent something since then, or is owed something."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "since": since,
        "seconds": seconds,
        "overdue_before": uow.real_now - timedelta(seconds=seconds),
        "drift": uow.drift,
        "enough": ENOUGH,
    }
    return list(await uow.execute(SENT, parameters))
