"""SQL of parcels as a log: list, count, bring the dead back, forget."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.subscriptions.types import ParcelRange, ParcelState

LIST = """
SELECT seq, kind, subject_kind, subject_id, state, waits, next_at, attempts, last_error,
  created_at, sent_at
FROM subscription_parcels
WHERE workspace_id = :workspace_id AND subscription_id = :subscription_id {conditions} {stretch}
"""

ATTEMPTS = """
SELECT seq, attempt, started_at, finished_at, outcome, status_code, took_ms, detail
FROM subscription_attempts
WHERE workspace_id = :workspace_id AND subscription_id = :subscription_id
  AND seq = ANY(CAST(:seqs AS bigint[]))
ORDER BY seq, attempt DESC LIMIT :limit
"""

REDRIVE = """
WITH chosen AS MATERIALIZED (
  SELECT seq FROM subscription_parcels
  WHERE workspace_id = :workspace_id AND subscription_id = :subscription_id AND state = 'dead'
    AND seq BETWEEN :first_seq AND :last_seq
    AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
    AND (CAST(:until AS timestamptz) IS NULL OR created_at < :until)
  ORDER BY seq LIMIT :limit FOR UPDATE
)
UPDATE subscription_parcels p SET state = 'pending', attempts = 0, next_at = :now
FROM chosen
WHERE p.workspace_id = :workspace_id AND p.subscription_id = :subscription_id
  AND p.seq = chosen.seq
RETURNING p.subject_id
"""

# After a redrive: of each subject only the first that is on its way does not wait.
LINE_UP = """
WITH lined AS MATERIALIZED (
  SELECT seq, row_number() OVER (PARTITION BY subject_id ORDER BY seq) > 1 AS waits
  FROM subscription_parcels
  WHERE workspace_id = :workspace_id AND subscription_id = :subscription_id
    AND state = 'pending' AND subject_id = ANY(CAST(:subject_ids AS uuid[]))
)
UPDATE subscription_parcels p SET waits = lined.waits FROM lined
WHERE p.workspace_id = :workspace_id AND p.subscription_id = :subscription_id
  AND p.seq = lined.seq AND p.waits <> lined.waits
"""

FREE = """
UPDATE subscription_parcels SET waits = false
WHERE workspace_id = :workspace_id AND subscription_id = :subscription_id
  AND state = 'pending' AND waits
"""

# Of what arrived a week, of all else a month; of what nobody wants any more nothing.
FORGET = """
WITH old AS (
  (SELECT workspace_id, subscription_id, seq FROM subscription_parcels
   WHERE created_at < :sent_before AND (state = 'sent' OR created_at < :before)
   ORDER BY created_at LIMIT :limit)
  UNION ALL
  (SELECT p.workspace_id, p.subscription_id, p.seq FROM subscription_parcels p
   JOIN subscriptions s ON s.workspace_id = p.workspace_id AND s.id = p.subscription_id
   WHERE s.archived_at < :sent_before LIMIT :limit)
), gone AS (
  DELETE FROM subscription_parcels p USING old
  WHERE p.workspace_id = old.workspace_id AND p.subscription_id = old.subscription_id
    AND p.seq = old.seq
  RETURNING p.workspace_id, p.subscription_id, p.seq, p.subject_id, p.state
), attempts AS (
  DELETE FROM subscription_attempts a USING gone
  WHERE a.workspace_id = gone.workspace_id AND a.subscription_id = gone.subscription_id
    AND a.seq = gone.seq
)
SELECT workspace_id, subscription_id, subject_id, state = 'pending' AS headed FROM gone
"""

BACKLOGS = """
SELECT s.id AS subscription_id, pending.n AS pending, dead.n AS dead, oldest.created_at AS oldest_at
FROM unnest(CAST(:ids AS uuid[])) AS s (id)
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM (
    SELECT FROM subscription_parcels p
    WHERE p.workspace_id = :workspace_id AND p.subscription_id = s.id AND p.state = 'pending'
    LIMIT :most) AS counted
) AS pending
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM (
    SELECT FROM subscription_parcels p
    WHERE p.workspace_id = :workspace_id AND p.subscription_id = s.id AND p.state = 'dead'
    LIMIT :most) AS counted
) AS dead
LEFT JOIN LATERAL (
  SELECT p.created_at FROM subscription_parcels p
  WHERE p.workspace_id = :workspace_id AND p.subscription_id = s.id AND p.state = 'pending'
  ORDER BY p.created_at LIMIT 1
) AS oldest ON true
"""

# The largest number a fact can have.
LAST = 2**63 - 1


async def list_parcels(
    uow: UnitOfWork,
    subscription_id: UUID,
    wanted: Stretch,
    *,
    state: ParcelState | None,
) -> list[Row[Any]]:
    """By their numbers."""
    bound: dict[str, Any] = {"subscription_id": subscription_id} | wanted.bound
    conditions = ""
    if state is not None:
        # Spelled out, so that the partial indexes are found.
        conditions += f" AND state = '{state.value}'"
    query = LIST.format(conditions=conditions, stretch=wanted.sql("seq"))
    return list(await uow.execute(query, bound | {"workspace_id": uow.workspace_id}))


async def list_attempts(
    uow: UnitOfWork, subscription_id: UUID, seqs: Sequence[int], limit: int
) -> list[Row[Any]]:
    """Attempts of these parcels, the last ones first within each."""
    bound = {
        "workspace_id": uow.workspace_id,
        "subscription_id": subscription_id,
        "seqs": list(seqs),
        "limit": limit,
    }
    return list(await uow.execute(ATTEMPTS, bound))


async def redrive(
    uow: UnitOfWork, subscription_id: UUID, within: ParcelRange, limit: int
) -> list[UUID]:
    """Queue the dead of a range anew, oldest first; returns the subject of each."""
    bound = {
        "workspace_id": uow.workspace_id,
        "subscription_id": subscription_id,
        "first_seq": within.first_seq or 0,
        "last_seq": LAST if within.last_seq is None else within.last_seq,
        "since": within.since,
        "until": within.until,
        "limit": limit,
        "now": uow.real_now,
    }
    return list((await uow.execute(REDRIVE, bound)).scalars())


async def line_up(uow: UnitOfWork, subscription_id: UUID, subject_ids: Sequence[UUID]) -> None:
    """Have all but the first of each subject wait. The caller has taken turns."""
    bound = {"workspace_id": uow.workspace_id, "subscription_id": subscription_id}
    await uow.execute(LINE_UP, bound | {"subject_ids": list(set(subject_ids))})


async def free_all(uow: UnitOfWork, subscription_id: UUID) -> None:
    """Nobody waits for anybody any more."""
    bound = {"workspace_id": uow.workspace_id, "subscription_id": subscription_id}
    await uow.execute(FREE, bound)


async def list_backlogs(
    uow: UnitOfWork, subscription_ids: Sequence[UUID], most: int
) -> list[Row[Any]]:
    """Counts stop at `most`: a figure for people must not cost what it counts."""
    bound = {"workspace_id": uow.workspace_id, "ids": list(subscription_ids), "most": most}
    return list(await uow.execute(BACKLOGS, bound))


async def forget(
    uow: UnitOfWork, *, sent_before: datetime, before: datetime, limit: int
) -> list[Row[Any]]:
    """Delete old parcels of every workspace and their attempts; returns what each was about.

    `headed` ones never ended: what follows in their subject waits for them still.
    """
    bound = {"sent_before": sent_before, "before": before, "limit": limit}
    return list(await uow.execute(FORGET, bound))
