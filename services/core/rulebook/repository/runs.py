"""SQL of what rules do: the log, tags, judgements they change, and messages to try a draft on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.rulebook.models import MessageTagRow, RuleRunRow
from services.core.triage.models import JudgementRow

AUTHORS = """
SELECT id, external_id, handle, followers_count, verified, following FROM followers
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

RUNS_BEFORE = """
SELECT rule_id, message_id, count(*) AS runs FROM rule_runs
WHERE workspace_id = :workspace_id AND message_id = ANY(CAST(:ids AS uuid[])) GROUP BY 1, 2
"""

# In one order, and marked as done in the same statement: they are carried out in this unit.
TAKE_DUE = """
UPDATE rule_runs r SET due = false
FROM rules AS named, messages AS m
WHERE r.workspace_id = :workspace_id AND r.due
  AND named.workspace_id = r.workspace_id AND named.id = r.rule_id
  AND m.workspace_id = r.workspace_id AND m.id = r.message_id
RETURNING r.id, r.rule_id, named.name, r.message_id, r.effects, m.case_id, m.tier,
  (SELECT count(*) FROM rule_runs AS lately
   WHERE lately.workspace_id = r.workspace_id AND lately.rule_id = r.rule_id
     AND lately.at > :since AND NOT lately.due AND lately.outcome = 'applied') AS lately
"""

MUTE = """
UPDATE rule_runs SET outcome = 'muted'
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

RUNS = """
SELECT r.*, named.name FROM rule_runs r
JOIN rules AS named ON named.workspace_id = r.workspace_id AND named.id = r.rule_id
WHERE r.workspace_id = :workspace_id {conditions} {stretch}
"""

# The machine's own word of the text in force, before any rule or person changed it.
TRIED_ON = """
SELECT m.id, m.source_id, m.post_id, m.text, m.content_rank, m.kind, m.occurred_at,
  m.deleted_at, j.language, j.tier, j.category, j.sentiment, j.needs_reply,
  j.spam_score, j.confidence, j.hide, j.flags, j.reasons,
  f.external_id AS author, f.handle, f.followers_count, f.verified, f.following
FROM (
  SELECT * FROM messages
  WHERE workspace_id = :workspace_id AND occurred_at >= :since AND direction = 'in'
    AND content_at IS NOT NULL AND deleted_at IS NULL AND judgement_id IS NOT NULL
  ORDER BY occurred_at DESC, id DESC LIMIT :limit
) AS m
CROSS JOIN LATERAL (
  SELECT * FROM judgements AS each
  WHERE each.workspace_id = :workspace_id AND each.message_id = m.id
    AND each.content_rank = m.content_rank AND each.decided_by = 'engine'
  ORDER BY each.decided_at DESC, each.id DESC LIMIT 1
) AS j
LEFT JOIN followers AS f ON f.workspace_id = :workspace_id AND f.id = m.author_id
ORDER BY m.occurred_at DESC, m.id DESC
"""


async def list_authors(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Row[Any]]:
    return await _by_ids(uow, AUTHORS, ids)


async def count_runs(uow: UnitOfWork, message_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], int]:
    """How often each rule ran on each of these messages, by (rule, message)."""
    rows = await _by_ids(uow, RUNS_BEFORE, message_ids)
    return {(row.rule_id, row.message_id): row.runs for row in rows}


async def add_runs(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """The ids of runs that are new; a rule runs once for each version of a text."""
    if not rows:
        return set()
    statement = insert(RuleRunRow).on_conflict_do_nothing().returning(RuleRunRow.id)
    return set((await uow.execute(statement, list(rows))).scalars())


async def add_tags(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await uow.execute(insert(MessageTagRow).on_conflict_do_nothing(), list(rows))


async def add_judgements(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await uow.execute(insert(JudgementRow).on_conflict_do_nothing(), list(rows))


async def take_due(uow: UnitOfWork, since: datetime) -> list[Row[Any]]:
    parameters = {"workspace_id": uow.workspace_id, "since": since}
    rows = await uow.execute(TAKE_DUE, parameters)
    return sorted(rows, key=lambda row: row.id)


async def mute(uow: UnitOfWork, run_ids: Sequence[UUID]) -> None:
    if run_ids:
        await uow.execute(MUTE, {"workspace_id": uow.workspace_id, "ids": list(run_ids)})


async def list_runs(
    uow: UnitOfWork, wanted: Stretch, *, rule_id: UUID | None, message_id: UUID | None
) -> list[Row[Any]]:
    """By when they ran."""
    bound: dict[str, Any] = {"workspace_id": uow.workspace_id} | wanted.bound
    conditions = ""
    if rule_id is not None:
        conditions += " AND r.rule_id = :rule_id"
        bound["rule_id"] = rule_id
    if message_id is not None:
        conditions += " AND r.message_id = :message_id"
        bound["message_id"] = message_id
    statement = RUNS.format(conditions=conditions, stretch=wanted.sql("r.at", "r.id"))
    return list(await uow.execute(statement, bound))


async def list_tried_on(uow: UnitOfWork, since: timedelta, limit: int) -> list[Row[Any]]:
    """Messages of the last so many days with what the engine said of them, newest first."""
    parameters = {"workspace_id": uow.workspace_id, "since": uow.now - since, "limit": limit}
    return list(await uow.execute(TRIED_ON, parameters))


async def _by_ids(uow: UnitOfWork, statement: str, ids: Sequence[UUID]) -> list[Row[Any]]:
    if not ids:
        return []
    return list(await uow.execute(statement, {"workspace_id": uow.workspace_id, "ids": list(ids)}))
