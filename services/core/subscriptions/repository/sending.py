"""SQL of parcels as a queue: claim fairly over subscriptions, write results in batches."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork
from services.core.subscriptions.types import Claim, Ending, Outcome, ParcelState

Ended: TypeAlias = Claim | Row[Any]

# Two levels. First the subscriptions that have waiting parcels, by jumping from one to the next in
# the index, so that the backlog of one costs the others nothing; then the parcels inside each that
# has a free hand. What was begun before and never ended is in doubt from now on.
CLAIM = """
WITH RECURSIVE waiting AS (
  (SELECT workspace_id, subscription_id FROM subscription_parcels
   WHERE state = 'pending' AND NOT waits
   ORDER BY workspace_id, subscription_id LIMIT 1)
  UNION ALL
  SELECT following.workspace_id, following.subscription_id
  FROM waiting w CROSS JOIN LATERAL (
    SELECT p.workspace_id, p.subscription_id FROM subscription_parcels p
    WHERE p.state = 'pending' AND NOT p.waits
      AND (p.workspace_id, p.subscription_id) > (w.workspace_id, w.subscription_id)
    ORDER BY p.workspace_id, p.subscription_id LIMIT 1
  ) AS following
), ready AS MATERIALIZED (
  SELECT w.workspace_id, w.subscription_id, :width - coalesce(b.sending, 0) AS free
  FROM waiting w
  JOIN subscriptions s ON s.workspace_id = w.workspace_id AND s.id = w.subscription_id
    AND s.archived_at IS NULL AND s.enabled AND s.paused_at IS NULL
  LEFT JOIN unnest(CAST(:busy_ids AS uuid[]), CAST(:busy_counts AS int[]))
    AS b (subscription_id, sending) ON b.subscription_id = w.subscription_id
  CROSS JOIN LATERAL (
    SELECT p.next_at FROM subscription_parcels p
    WHERE p.state = 'pending' AND NOT p.waits AND p.workspace_id = w.workspace_id
      AND p.subscription_id = w.subscription_id AND p.next_at <= :now
    ORDER BY p.next_at LIMIT 1
  ) AS first
  WHERE coalesce(b.sending, 0) < :width
  ORDER BY first.next_at LIMIT :limit
), locked AS MATERIALIZED (
  SELECT r.workspace_id, r.subscription_id, mine.seq,
    row_number() OVER (PARTITION BY r.workspace_id, r.subscription_id
      ORDER BY mine.next_at, mine.seq) AS place
  FROM ready r CROSS JOIN LATERAL (
    SELECT p.seq, p.next_at FROM subscription_parcels p
    WHERE p.state = 'pending' AND NOT p.waits AND p.workspace_id = r.workspace_id
      AND p.subscription_id = r.subscription_id AND p.next_at <= :now
    ORDER BY p.next_at, p.seq LIMIT r.free FOR UPDATE SKIP LOCKED
  ) AS mine
), chosen AS MATERIALIZED (
  SELECT * FROM locked ORDER BY place, workspace_id, subscription_id LIMIT :limit
), taken AS (
  UPDATE subscription_parcels p SET token = p.token + 1, attempts = p.attempts + 1,
    next_at = :lease_end
  FROM chosen c
  WHERE p.workspace_id = c.workspace_id AND p.subscription_id = c.subscription_id
    AND p.seq = c.seq
  RETURNING p.*, c.place
), doubted AS (
  UPDATE subscription_attempts a SET outcome = 'in_doubt', finished_at = :now
  FROM taken t
  WHERE a.workspace_id = t.workspace_id AND a.subscription_id = t.subscription_id
    AND a.seq = t.seq AND a.outcome = 'started'
), started AS (
  INSERT INTO subscription_attempts
    (workspace_id, subscription_id, seq, attempt, started_at, outcome)
  SELECT workspace_id, subscription_id, seq, token, :now, 'started' FROM taken
)
SELECT t.*, s.url, s.ordering, s.secret,
  CASE WHEN s.old_secret_until > :now THEN s.old_secret END AS old_secret
FROM taken t JOIN subscriptions s ON s.workspace_id = t.workspace_id AND s.id = t.subscription_id
ORDER BY t.place, t.seq
"""

# Only the holder of the claim may write what came of it.
COMPLETE = """
WITH sent AS (
  SELECT * FROM unnest(CAST(:workspaces AS uuid[]), CAST(:subscriptions AS uuid[]),
    CAST(:seqs AS bigint[]), CAST(:tokens AS bigint[]), CAST(:states AS text[]),
    CAST(:next_ats AS timestamptz[]), CAST(:outcomes AS text[]), CAST(:statuses AS int[]),
    CAST(:tooks AS int[]), CAST(:details AS text[]))
    AS sent (workspace_id, subscription_id, seq, token, state, next_at, outcome, status_code,
      took_ms, detail)
), ended AS (
  UPDATE subscription_attempts a SET outcome = sent.outcome, status_code = sent.status_code,
    took_ms = sent.took_ms, detail = sent.detail, finished_at = :now
  FROM sent
  WHERE a.workspace_id = sent.workspace_id AND a.subscription_id = sent.subscription_id
    AND a.seq = sent.seq AND a.attempt = sent.token AND a.outcome = 'started'
)
UPDATE subscription_parcels p SET state = sent.state, next_at = sent.next_at,
  last_error = CASE WHEN sent.state <> 'sent'
    THEN btrim(coalesce(CAST(sent.status_code AS text), '') || ' ' || sent.detail) END,
  sent_at = CASE WHEN sent.state = 'sent' THEN CAST(:now AS timestamptz) END
