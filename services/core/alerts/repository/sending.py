"""SQL of the outbox as a queue: claim fairly over channels, complete by token."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts.types import Dispatch, OutboxState, SendResult
from services.core.kit.uow import UnitOfWork

# Two levels. First the channels that have waiting rows, by jumping from one to the next in the
# index, so that a backlog of one costs the others nothing; then the rows inside each that has a
# free hand. The commit of this statement is the proof that an attempt was begun: what was begun
# before and never ended is in doubt from now on.
CLAIM = """
WITH RECURSIVE waiting AS (
  (SELECT workspace_id, channel_id FROM outbox WHERE state = 'pending'
   ORDER BY workspace_id, channel_id LIMIT 1)
  UNION ALL
  SELECT following.workspace_id, following.channel_id
  FROM waiting w CROSS JOIN LATERAL (
    SELECT o.workspace_id, o.channel_id FROM outbox o
    WHERE o.state = 'pending' AND (o.workspace_id, o.channel_id) > (w.workspace_id, w.channel_id)
    ORDER BY o.workspace_id, o.channel_id LIMIT 1
  ) AS following
), tiers (tier, rank) AS (
  VALUES ('urgent', 0), ('important', 1), ('routine', 2), ('spam', 3)
), ready AS MATERIALIZED (
  SELECT w.workspace_id, w.channel_id, :width - coalesce(b.sending, 0) AS free
  FROM waiting w
  JOIN channels c ON c.workspace_id = w.workspace_id AND c.id = w.channel_id
    AND c.enabled AND c.archived_at IS NULL
  LEFT JOIN unnest(CAST(:busy_ids AS uuid[]), CAST(:busy_counts AS int[]))
    AS b (channel_id, sending) ON b.channel_id = w.channel_id
  CROSS JOIN LATERAL (
    SELECT t.rank, head.next_at FROM tiers t CROSS JOIN LATERAL (
      SELECT o.next_at FROM outbox o
      WHERE o.state = 'pending' AND o.workspace_id = w.workspace_id
        AND o.channel_id = w.channel_id AND o.tier = t.tier AND o.next_at <= :now
      ORDER BY o.next_at LIMIT 1
    ) AS head ORDER BY t.rank LIMIT 1
  ) AS first
  WHERE coalesce(b.sending, 0) < :width
  ORDER BY first.rank, first.next_at LIMIT :limit
), locked AS MATERIALIZED (
  SELECT r.workspace_id, r.channel_id, r.free, t.rank, mine.id, mine.next_at
  FROM ready r CROSS JOIN tiers t CROSS JOIN LATERAL (
    SELECT o.id, o.next_at FROM outbox o
    WHERE o.state = 'pending' AND o.workspace_id = r.workspace_id
      AND o.channel_id = r.channel_id AND o.tier = t.tier AND o.next_at <= :now
    ORDER BY o.next_at, o.id LIMIT r.free FOR UPDATE SKIP LOCKED
  ) AS mine
), placed AS (
  SELECT l.*, row_number() OVER (
    PARTITION BY l.workspace_id, l.channel_id ORDER BY l.rank, l.next_at, l.id) AS place
  FROM locked l
), chosen AS MATERIALIZED (
  SELECT * FROM placed WHERE place <= free ORDER BY place, rank, next_at, id LIMIT :limit
), taken AS (
  UPDATE outbox o SET
    token = o.token + 1,
    attempts = o.attempts + CASE WHEN o.attempts < :max_attempts THEN 1 ELSE 0 END,
    next_at = :lease_end,
    state = CASE WHEN o.attempts < :max_attempts THEN 'pending' ELSE 'dead' END,
    last_error = CASE WHEN o.attempts < :max_attempts THEN o.last_error
                      ELSE 'No attempt came to an end.' END
  FROM chosen WHERE o.workspace_id = chosen.workspace_id AND o.id = chosen.id
  RETURNING o.*, chosen.rank, chosen.place
), doubted AS (
  UPDATE send_attempts a SET outcome = 'in_doubt', finished_at = :now
  FROM taken t
  WHERE a.workspace_id = t.workspace_id AND a.outbox_id = t.id AND a.outcome = 'started'
), started AS (
  INSERT INTO send_attempts (workspace_id, outbox_id, attempt, started_at, outcome)
  SELECT workspace_id, id, token, :now, 'started' FROM taken WHERE state = 'pending'
)
SELECT t.*, c.kind, c.config, c.secret,
  CASE WHEN c.old_secret_until > :now THEN c.old_secret END AS old_secret,
  EXISTS (
    SELECT FROM send_attempts a WHERE a.workspace_id = t.workspace_id AND a.outbox_id = t.id
      AND a.outcome IN ('started', 'in_doubt')
  ) AS in_doubt
FROM taken t JOIN channels c ON c.workspace_id = t.workspace_id AND c.id = t.channel_id
ORDER BY t.rank, t.place, t.id
"""

# A firing cancelled while it was on its way is still a sent one when the answer says so.
COMPLETE = """
UPDATE outbox SET state = :state, next_at = :next_at, last_error = :last_error, sent_at = :sent_at
WHERE workspace_id = :workspace_id AND id = :outbox_id AND token = :token
  AND (state = 'pending' OR (state = 'cancelled' AND :state = 'sent'))
RETURNING state
"""

END_ATTEMPT = """
UPDATE send_attempts SET outcome = :outcome, status_code = :status_code, detail = :detail,
  finished_at = :now
WHERE workspace_id = :workspace_id AND outbox_id = :outbox_id AND attempt = :token
  AND outcome = 'started'
"""


async def claim(
    uow: UnitOfWork,
    *,
    limit: int,
    width: int,
    busy: Mapping[UUID, int],
    lease: timedelta,
    max_attempts: int,
) -> list[Row[Any]]:
    """Rows of any workspace, `width` at most of one channel less what it is already sending."""
    parameters = {
        "now": uow.real_now,
        "lease_end": uow.real_now + lease,
        "limit": limit,
        "width": width,
        "busy_ids": list(busy),
        "busy_counts": list(busy.values()),
        "max_attempts": max_attempts,
    }
    return list(await uow.execute(CLAIM, parameters))


async def complete(
    uow: UnitOfWork,
    dispatch: Dispatch,
    *,
    state: OutboxState,
    next_at: datetime,
    result: SendResult,
) -> bool:
    """False when the claim was taken over or the row was cancelled: the result is dropped."""
    sent = state is OutboxState.SENT
    parameters = {
        "workspace_id": uow.workspace_id,
        "outbox_id": dispatch.outbox_id,
        "token": dispatch.token,
        "state": state.value,
        "next_at": next_at,
        "last_error": None if sent else f"{result.status_code or ''} {result.detail}".strip(),
        "sent_at": uow.real_now if sent else None,
    }
    row = (await uow.execute(COMPLETE, parameters)).one_or_none()
    await _end_attempt(uow, dispatch, result)
    return row is not None


async def _end_attempt(uow: UnitOfWork, dispatch: Dispatch, result: SendResult) -> None:
    await uow.execute(
        END_ATTEMPT,
        {
            "workspace_id": uow.workspace_id,
            "outbox_id": dispatch.outbox_id,
            "token": dispatch.token,
            "outcome": result.outcome.value,
            "status_code": result.status_code,
            "detail": result.detail,
            "now": uow.real_now,
        },
    )
