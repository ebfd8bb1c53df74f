"""SQL of corrections: what the machine said, what a person said, and the texts to learn from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert

from services.core.kit.uow import UnitOfWork
from services.core.learning.models import CorrectionRow
from services.core.learning.types import Labels, Lesson
from services.core.triage.models import JudgementRow
from services.core.triage.types import Category, Sentiment, Tier

# Of the text in force: what was said of an earlier version speaks of another text.
JUDGEMENTS = """
SELECT * FROM judgements
WHERE workspace_id = :workspace_id AND message_id = :message_id AND content_rank = :content_rank
ORDER BY decided_at DESC, id DESC
"""

BY_PEOPLE = """
SELECT id FROM judgements
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[])) AND decided_by = 'member'
"""

# A message corrected twice teaches its last word; a text that is gone teaches nothing.
LESSONS = """
SELECT * FROM (
  SELECT DISTINCT ON (c.message_id) c.id, m.text, c.tier, c.category, c.sentiment, c.needs_reply,
    c.decided_at
  FROM corrections c
  JOIN messages m ON m.workspace_id = c.workspace_id AND m.id = c.message_id
    AND m.content_rank = c.content_rank AND m.deleted_at IS NULL
  WHERE c.workspace_id = :workspace_id
  ORDER BY c.message_id, c.decided_at DESC, c.id DESC
) AS last_words
ORDER BY decided_at DESC, id DESC LIMIT :limit
"""

CONFUSION = """
SELECT machine_tier AS machine, tier AS person, count(*) AS messages FROM (
  SELECT DISTINCT ON (message_id) machine_tier, tier FROM corrections
  WHERE workspace_id = :workspace_id AND decided_at >= :since
  ORDER BY message_id, decided_at DESC, id DESC
) AS last_words GROUP BY 1, 2
"""

JUDGED = """
SELECT tier, count(*) AS messages FROM (
  SELECT DISTINCT ON (message_id) message_id, tier FROM judgements
  WHERE workspace_id = :workspace_id AND decided_at >= :since AND decided_by <> 'member'
  ORDER BY message_id, decided_at DESC, id DESC
) AS last_words GROUP BY tier
"""


async def list_judgements(uow: UnitOfWork, message_id: UUID, content_rank: str) -> list[Row[Any]]:
    """Newest first, of one version of the text."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "message_id": message_id,
        "content_rank": content_rank,
    }
    return list(await uow.execute(JUDGEMENTS, parameters))


async def list_by_people(uow: UnitOfWork, judgement_ids: Sequence[UUID]) -> set[UUID]:
    parameters = {"workspace_id": uow.workspace_id, "ids": list(judgement_ids)}
    return set((await uow.execute(BY_PEOPLE, parameters)).scalars())


async def add_judgement(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(JudgementRow).values(row))


async def add_correction(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(CorrectionRow).values(row))


async def list_lessons(uow: UnitOfWork, limit: int) -> list[Lesson]:
    """The newest ones first."""
    rows = await uow.execute(LESSONS, {"workspace_id": uow.workspace_id, "limit": limit})
    return [
        Lesson(
            row.id,
            row.text,
            Labels(
                Tier(row.tier), Category(row.category), Sentiment(row.sentiment), row.needs_reply
            ),
        )
        for row in rows
    ]


async def count_confusion(uow: UnitOfWork, since: datetime) -> list[tuple[str, str, int]]:
    rows = await uow.execute(CONFUSION, {"workspace_id": uow.workspace_id, "since": since})
    return [(row.machine, row.person, row.messages) for row in rows]


async def count_judged(uow: UnitOfWork, since: datetime) -> dict[str, int]:
    rows = await uow.execute(JUDGED, {"workspace_id": uow.workspace_id, "since": since})
    return {row.tier: row.messages for row in rows}
