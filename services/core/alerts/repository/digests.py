"""SQL of open digests: what opened one incident for many alerts, until the last of them is over."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

OPEN: Final = """
INSERT INTO open_digests (workspace_id, id, channel_id, opened_at)
SELECT DISTINCT opened.*, CAST(:now AS timestamptz) FROM unnest(
  CAST(:workspace_ids AS uuid[]), CAST(:ids AS uuid[]), CAST(:channel_ids AS uuid[])
) AS opened (workspace_id, id, channel_id)
ON CONFLICT DO NOTHING
"""

WORKSPACES: Final = "SELECT DISTINCT workspace_id FROM open_digests"

# Over when nobody of it is still to be told, and nothing of it on its way. One whose every attempt
# failed has opened nothing, nor can one be closed whose channel or alerts are gone: without a row.
TAKE_OVER: Final = """
WITH ended AS MATERIALIZED (
  SELECT d.id, d.channel_id FROM open_digests d
  WHERE d.workspace_id = :workspace_id AND NOT EXISTS (
    SELECT FROM send_attempts t
    JOIN outbox o ON o.workspace_id = t.workspace_id AND o.id = t.outbox_id
    JOIN alerts a ON a.workspace_id = o.workspace_id AND a.id = o.alert_id
    WHERE t.workspace_id = d.workspace_id AND t.digest_id = d.id
      AND (t.outcome = 'started' OR a.state = 'firing'))
  ORDER BY d.opened_at, d.id LIMIT :limit FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM open_digests d USING ended
  WHERE d.workspace_id = :workspace_id AND d.id = ended.id
), told AS (
  SELECT ended.id, ended.channel_id, count(DISTINCT o.id) AS alerts,
    (array_agg(o.alert_id ORDER BY o.alert_id DESC))[1] AS alert_id
  FROM ended
  JOIN channels c ON c.workspace_id = :workspace_id AND c.id = ended.channel_id
    AND c.archived_at IS NULL
  JOIN send_attempts t ON t.workspace_id = :workspace_id AND t.digest_id = ended.id
  JOIN outbox o ON o.workspace_id = :workspace_id AND o.id = t.outbox_id
  GROUP BY ended.id, ended.channel_id
  HAVING bool_or(t.outcome IN ('sent', 'in_doubt'))
)
SELECT told.*,
  row_number() OVER (PARTITION BY told.alert_id, told.channel_id ORDER BY told.id) + coalesce((
    SELECT max(before.sequence) FROM outbox before
    WHERE before.workspace_id = :workspace_id AND before.alert_id = told.alert_id
      AND before.channel_id = told.channel_id AND before.purpose = 'resolved'), 0) AS sequence
FROM told ORDER BY told.id
"""


async def add_open(uow: UnitOfWork, opened: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Keep (workspace, digest, channel) as open, in any workspace, once each."""
    parameters = {
        "workspace_ids": [workspace_id for workspace_id, _, _ in opened],
        "ids": [digest_id for _, digest_id, _ in opened],
        "channel_ids": [channel_id for _, _, channel_id in opened],
        "now": uow.real_now,
    }
    await uow.execute(OPEN, parameters)


async def list_workspaces(uow: UnitOfWork) -> list[UUID]:
    """Across workspaces: those with an open digest."""
    return list((await uow.execute(WORKSPACES)).scalars())


async def take_over(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    """Digests that are over and open no more; whoever takes them must say so to their channels.

    Each with its channel, one of its alerts, how many it had, and a free place in the outbox.
    """
    parameters = {"workspace_id": uow.workspace_id, "limit": limit}
    return list(await uow.execute(TAKE_OVER, parameters))
