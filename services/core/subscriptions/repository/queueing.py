"""SQL that turns published facts into parcels: a cursor for each subscription, moved with them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

# Numbers are given out by one publisher and the head moves with them: what lies at or below it is
# there to be read. Whoever holds a cursor is the only one to queue for it; others pass it by.
CLAIM = """
SELECT s.workspace_id, s.id, s.ordering, s.position,
  least(h.last_seq, s.position + :window) AS upto
FROM subscriptions s JOIN stream_heads h ON h.workspace_id = s.workspace_id
WHERE s.archived_at IS NULL AND s.enabled AND s.paused_at IS NULL AND s.position < h.last_seq
ORDER BY s.workspace_id, s.id LIMIT :limit
FOR UPDATE OF s SKIP LOCKED
"""

# In one order, so that two who need several never wait for each other.
TAKE_TURNS = """
SELECT pg_advisory_xact_lock(:family, hashtext(id))
FROM (SELECT DISTINCT unnest(CAST(:ids AS text[])) AS id ORDER BY 1) AS turns
"""
FAMILY = 0x7375

# A fact waits behind an earlier one of its subject that is on its way still, or queued with it.
QUEUE = """
WITH chosen AS MATERIALIZED (
  SELECT s.workspace_id, s.id, s.kinds, s.tiers, s.source_ids, s.ordering, sent.position, sent.upto
  FROM unnest(CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:positions AS bigint[]),
    CAST(:uptos AS bigint[])) AS sent (workspace_id, id, position, upto)
  JOIN subscriptions s ON s.workspace_id = sent.workspace_id AND s.id = sent.id
), wanted AS MATERIALIZED (
  SELECT c.workspace_id, c.id AS subscription_id, c.ordering, f.seq, f.kind, f.subject_kind,
    f.subject_id, f.payload, f.at, f.request_id,
    row_number() OVER (PARTITION BY c.workspace_id, c.id, f.subject_id ORDER BY f.seq) AS turn
  FROM chosen c JOIN facts f
    ON f.workspace_id = c.workspace_id AND f.seq > c.position AND f.seq <= c.upto
  LEFT JOIN cases k ON cardinality(c.source_ids) > 0
    AND k.workspace_id = f.workspace_id AND k.id = CASE
      WHEN f.subject_kind = 'case' THEN f.subject_id
      WHEN f.payload ? 'case_id' THEN CAST(f.payload ->> 'case_id' AS uuid) END
  WHERE f.subject_id <> c.id
    AND EXISTS (
      SELECT FROM unnest(c.kinds) AS asked (kind)
      WHERE f.kind = asked.kind
        OR (right(asked.kind, 1) = '*' AND starts_with(f.kind, left(asked.kind, -1))))
    AND (cardinality(c.tiers) = 0 OR f.payload ->> 'tier' = ANY(c.tiers))
    AND (cardinality(c.source_ids) = 0
      OR coalesce(CAST(f.payload ->> 'source_id' AS uuid), k.source_id) = ANY(c.source_ids))
)
INSERT INTO subscription_parcels (workspace_id, subscription_id, seq, kind, subject_kind,
  subject_id, payload, at, request_id, state, waits, next_at, created_at)
SELECT workspace_id, subscription_id, seq, kind, subject_kind, subject_id, payload, at, request_id,
  'pending',
  ordering = 'subject' AND (turn > 1 OR EXISTS (
    SELECT FROM subscription_parcels p
    WHERE p.workspace_id = wanted.workspace_id AND p.subscription_id = wanted.subscription_id
      AND p.subject_id = wanted.subject_id AND p.state = 'pending')),
  :now, :now
FROM wanted
ON CONFLICT (workspace_id, subscription_id, seq) DO NOTHING
"""

ADVANCE = """
UPDATE subscriptions s SET position = sent.upto
FROM unnest(CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:uptos AS bigint[]))
  AS sent (workspace_id, id, upto)
WHERE s.workspace_id = sent.workspace_id AND s.id = sent.id
"""

# What live subscriptions have not looked at yet must not be forgotten.
HELD = """
SELECT workspace_id, min(position) AS position FROM subscriptions
WHERE archived_at IS NULL AND enabled AND paused_at IS NULL GROUP BY workspace_id
"""


async def claim_cursors(uow: UnitOfWork, *, limit: int, window: int) -> list[Row[Any]]:
    """Cursors with news, held until this transaction ends; at most `window` facts for each."""
    return list(await uow.execute(CLAIM, {"limit": limit, "window": window}))


async def take_turns(uow: UnitOfWork, subscription_ids: Sequence[UUID]) -> None:
    """Until this transaction ends nobody else decides which fact of a subject is next in these."""
    if subscription_ids:
        spelled = sorted({str(one) for one in subscription_ids})
        await uow.execute(TAKE_TURNS, {"family": FAMILY, "ids": spelled})


async def queue_facts(uow: UnitOfWork, cursors: Sequence[Row[Any]]) -> int:
    """Write the parcels and move the cursors; returns how many parcels."""
    places = {
        "workspaces": [row.workspace_id for row in cursors],
        "ids": [row.id for row in cursors],
        "uptos": [row.upto for row in cursors],
    }
    positions = [row.position for row in cursors]
    queued = await uow.execute(QUEUE, places | {"positions": positions, "now": uow.real_now})
    await uow.execute(ADVANCE, places)
    return queued.rowcount


async def list_held(uow: UnitOfWork) -> dict[UUID, int]:
    """By workspace, the number behind which facts are still needed."""
    return {row.workspace_id: row.position for row in await uow.execute(HELD)}
