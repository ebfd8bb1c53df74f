"""SQL of climbs: find what is due, hold it, and write down where each alert stands and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, Table

from services.core.alerts.models import AlertRow, AlertStepRow
from services.core.alerts.repository.alerts import read_alert
from services.core.alerts.types import Alert
from services.core.kit.bulk import insert_rows, update_rows
from services.core.kit.uow import UnitOfWork

ALERTS: Final = cast("Table", AlertRow.__table__)
STEPS: Final = cast("Table", AlertStepRow.__table__)

# One look, many times a minute, whose cost is that of what is due: two probes of one index.
CLOCKWORK: Final = """
WITH earliest AS MATERIALIZED (
  SELECT workspace_id FROM alerts WHERE climb_at IS NOT NULL AND climb_at <= :now
  ORDER BY climb_at LIMIT :sight
)
SELECT ARRAY(SELECT DISTINCT workspace_id FROM earliest) AS due,
  (SELECT count(*) FROM earliest) AS seen,
  (SELECT min(climb_at) FROM alerts WHERE climb_at IS NOT NULL) AS next_at
"""
SIGHT: Final = 5_000

# When more is due than that look reaches, one workspace may hide all others: every one that climbs
# is asked then, by jumping from one to the next in the index, and who waits longest goes first.
CROWDED: Final = """
WITH RECURSIVE climbing AS (
  (SELECT workspace_id FROM alerts WHERE climb_at IS NOT NULL
   ORDER BY workspace_id, tier, climb_at, id LIMIT 1)
  UNION ALL
  SELECT following.workspace_id FROM climbing c CROSS JOIN LATERAL (
    SELECT a.workspace_id FROM alerts a
    WHERE a.climb_at IS NOT NULL AND a.workspace_id > c.workspace_id
    ORDER BY a.workspace_id, a.tier, a.climb_at, a.id LIMIT 1
  ) AS following
)
SELECT c.workspace_id FROM climbing c CROSS JOIN LATERAL (
  SELECT min(head.climb_at) AS climb_at
  FROM (VALUES ('urgent'), ('important'), ('routine'), ('spam')) AS tiers (tier)
  CROSS JOIN LATERAL (
    SELECT a.climb_at FROM alerts a
    WHERE a.workspace_id = c.workspace_id AND a.tier = tiers.tier AND a.climb_at IS NOT NULL
    ORDER BY a.climb_at, a.id LIMIT 1
  ) AS head
) AS first
WHERE first.climb_at <= :now ORDER BY first.climb_at, c.workspace_id
"""

# Sandboxes, few and only on installations that have them, by one probe for each tier.
SANDBOX_CLOCKWORK: Final = """
SELECT s.workspace_id, first.climb_at - s.ahead AS next_at
FROM sandbox_clocks s CROSS JOIN LATERAL (
  SELECT min(head.climb_at) AS climb_at
  FROM (VALUES ('urgent'), ('important'), ('routine'), ('spam')) AS tiers (tier)
  CROSS JOIN LATERAL (
    SELECT climb_at FROM alerts a
    WHERE a.workspace_id = s.workspace_id AND a.tier = tiers.tier AND a.climb_at IS NOT NULL
    ORDER BY a.climb_at LIMIT 1
  ) AS head
) AS first
WHERE first.climb_at IS NOT NULL
"""

# Urgent first: one tier after the other, each by a stretch of its index, and none is looked at, or
# locked, once the batch is full. What a person or a settlement holds is passed by and met again.
CLAIM: Final = """
WITH due AS MATERIALIZED (
  SELECT mine.* FROM (VALUES ('urgent'), ('important'), ('routine'), ('spam')) AS tiers (tier)
  CROSS JOIN LATERAL (
    SELECT a.* FROM alerts a
    WHERE a.workspace_id = :workspace_id AND a.tier = tiers.tier
      AND a.climb_at IS NOT NULL AND a.climb_at <= :now
    ORDER BY a.climb_at, a.id LIMIT :limit
    FOR UPDATE OF a SKIP LOCKED
  ) AS mine
  LIMIT :limit
)
SELECT due.*, (
  SELECT max(louder.step) FROM alerts louder
  WHERE louder.workspace_id = :workspace_id AND louder.clock_id = due.clock_id
    AND louder.step > due.step AND louder.generation = due.generation
    AND louder.state IN ('firing', 'acknowledged')
) AS louder_step FROM due
"""

CASES: Final = """
SELECT id, assignee_id, thread_id, post_id, follower_id FROM cases
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:case_ids AS uuid[]))
"""

# A few of each group are enough to know whether somebody was told: the last ones.
TOLD: Final = """
SELECT lately.* FROM unnest(CAST(:groups AS text[])) AS wanted (told_group)
CROSS JOIN LATERAL (
  SELECT a.* FROM alerts a
  WHERE a.workspace_id = :workspace_id AND a.told_group = wanted.told_group
    AND a.told_at > :since AND a.state IN ('firing', 'acknowledged')
  ORDER BY a.told_at DESC LIMIT 20
) AS lately
"""

PAST: Final = """
SELECT alert_id, position, round FROM alert_steps
WHERE workspace_id = :workspace_id AND alert_id = ANY(CAST(:alert_ids AS uuid[]))
  AND (outcome = 'told' OR reason <> ALL(CAST(:holding AS text[])))