FROM sent
WHERE p.workspace_id = sent.workspace_id AND p.subscription_id = sent.subscription_id
  AND p.seq = sent.seq AND p.token = sent.token AND p.state = 'pending'
RETURNING p.seq
"""

# The next of a subject may go once the one before it arrived or was given up.
RELEASE = """
UPDATE subscription_parcels p SET waits = false
FROM (SELECT DISTINCT * FROM unnest(CAST(:workspaces AS uuid[]), CAST(:subscriptions AS uuid[]),
    CAST(:subjects AS uuid[])) AS ended (workspace_id, subscription_id, subject_id)) AS ended
CROSS JOIN LATERAL (
  SELECT n.seq FROM subscription_parcels n
  WHERE n.workspace_id = ended.workspace_id AND n.subscription_id = ended.subscription_id
    AND n.subject_id = ended.subject_id AND n.state = 'pending'
  ORDER BY n.seq LIMIT 1
) AS following
WHERE p.workspace_id = ended.workspace_id AND p.subscription_id = ended.subscription_id
  AND p.seq = following.seq AND p.waits
"""

# Rows are written only where something changes: mostly none, so that nobody queues up for them.
HEALTH = """
WITH sent AS (
  SELECT subscription_id, workspace_id, bool_or(outcome = 'sent') AS well,
    bool_or(outcome = 'gone') AS gone
  FROM unnest(CAST(:workspaces AS uuid[]), CAST(:subscriptions AS uuid[]),
    CAST(:outcomes AS text[])) AS sent (workspace_id, subscription_id, outcome)
  GROUP BY workspace_id, subscription_id
), changed AS MATERIALIZED (
  SELECT s.workspace_id, s.id, sent.well, sent.gone FROM subscriptions s
  JOIN sent ON sent.workspace_id = s.workspace_id AND sent.subscription_id = s.id
  WHERE s.archived_at IS NULL AND s.paused_at IS NULL AND (
    sent.gone OR sent.well = (s.failing_since IS NOT NULL)
    OR (NOT sent.well AND s.failing_since < :hopeless))
  ORDER BY s.workspace_id, s.id FOR UPDATE OF s
)
UPDATE subscriptions s SET
  failing_since = CASE WHEN NOT c.well THEN coalesce(s.failing_since, :now) END
FROM changed c WHERE s.workspace_id = c.workspace_id AND s.id = c.id
RETURNING s.workspace_id, s.id, CASE WHEN c.gone THEN 'gone'
  WHEN NOT c.well AND s.failing_since < :hopeless THEN 'failing' END AS reason
"""


async def claim(
    uow: UnitOfWork, *, limit: int, width: int, busy: Mapping[UUID, int], lease: timedelta
) -> list[Row[Any]]:
    """Due parcels of any workspace, `width` of one subscription less what it has in hand."""
    parameters = {
        "now": uow.real_now,
        "lease_end": uow.real_now + lease,
        "limit": limit,
        "width": width,
        "busy_ids": list(busy),
        "busy_counts": list(busy.values()),
    }
    return list(await uow.execute(CLAIM, parameters))


async def complete(uow: UnitOfWork, endings: Sequence[Ending]) -> None:
    """Write results of any workspace; those whose claim was taken over change nothing."""
    await uow.execute(COMPLETE, _results(endings) | {"now": uow.real_now})


async def release(uow: UnitOfWork, endings: Sequence[Ending]) -> None:
    """Let the next fact of each subject that ended go. The caller has taken turns."""
    over = [
        ending.claim
        for ending in endings
        if ending.claim.ordered and ending.state is not ParcelState.PENDING
    ]
    await release_subjects(uow, over)


async def release_subjects(uow: UnitOfWork, ended: Sequence[Ended]) -> None:
    """As `release`, whatever it was that ended."""
    if ended:
        parameters = {
            "workspaces": [one.workspace_id for one in ended],
            "subscriptions": [one.subscription_id for one in ended],
            "subjects": [one.subject_id for one in ended],
        }
        await uow.execute(RELEASE, parameters)


async def note_health(
    uow: UnitOfWork, endings: Sequence[Ending], *, patience: timedelta
) -> list[Row[Any]]:
    """Keep since when an endpoint fails; returns those to be paused now, each with a `reason`."""
    told = [one for one in endings if one.result.outcome is not Outcome.STARTED]
    parameters = {
        "workspaces": [one.claim.workspace_id for one in told],
        "subscriptions": [one.claim.subscription_id for one in told],
        "outcomes": [one.result.outcome.value for one in told],
        "now": uow.real_now,
        "hopeless": uow.real_now - patience,
    }
    return [row for row in await uow.execute(HEALTH, parameters) if row.reason is not None]


def _results(endings: Sequence[Ending]) -> dict[str, Any]:
    return {
        "workspaces": [one.claim.workspace_id for one in endings],
        "subscriptions": [one.claim.subscription_id for one in endings],
        "seqs": [one.claim.seq for one in endings],
        "tokens": [one.claim.token for one in endings],
        "states": [one.state.value for one in endings],
        "next_ats": [one.next_at for one in endings],
        "outcomes": [one.result.outcome.value for one in endings],
        "statuses": [one.result.status_code for one in endings],
        "tooks": [one.result.took_ms for one in endings],
        "details": [one.result.detail for one in endings],
    }
