"""SQL of bursts: read what opened since, keep who asked what, show who still waits."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from services.core.bursts.models import BurstQuestionRow, BurstRow
from services.core.bursts.types import Asked, Burst, BurstCase
from services.core.cases.types import CaseState
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Category, Tier

WORKSPACES_WITH_NEWS = """
SELECT h.workspace_id FROM stream_heads h
LEFT JOIN burst_heads b ON b.workspace_id = h.workspace_id
WHERE h.last_seq > coalesce(b.seq, 0) LIMIT 100
"""

START = """
INSERT INTO burst_heads (workspace_id, seq) VALUES (:workspace_id, 0) ON CONFLICT DO NOTHING
"""

HEAD = """
SELECT seq FROM burst_heads WHERE workspace_id = :workspace_id FOR UPDATE SKIP LOCKED
"""

MOVE = "UPDATE burst_heads SET seq = :seq WHERE workspace_id = :workspace_id"

OPENED = """
SELECT c.id AS case_id, c.source_id, m.id AS message_id, m.post_id, m.text, m.occurred_at
FROM cases c
JOIN messages m ON m.workspace_id = c.workspace_id AND m.id = c.opening_message_id
WHERE c.workspace_id = :workspace_id AND c.id = ANY(CAST(:ids AS uuid[]))
  AND c.channel = 'comment' AND c.state <> 'void' AND m.post_id IS NOT NULL
  AND m.deleted_at IS NULL AND m.category = ANY(CAST(:asking AS text[]))
  AND NOT EXISTS (
    SELECT FROM burst_questions q WHERE q.workspace_id = c.workspace_id AND q.message_id = m.id
  )
"""

# Under a post that everybody comments on, only the newest are compared. Each text is looked up by
# itself: of a workspace it knows nothing about the planner would read all messages each time.
AROUND = """
SELECT q.message_id, q.case_id, q.post_id, q.source_id, q.burst_id, q.asked_at, m.text
FROM unnest(CAST(:posts AS uuid[])) AS p (id)
CROSS JOIN LATERAL (
  SELECT * FROM burst_questions AS each
  WHERE each.workspace_id = :workspace_id AND each.post_id = p.id
    AND each.asked_at BETWEEN :since AND :until
  ORDER BY each.asked_at DESC LIMIT :limit
) AS q
CROSS JOIN LATERAL (
  SELECT text FROM messages
  WHERE messages.workspace_id = :workspace_id AND messages.id = q.message_id
    AND deleted_at IS NULL LIMIT 1
) AS m
"""

BIND = """
UPDATE burst_questions q SET burst_id = b.burst_id
FROM unnest(CAST(:messages AS uuid[]), CAST(:bursts AS uuid[])) AS b (message_id, burst_id)
WHERE q.workspace_id = :workspace_id AND q.message_id = b.message_id AND q.burst_id IS NULL
"""

# Who waits is what their own case says, so a burst needs no keeping up.
BURSTS = """
WITH page AS MATERIALIZED (
  SELECT * FROM bursts b WHERE b.workspace_id = :workspace_id {conditions}
  {stretch}
)
SELECT page.*, CASE WHEN m.deleted_at IS NULL THEN m.text END AS text,
  count(c.id) AS size, count(c.id) FILTER (WHERE c.unanswered > 0) AS waiting,
  min(c.next_due_at) FILTER (WHERE c.unanswered > 0) AS next_due_at
FROM page
JOIN burst_questions q ON q.workspace_id = :workspace_id AND q.burst_id = page.id
JOIN cases c ON c.workspace_id = :workspace_id AND c.id = q.case_id AND c.state <> 'void'
LEFT JOIN messages m ON m.workspace_id = :workspace_id AND m.id = page.message_id
GROUP BY page.workspace_id, page.id, page.post_id, page.source_id, page.message_id,
  page.started_at, page.last_at, page.answered_at, m.text, m.deleted_at
ORDER BY {order}
"""

WAITING = """
AND EXISTS (
  SELECT FROM burst_questions q
  JOIN cases c ON c.workspace_id = q.workspace_id AND c.id = q.case_id AND c.unanswered > 0
  WHERE q.workspace_id = b.workspace_id AND q.burst_id = b.id
)
"""

CASES = """
SELECT q.case_id, q.message_id, q.similarity, q.asked_at, c.state, c.tier, c.unanswered,
  c.next_due_at, f.handle, CASE WHEN m.deleted_at IS NULL THEN m.text END AS text
