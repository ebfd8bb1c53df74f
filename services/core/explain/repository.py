"""SQL of explanations: one clock or all of a case, with the steps, alerts, acts and messages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

Rows = list[Row[Any]]

CLOCK = "SELECT * FROM clocks WHERE workspace_id = :workspace_id AND id = :clock_id"

CLOCKS = """
SELECT * FROM clocks WHERE workspace_id = :workspace_id AND case_id = :case_id
ORDER BY started_at, kind, episode LIMIT :limit
"""

STEPS = """
SELECT t.clock_id, t.percent, t.generation, t.fire_at, t.state, t.fired_at, t.note,
  a.id AS alert_id, a.state AS alert_state, a.severity, a.fired_at AS alert_fired_at,
  a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolution
FROM timers t
LEFT JOIN alerts a ON a.workspace_id = t.workspace_id AND a.clock_id = t.clock_id
  AND a.step = t.percent AND a.generation = t.generation
WHERE t.workspace_id = :workspace_id AND t.case_id = :case_id
ORDER BY t.clock_id, t.generation, t.percent
"""

ACTS = """
SELECT kind, at, until, tier, actor_kind, actor_id FROM case_acts
WHERE workspace_id = :workspace_id AND thread_id = :thread_id AND case_id = :case_id
ORDER BY at, id
"""

MESSAGES = """
SELECT m.id, m.occurred_at, m.direction, m.text, m.tier, m.category, j.language,
  coalesce(CASE WHEN m.direction = 'out' THEN m.member_handle END, f.name, f.handle) AS who
FROM messages m
LEFT JOIN followers f ON f.workspace_id = m.workspace_id AND f.id = m.author_id
LEFT JOIN judgements j ON j.workspace_id = m.workspace_id AND j.id = m.judgement_id
WHERE m.workspace_id = :workspace_id AND m.id = ANY(CAST(:message_ids AS uuid[]))
"""


async def get_clock(uow: UnitOfWork, clock_id: UUID) -> Row[Any] | None:
    return next(iter(await _rows(uow, CLOCK, clock_id=clock_id)), None)


async def list_clocks(uow: UnitOfWork, case_id: UUID, limit: int) -> Rows:
    """The oldest ones first."""
    return await _rows(uow, CLOCKS, case_id=case_id, limit=limit)


async def list_steps(uow: UnitOfWork, case_id: UUID) -> Rows:
    """Every moment of the case's clocks, in every generation, with the alert it raised."""
    return await _rows(uow, STEPS, case_id=case_id)


async def list_acts(uow: UnitOfWork, thread_id: UUID, case_id: UUID) -> Rows:
    return await _rows(uow, ACTS, thread_id=thread_id, case_id=case_id)


async def list_messages(uow: UnitOfWork, message_ids: Sequence[UUID]) -> Rows:
    return await _rows(uow, MESSAGES, message_ids=list(message_ids))


async def _rows(uow: UnitOfWork, statement: str, **bound: Any) -> Rows:
    return list(await uow.execute(statement, {"workspace_id": uow.workspace_id} | bound))
