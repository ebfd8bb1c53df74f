"""SQL of the outbox as a store: queue once, cancel, list, bring the dead back."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table

from services.core.alerts.models import OutboxRow
from services.core.alerts.types import LetterRange
from services.core.kit.bulk import insert_rows
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork

IDENTITY = ("workspace_id", "alert_id", "channel_id", "purpose", "sequence")

# News of the end, and that it was different, stay true whatever becomes of the alert.
# Apart from the reading below: a claim we had to wait for is only visible to the next statement.
LOCK_OF_ALERTS = """
SELECT id FROM outbox
WHERE workspace_id = :workspace_id AND alert_id = ANY(CAST(:alert_ids AS uuid[]))
  AND purpose NOT IN ('resolved', 'corrected') AND state = 'pending'
ORDER BY id FOR UPDATE
"""

CANCEL_OF_ALERTS = """
WITH attempts AS (
  SELECT o.id, bool_or(a.outcome IN ('sent', 'in_doubt', 'started')) AS reached,
    bool_or(a.outcome = 'started') AS sending
  FROM outbox o JOIN send_attempts a ON a.workspace_id = o.workspace_id AND a.outbox_id = o.id
  WHERE o.workspace_id = :workspace_id AND o.alert_id = ANY(CAST(:alert_ids AS uuid[]))
    AND o.purpose NOT IN ('resolved', 'corrected')
  GROUP BY o.id
), cancelled AS (
  UPDATE outbox SET state = 'cancelled', last_error = :reason
  WHERE workspace_id = :workspace_id AND alert_id = ANY(CAST(:alert_ids AS uuid[]))
    AND purpose NOT IN ('resolved', 'corrected') AND state = 'pending'
)
SELECT o.alert_id, o.channel_id,
  max(CASE WHEN o.state = 'pending' AND t.sending THEN o.next_at END) AS lease_end
FROM outbox o JOIN attempts t ON t.id = o.id
WHERE o.workspace_id = :workspace_id AND t.reached
GROUP BY o.alert_id, o.channel_id
"""

CANCEL_OF_CHANNEL = """
UPDATE outbox SET state = 'cancelled', last_error = 'The channel was removed.'
WHERE workspace_id = :workspace_id AND channel_id = :channel_id AND state IN ('pending', 'dead')
"""

NEXT_SEQUENCE = """
SELECT coalesce(max(sequence), 0) + 1 FROM outbox
WHERE workspace_id = :workspace_id AND alert_id = :alert_id
"""

DEAD = """
SELECT o.id, a.state AS alert_state, o.purpose FROM outbox o
JOIN alerts a ON a.workspace_id = o.workspace_id AND a.id = o.alert_id
WHERE o.workspace_id = :workspace_id AND o.state = 'dead'
  AND (CAST(:outbox_id AS uuid) IS NULL OR o.id = :outbox_id)
  AND (CAST(:channel_id AS uuid) IS NULL OR o.channel_id = :channel_id)
  AND (CAST(:since AS timestamptz) IS NULL OR o.created_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR o.created_at < :until)
ORDER BY o.id LIMIT :limit FOR UPDATE OF o
"""

REDRIVE = """
UPDATE outbox SET state = 'pending', attempts = 0, next_at = :now
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

CANCEL_DEAD = """
UPDATE outbox SET state = 'cancelled', last_error = 'The alert is resolved.'
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

DELIVERIES = """
SELECT o.id, o.alert_id, a.case_id, o.channel_id, c.name AS channel_name, o.purpose, o.sequence,
  o.tier, o.state, o.next_at, o.attempts AS attempt_count, o.last_error, o.created_at, o.sent_at,
  o.digest_id, o.closes_digest_id, o.request_id, o.fallback_of, o.fell_back_at, c.enabled,
  c.paused_at, s.open_until