FROM burst_questions q
JOIN cases c ON c.workspace_id = q.workspace_id AND c.id = q.case_id AND c.state <> 'void'
LEFT JOIN messages m ON m.workspace_id = q.workspace_id AND m.id = q.message_id
LEFT JOIN followers f ON f.workspace_id = q.workspace_id AND f.id = m.author_id
WHERE q.workspace_id = :workspace_id AND q.burst_id = :burst_id
ORDER BY q.asked_at, q.message_id LIMIT :limit
"""

ANSWERED = """
UPDATE bursts SET answered_at = :now WHERE workspace_id = :workspace_id AND id = :burst_id
"""


async def list_workspaces_with_news(uow: UnitOfWork) -> list[UUID]:
    return list((await uow.execute(WORKSPACES_WITH_NEWS)).scalars())


async def lock_head(uow: UnitOfWork) -> int | None:
    """The number of the last fact read; None while another worker reads."""
    await uow.execute(START, {"workspace_id": uow.workspace_id})
    found = await uow.execute(HEAD, {"workspace_id": uow.workspace_id})
    seq: int | None = found.scalar_one_or_none()
    return seq


async def move_head(uow: UnitOfWork, seq: int) -> None:
    await uow.execute(MOVE, {"workspace_id": uow.workspace_id, "seq": seq})


async def list_opened(
    uow: UnitOfWork, case_ids: Sequence[UUID], asking: Iterable[Category]
) -> list[Asked]:
    """Questions that opened these cases under posts, as far as they are not kept yet."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": list(case_ids),
        "asking": [category.value for category in asking],
    }
    rows = await uow.execute(OPENED, parameters)
    return [
        Asked(row.message_id, row.case_id, row.post_id, row.source_id, row.text, row.occurred_at)
        for row in rows
    ]


async def list_around(
    uow: UnitOfWork, asked: Sequence[Asked], window: timedelta, limit: int
) -> list[Asked]:
    """Kept questions under the same posts, within the window of any of these."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "posts": sorted({one.post_id for one in asked}),
        "since": min(one.asked_at for one in asked) - window,
        "until": max(one.asked_at for one in asked) + window,
        "limit": limit,
    }
    return [
        Asked(
            row.message_id,
            row.case_id,
            row.post_id,
            row.source_id,
            row.text,
            row.asked_at,
            row.burst_id,
        )
        for row in await uow.execute(AROUND, parameters)
    ]


async def add_questions(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await uow.execute(insert(BurstQuestionRow).on_conflict_do_nothing(), list(rows))


async def bind(uow: UnitOfWork, bursts: dict[UUID, UUID]) -> None:
    """Give questions that stood alone the burst they are in now."""
    if bursts:
        parameters = {
            "workspace_id": uow.workspace_id,
            "messages": list(bursts),
            "bursts": list(bursts.values()),
        }
        await uow.execute(BIND, parameters)


async def add_bursts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Add bursts; of those that are there, only the last moment moves on."""
    if not rows:
        return
    statement = insert(BurstRow)
    latest = statement.excluded.last_at
    upsert = statement.on_conflict_do_update(
        index_elements=["workspace_id", "id"], set_={"last_at": latest}
    )
    await uow.execute(upsert, list(rows))


async def list_bursts(
    uow: UnitOfWork,
    wanted: Stretch,
    *,
    waiting: bool,
    burst_id: UUID | None = None,
) -> list[Burst]:
    """By the last question; `waiting` leaves out those in which nobody waits any more."""
    bound: dict[str, Any] = {"workspace_id": uow.workspace_id} | wanted.bound
    conditions = WAITING if waiting else ""
    if burst_id is not None:
        conditions += " AND b.id = :burst_id"
        bound["burst_id"] = burst_id
    statement = BURSTS.format(
        conditions=conditions,
        stretch=wanted.sql("b.last_at", "b.id"),
        order=wanted.order("page.last_at", "page.id"),
    )
    return [_burst(row) for row in await uow.execute(statement, bound)]


async def list_cases(uow: UnitOfWork, burst_id: UUID, limit: int) -> list[BurstCase]:
    """The first who asked first."""
    parameters = {"workspace_id": uow.workspace_id, "burst_id": burst_id, "limit": limit}
    return [
        BurstCase(
            case_id=row.case_id,
            message_id=row.message_id,
            text=row.text,
            handle=row.handle,
            similarity=row.similarity,
            asked_at=row.asked_at,
            state=CaseState(row.state),
            tier=Tier(row.tier),
            waiting=row.unanswered > 0,
            next_due_at=row.next_due_at,
        )
        for row in await uow.execute(CASES, parameters)
    ]


async def mark_answered(uow: UnitOfWork, burst_id: UUID) -> None:
    parameters = {"workspace_id": uow.workspace_id, "burst_id": burst_id, "now": uow.now}
    await uow.execute(ANSWERED, parameters)


def _burst(row: Row[Any]) -> Burst:
    return Burst(
        id=row.id,
        post_id=row.post_id,
        source_id=row.source_id,
        text=row.text,
        size=row.size,
        waiting=row.waiting,
        next_due_at=row.next_due_at,
        started_at=row.started_at,
        last_at=row.last_at,
        answered_at=row.answered_at,
    )
