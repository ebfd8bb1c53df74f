"""SQL of second ways: what did not get through where it was to go, and who else could hear it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit import ids
from services.core.kit.uow import UnitOfWork

# Where a second way may be wanted: something died, a channel is paused, or one fails for long.
WORKSPACES: Final = """
SELECT workspace_id FROM outbox
WHERE state = 'dead' AND fell_back_at IS NULL AND id >= :since_id
UNION
SELECT workspace_id FROM channels
WHERE paused_at IS NOT NULL AND enabled AND archived_at IS NULL
UNION
SELECT workspace_id FROM channel_states WHERE failing_since <= :failing_before
"""

# Many may have nothing to pass on, and stay: everybody has their turn, in another order each time.
TURNS: Final = f"""
SELECT workspace_id FROM ({WORKSPACES}) AS found
ORDER BY hashtextextended(CAST(workspace_id AS text), CAST(:turn AS bigint)) LIMIT :limit
"""

# A row is told once elsewhere, and what was told elsewhere is not passed on again. The second
# channel of its own step goes first, then that of another step the alert climbs; without one an
# urgent alert takes any other, the healthiest before all, unless somebody was told of it already.
FORSAKEN: Final = """
WITH lost AS (
  SELECT o.id FROM outbox o
  WHERE o.workspace_id = :workspace_id AND o.state = 'dead' AND o.fell_back_at IS NULL
    AND o.id >= :since_id
  UNION ALL
  SELECT o.id FROM channels c
  LEFT JOIN channel_states s ON s.workspace_id = c.workspace_id AND s.channel_id = c.id
  JOIN outbox o ON o.workspace_id = c.workspace_id AND o.channel_id = c.id
    AND o.state = 'pending' AND o.fell_back_at IS NULL
  WHERE c.workspace_id = :workspace_id AND c.enabled AND c.archived_at IS NULL
    AND (c.paused_at IS NOT NULL OR (s.failing_since <= :failing_before AND o.tier = 'urgent'))
), wanted AS (
  SELECT o.id, o.alert_id, o.channel_id, o.purpose, o.sequence, o.tier, o.message, o.request_id,
    own.channel_id AS named
  FROM lost JOIN outbox o ON o.workspace_id = :workspace_id AND o.id = lost.id
  JOIN alerts a ON a.workspace_id = o.workspace_id AND a.id = o.alert_id AND a.state = 'firing'
  LEFT JOIN LATERAL (
    SELECT CAST(step ->> 'fallback_channel_id' AS uuid) AS channel_id
    FROM (
      SELECT step, CAST(step ->> 'percent' AS int) AS percent,
        row_number() OVER (PARTITION BY step -> 'percent' ORDER BY place) - 1 AS position
      FROM jsonb_array_elements(a.ladder -> 'steps') WITH ORDINALITY AS steps (step, place)
    ) AS steps
    WHERE step ->> 'fallback_channel_id' IS NOT NULL
      AND percent = (
        SELECT max(CAST(reached ->> 'percent' AS int))
        FROM jsonb_array_elements(a.ladder -> 'steps') AS reached
        WHERE CAST(reached ->> 'percent' AS int) <= a.step)
      AND (step -> 'channel_ids' @> to_jsonb(CAST(o.channel_id AS text))
        OR coalesce(jsonb_array_length(step -> 'channel_ids'), 0) = 0)
    ORDER BY position = o.sequence / 1000 DESC, position DESC LIMIT 1
  ) AS own ON true
  WHERE o.fallback_of IS NULL AND o.purpose <> 'resolved'
    AND (o.tier = 'urgent' OR own.channel_id IS NOT NULL)
)
SELECT w.*, gone.name AS channel_name, other.id AS other_id
FROM wanted w
JOIN channels gone ON gone.workspace_id = :workspace_id AND gone.id = w.channel_id
CROSS JOIN LATERAL (
  SELECT c.id FROM channels c
  LEFT JOIN channel_states s ON s.workspace_id = c.workspace_id AND s.channel_id = c.id
  WHERE c.workspace_id = :workspace_id AND c.id <> w.channel_id
    AND c.enabled AND c.archived_at IS NULL AND c.paused_at IS NULL
    AND (c.id = w.named OR (w.tier = 'urgent' AND NOT EXISTS (
      SELECT FROM outbox told WHERE told.workspace_id = :workspace_id
        AND told.alert_id = w.alert_id AND told.purpose = w.purpose
        AND told.sequence = w.sequence AND told.state = 'sent')))
    AND NOT EXISTS (
      SELECT FROM outbox same WHERE same.workspace_id = :workspace_id
        AND same.alert_id = w.alert_id AND same.channel_id = c.id
        AND same.purpose = w.purpose AND same.sequence = w.sequence)
  ORDER BY c.id = w.named DESC NULLS LAST, s.failing_since IS NOT NULL, c.kind = 'console',
    c.name, c.id
  LIMIT 1
) AS other
ORDER BY w.id LIMIT :limit
"""

# Who marks it passes it on: of two workers at once the second finds nothing to mark. The alert is
# held first, as by whoever acknowledges it: nobody is told of what somebody has taken meanwhile.
MARK: Final = """
WITH firing AS MATERIALIZED (
  SELECT id FROM alerts
  WHERE workspace_id = :workspace_id AND id = ANY(CAST(:alert_ids AS uuid[])) AND state = 'firing'
  ORDER BY id FOR UPDATE
)
UPDATE outbox o SET fell_back_at = :now FROM firing
WHERE o.workspace_id = :workspace_id AND o.id = ANY(CAST(:ids AS uuid[]))
  AND o.alert_id = firing.id AND o.state IN ('dead', 'pending') AND o.fell_back_at IS NULL
RETURNING o.id
"""


async def list_workspaces(
    uow: UnitOfWork, *, since: datetime, failing_before: datetime, limit: int
) -> list[UUID]:
    parameters = {
        "since_id": ids.first_id_at(since),
        "failing_before": failing_before,
        "turn": int(uow.now.timestamp()),
        "limit": limit,
    }
    return list((await uow.execute(TURNS, parameters)).scalars())


async def list_forsaken(
    uow: UnitOfWork, *, within: timedelta, failing_for: timedelta, limit: int
) -> list[Row[Any]]:
    """Rows that should be told elsewhere, each with the channel to ask; written lately only."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "since_id": ids.first_id_at(uow.real_now - within),
        "failing_before": uow.real_now - failing_for,
        "limit": limit,
    }
    return list(await uow.execute(FORSAKEN, parameters))


async def mark(uow: UnitOfWork, forsaken: Sequence[Row[Any]]) -> set[UUID]:
    """The rows that are ours to pass on; their alerts are held until the unit ends."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": [row.id for row in forsaken],
        "alert_ids": sorted({row.alert_id for row in forsaken}),
        "now": uow.real_now,
    }
    return set((await uow.execute(MARK, parameters)).scalars())
