"""SQL of a workspace's own words, and of whom and what alerts are about."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from services.core.alerts.templates import AlertTexts
from services.core.alerts.text_models import AlertTextsRow
from services.core.alerts.types import Purpose
from services.core.kit.uow import UnitOfWork

# The newest message of a case that still stands: what somebody waits for an answer to.
WORDS_OF_CASES = """
SELECT c.id, f.name AS follower, newest.text
FROM unnest(CAST(:case_ids AS uuid[])) AS c (id)
CROSS JOIN LATERAL (
  SELECT m.text, m.author_id FROM messages m
  WHERE m.workspace_id = :workspace_id AND m.case_id = c.id
    AND m.direction = 'in' AND m.deleted_at IS NULL
  ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1
) AS newest
LEFT JOIN followers f ON f.workspace_id = :workspace_id AND f.id = newest.author_id
"""

WORDS_OF_MESSAGES = """
SELECT m.id, f.name AS follower, m.text FROM messages m
LEFT JOIN followers f ON f.workspace_id = m.workspace_id AND f.id = m.author_id
WHERE m.workspace_id = :workspace_id AND m.id = ANY(CAST(:message_ids AS uuid[]))
  AND m.deleted_at IS NULL
"""


async def get_texts(uow: UnitOfWork) -> AlertTexts | None:
    query = select(AlertTextsRow.__table__).where(AlertTextsRow.workspace_id == uow.workspace_id)
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        return None
    templates = {Purpose(purpose): one for purpose, one in row.templates.items()}
    return AlertTexts(templates, row.message_text_leaves, row.version)


async def put_texts(uow: UnitOfWork, texts: AlertTexts) -> None:
    values = {
        "templates": {purpose.value: dict(one) for purpose, one in texts.templates.items()},
        "message_text_leaves": texts.message_text_leaves,
        "updated_at": uow.real_now,
    }
    statement = insert(AlertTextsRow).values(workspace_id=uow.workspace_id, version=1, **values)
    await uow.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id"], set_={**values, "version": AlertTextsRow.version + 1}
        )
    )


async def list_words(
    uow: UnitOfWork, *, case_ids: Sequence[UUID], message_ids: Sequence[UUID]
) -> list[Row[Any]]:
    """By the id of the case, or of the message."""
    workspace = {"workspace_id": uow.workspace_id}
    found = list(await uow.execute(WORDS_OF_CASES, {**workspace, "case_ids": list(case_ids)}))
    asked = {**workspace, "message_ids": list(message_ids)}
    return found + list(await uow.execute(WORDS_OF_MESSAGES, asked))