"""

LIST_STEPS: Final = """
SELECT position, round, outcome, reason, detail, due_at, done_at, late_by_seconds
FROM alert_steps
WHERE workspace_id = :workspace_id AND alert_id = :alert_id
ORDER BY done_at, position, round LIMIT :limit
"""

# What was only held may be told later; what was told stays told.
SAY_AGAIN: Final = """
ON CONFLICT (workspace_id, alert_id, position, round) DO UPDATE SET
  outcome = excluded.outcome, reason = excluded.reason,
  detail = alert_steps.detail || excluded.detail, due_at = excluded.due_at,
  done_at = excluded.done_at, late_by_seconds = excluded.late_by_seconds
WHERE alert_steps.outcome = 'explained'
"""

REACHED: Final = """
SELECT DISTINCT ON (a.clock_id, o.channel_id) a.*, o.channel_id AS reached_channel_id, (
  SELECT count(*) + 1 FROM outbox earlier
  WHERE earlier.workspace_id = :workspace_id AND earlier.alert_id = a.id
    AND earlier.channel_id = o.channel_id AND earlier.purpose = 'corrected'
) AS next_sequence
FROM alerts a JOIN outbox o ON o.workspace_id = a.workspace_id AND o.alert_id = a.id
WHERE a.workspace_id = :workspace_id AND a.clock_id = ANY(CAST(:clock_ids AS uuid[]))
  AND o.state = 'sent' AND o.purpose IN ('firing', 'renotify', 'escalated')
ORDER BY a.clock_id, o.channel_id, a.step DESC, a.id DESC
"""

PUT_OFF: Final = """
UPDATE alerts SET climb_at = :until WHERE workspace_id = :workspace_id AND id = :alert_id
"""

# A sandbox's month ends when its own clock says so.
EXPIRABLE: Final = """
SELECT w.id FROM workspaces w
LEFT JOIN sandbox_clocks s ON s.workspace_id = w.id AND CAST(:drifts AS bool)
CROSS JOIN LATERAL (
  SELECT CAST(:before AS timestamptz) + coalesce(s.ahead, interval '0') AS before
) AS own
WHERE EXISTS (
  SELECT FROM alerts a
  WHERE a.workspace_id = w.id AND a.state = 'firing' AND a.fired_at < own.before
) OR EXISTS (
  SELECT FROM alerts a
  WHERE a.workspace_id = w.id AND a.state = 'acknowledged' AND a.fired_at < own.before
)
"""

EXPIRE: Final = """
UPDATE alerts SET state = 'expired', resolved_at = :now, resolved_by = :by,
  resolution = :resolution, climb_at = NULL, resume_at = NULL