FROM outbox o
JOIN alerts a ON a.workspace_id = o.workspace_id AND a.id = o.alert_id
JOIN channels c ON c.workspace_id = o.workspace_id AND c.id = o.channel_id
LEFT JOIN channel_states s ON s.workspace_id = o.workspace_id AND s.channel_id = o.channel_id
WHERE o.workspace_id = :workspace_id {condition} {stretch}
"""

ATTEMPTS = """
SELECT outbox_id, attempt, started_at, finished_at, outcome, status_code, detail, digest_id
FROM send_attempts
WHERE workspace_id = :workspace_id AND outbox_id = ANY(CAST(:outbox_ids AS uuid[]))
ORDER BY outbox_id, attempt DESC LIMIT :limit
"""


async def add_dispatches(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Queue; what is already queued for the same alert, channel, purpose and round stays as is."""
    conflict = f"ON CONFLICT ({', '.join(IDENTITY)}) DO NOTHING"
    await insert_rows(uow, cast("Table", OutboxRow.__table__), rows, conflict=conflict)


async def cancel_of_alerts(
    uow: UnitOfWork, alert_ids: Sequence[UUID], reason: str
) -> list[Row[Any]]:
    """Cancel what was not sent; returns (alert, channel, lease end) of what was, or may have been.

    The lease end is set while a sending is on its way.
    """
    parameters = {"workspace_id": uow.workspace_id, "alert_ids": list(alert_ids)}
    await uow.execute(LOCK_OF_ALERTS, parameters)
    return list(await uow.execute(CANCEL_OF_ALERTS, {**parameters, "reason": reason}))


async def cancel_of_channel(uow: UnitOfWork, channel_id: UUID) -> None:
    await uow.execute(
        CANCEL_OF_CHANNEL, {"workspace_id": uow.workspace_id, "channel_id": channel_id}
    )


async def get_next_sequence(uow: UnitOfWork, alert_id: UUID) -> int:
    parameters = {"workspace_id": uow.workspace_id, "alert_id": alert_id}
    return int((await uow.execute(NEXT_SEQUENCE, parameters)).scalar_one())


async def lock_dead(
    uow: UnitOfWork, *, outbox_id: UUID | None, within: LetterRange, limit: int
) -> list[Row[Any]]:
    """Oldest first."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "outbox_id": outbox_id,
        "channel_id": within.channel_id,
        "since": within.since,
        "until": within.until,
        "limit": limit,
    }
    return list(await uow.execute(DEAD, parameters))


async def redrive(uow: UnitOfWork, outbox_ids: Sequence[UUID]) -> None:
    await uow.execute(
        REDRIVE, {"workspace_id": uow.workspace_id, "ids": list(outbox_ids), "now": uow.real_now}
    )


async def cancel_dead(uow: UnitOfWork, outbox_ids: Sequence[UUID]) -> None:
    await uow.execute(CANCEL_DEAD, {"workspace_id": uow.workspace_id, "ids": list(outbox_ids)})


async def list_of_alert(uow: UnitOfWork, alert_id: UUID, wanted: Stretch) -> list[Row[Any]]:
    """By their ids, which is when they were queued."""
    return await _list(uow, "AND o.alert_id = :alert_id", wanted, alert_id=alert_id)


async def list_dead(uow: UnitOfWork, wanted: Stretch, *, channel_id: UUID | None) -> list[Row[Any]]:
    """By their ids, which is when they were queued."""
    if channel_id is None:
        return await _list(uow, "AND o.state = 'dead'", wanted)
    condition = "AND o.state = 'dead' AND o.channel_id = :channel_id"
    return await _list(uow, condition, wanted, channel_id=channel_id)


async def _list(
    uow: UnitOfWork, condition: str, wanted: Stretch, **parameters: UUID
) -> list[Row[Any]]:
    query = DELIVERIES.format(condition=condition, stretch=wanted.sql("o.id"))
    bound = {"workspace_id": uow.workspace_id, **parameters} | wanted.bound
    return list(await uow.execute(query, bound))


async def list_attempts(uow: UnitOfWork, outbox_ids: Sequence[UUID], limit: int) -> list[Row[Any]]:
    """Attempts of these rows, the last ones first within each."""
    parameters = {"workspace_id": uow.workspace_id, "outbox_ids": list(outbox_ids), "limit": limit}
    return list(await uow.execute(ATTEMPTS, parameters))
