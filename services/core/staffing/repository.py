"""SQL of staffing: the plan's row, and what was measured of arrivals, replies and who waits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import text

from services.core.kit.uow import UnitOfWork

PLAN = "SELECT * FROM staffing_plans WHERE workspace_id = :workspace_id"

# The version counts what was saved; of two who save at once the later one stands.
SAVE = """
INSERT INTO staffing_plans (workspace_id, version, definition, updated_at, updated_by)
VALUES (:workspace_id, 1, :definition, :now, :actor)
ON CONFLICT (workspace_id) DO UPDATE SET version = staffing_plans.version + 1,
  definition = excluded.definition, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by
"""

# What a promise stands for: a follower's message that is worth a reply, as judged now. History
# that was sent in afterwards counts, it is when people write that matters.
WORTH_A_REPLY = """
  m.workspace_id = :workspace_id AND m.direction = 'in' AND m.needs_reply
  AND m.deleted_at IS NULL AND m.tier <> 'spam'
  AND m.occurred_at >= :since AND m.occurred_at < :until
"""

FIRST = """
SELECT min(m.occurred_at) FROM messages m WHERE m.workspace_id = :workspace_id
  AND m.direction = 'in' AND m.occurred_at >= :since AND m.occurred_at < :until
"""

HOURLY = f"""
SELECT date_trunc('hour', m.occurred_at, 'UTC') AS hour, count(*) AS number
FROM messages m WHERE {WORTH_A_REPLY} GROUP BY 1
"""

GROUPS = f"""
SELECT m.kind, m.source_id, m.tier, m.category, count(*) AS number
FROM messages m WHERE {WORTH_A_REPLY}
GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC, 1, 2, 3, 4 LIMIT 60
"""

# The time between two replies of one person is what the second one took, if what it answers
# already waited when the first was given: then nobody was idle in between. Longer than the cap
# somebody was away.
INTERVALS = """
WITH given AS (
  SELECT coalesce(r.member_handle, '') AS who, r.source_id, r.thread_id, r.occurred_at,
    lag(r.occurred_at) OVER (PARTITION BY coalesce(r.member_handle, ''), r.source_id
                             ORDER BY r.occurred_at, r.id) AS before
  FROM messages r
  WHERE r.workspace_id = :workspace_id AND r.direction = 'out' AND r.kind = 'reply'
    AND r.thread_id IS NOT NULL AND (:unnamed OR r.member_handle IS NOT NULL)
    AND r.occurred_at >= :since AND r.occurred_at < :until
  ORDER BY r.occurred_at DESC LIMIT 20000
)
SELECT extract(epoch FROM g.occurred_at - g.before) AS seconds
FROM given g
CROSS JOIN LATERAL (
  SELECT m.occurred_at FROM messages m
  WHERE m.workspace_id = :workspace_id AND m.thread_id = g.thread_id AND m.direction = 'in'
    AND m.occurred_at <= g.occurred_at
  ORDER BY m.occurred_at DESC LIMIT 1
) AS asked
WHERE g.before < g.occurred_at AND asked.occurred_at <= g.before
  AND g.occurred_at - g.before <= make_interval(secs => :cap)
"""

WAITING = """
SELECT started_at, due_at FROM clocks
WHERE workspace_id = :workspace_id AND settled_at IS NULL AND state IN ('running', 'missed')
  AND kind <> 'resolution'
ORDER BY due_at LIMIT 20000
"""


async def get_plan(uow: UnitOfWork) -> Row[Any] | None:
    return (await uow.execute(PLAN, {"workspace_id": uow.workspace_id})).one_or_none()


async def save_plan(uow: UnitOfWork, definition: dict[str, Any]) -> None:
    statement = text(SAVE).bindparams(bindparam("definition", type_=JSONB))
    await uow.execute(
        statement,
        {
            "workspace_id": uow.workspace_id,
            "definition": definition,
            "now": uow.now,
            "actor": uow.actor.id,
        },
    )


async def first_message(uow: UnitOfWork, since: datetime) -> datetime | None:
    """When the first message since then came in; None when none did."""
    found: datetime | None = (await uow.execute(FIRST, _span(uow, since))).scalar_one()
    return found


async def count_by_hour(uow: UnitOfWork, since: datetime) -> dict[datetime, int]:
    """Questions worth a reply by the full hour (UTC) in which they were asked."""
    return {row.hour: row.number for row in await uow.execute(HOURLY, _span(uow, since))}


async def count_by_group(uow: UnitOfWork, since: datetime) -> list[Row[Any]]:
    """The same questions by what they are owed, the most frequent groups first."""
    return list(await uow.execute(GROUPS, _span(uow, since)))


async def list_intervals(
    uow: UnitOfWork, since: datetime, *, unnamed: bool, cap_seconds: int
) -> Sequence[float]:
    """Seconds single replies took; `unnamed` takes replies without a name as one person's."""
    bound = _span(uow, since) | {"unnamed": unnamed, "cap": cap_seconds}
    return [float(row.seconds) for row in await uow.execute(INTERVALS, bound)]


async def list_waiting(uow: UnitOfWork) -> list[Row[Any]]:
    """Response clocks that run, with their due times."""
    return list(await uow.execute(WAITING, {"workspace_id": uow.workspace_id}))


def _span(uow: UnitOfWork, since: datetime) -> dict[str, UUID | datetime]:
    return {"workspace_id": uow.workspace_id, "since": since, "until": uow.now}