WHERE workspace_id = :workspace_id AND id IN (
  SELECT id FROM alerts
  WHERE workspace_id = :workspace_id AND state = :state AND fired_at < :before
  ORDER BY fired_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
)
RETURNING *
"""


async def list_reached(uow: UnitOfWork, clock_ids: Sequence[UUID]) -> list[tuple[Alert, UUID, int]]:
    """The loudest alert of each clock that each channel took, and the number of its correction."""
    parameters = {"workspace_id": uow.workspace_id, "clock_ids": list(clock_ids)}
    rows = await uow.execute(REACHED, parameters)
    return [(read_alert(row), row.reached_channel_id, row.next_sequence) for row in rows]


async def look(uow: UnitOfWork) -> tuple[list[UUID], datetime | None]:
    """Workspaces with due climbs, and when the first climb of all goes on."""
    row = (await uow.execute(CLOCKWORK, {"now": uow.now, "sight": SIGHT})).one()
    if row.seen < SIGHT:
        return list(row.due), row.next_at
    return list((await uow.execute(CROWDED, {"now": uow.now})).scalars()), row.next_at


async def look_at_sandboxes(uow: UnitOfWork) -> list[Row[Any]]:
    """Each sandbox with a climb ahead of it, and when that goes on in everybody's time."""
    return list(await uow.execute(SANDBOX_CLOCKWORK))


async def claim(uow: UnitOfWork, limit: int) -> list[tuple[Alert, int | None]]:
    """Due alerts, held until the unit ends, with the step of a louder one about the same clock."""
    parameters = {"workspace_id": uow.workspace_id, "now": uow.now, "limit": limit}
    rows = await uow.execute(CLAIM, parameters)
    return [(read_alert(row), row.louder_step) for row in rows]


async def list_cases(uow: UnitOfWork, case_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Who has these cases, and what they belong to."""
    parameters = {"workspace_id": uow.workspace_id, "case_ids": list(case_ids)}
    return {row.id: row for row in await uow.execute(CASES, parameters)}


async def list_told(uow: UnitOfWork, groups: Sequence[str], since: datetime) -> list[Alert]:
    """Open alerts of these groups that somebody was told of since then."""
    parameters = {"workspace_id": uow.workspace_id, "groups": list(groups), "since": since}
    return [read_alert(row) for row in await uow.execute(TOLD, parameters)]


async def list_past(
    uow: UnitOfWork, alert_ids: Sequence[UUID], holding: Sequence[str]
) -> list[Row[Any]]:
    """What was done of these climbs for good: all but what one of these reasons holds back."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "alert_ids": list(alert_ids),
        "holding": list(holding),
    }
    return list(await uow.execute(PAST, parameters))


async def list_steps(uow: UnitOfWork, alert_id: UUID, limit: int) -> list[Row[Any]]:
    """What became of one alert's climb, in the order in which it happened."""
    parameters = {"workspace_id": uow.workspace_id, "alert_id": alert_id, "limit": limit}
    return list(await uow.execute(LIST_STEPS, parameters))


async def add_steps(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await insert_rows(uow, STEPS, rows, conflict=SAY_AGAIN)


async def move_alerts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Write where alerts stand, by id; the caller holds them."""
    await update_rows(uow, ALERTS, rows)


async def put_off(uow: UnitOfWork, alert_id: UUID, until: datetime) -> None:
    """The caller holds the alert."""
    parameters = {"workspace_id": uow.workspace_id, "alert_id": alert_id, "until": until}
    await uow.execute(PUT_OFF, parameters)


async def list_expirable(uow: UnitOfWork, before: datetime, *, drifts: bool) -> list[UUID]:
    """Across workspaces: those with open alerts raised before then.

    That is by each one's own clock, where sandboxes have any.
    """
    parameters = {"before": before, "drifts": drifts}
    return list((await uow.execute(EXPIRABLE, parameters)).scalars())


async def expire(
    uow: UnitOfWork, state: str, before: datetime, *, resolution: str, limit: int
) -> list[Alert]:
    parameters = {
        "workspace_id": uow.workspace_id,
        "state": state,
        "before": before,
        "now": uow.now,
        "by": uow.actor.label or uow.actor.id,
        "resolution": resolution,
        "limit": limit,
    }
    return [read_alert(row) for row in await uow.execute(EXPIRE, parameters)]
