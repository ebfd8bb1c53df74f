"""Say alerts in the words of the workspace, where it has its own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.core.alerts import templates
from services.core.alerts.repository import texts as text_rows
from services.core.alerts.templates import AlertTexts, Words
from services.core.alerts.types import Purpose
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.errors import InvalidInputError
from services.core.kit.text import clean
from services.core.kit.uow import UnitOfWork


async def get_texts(uow: UnitOfWork) -> AlertTexts:
    """What the workspace says; nothing of its own as long as nobody set it."""
    return await text_rows.get_texts(uow) or AlertTexts()


async def put_texts(uow: UnitOfWork, texts: AlertTexts) -> AlertTexts:
    """Say this from the next alert on; what is queued is sent as it was worded.

    Raises InvalidInputError with the place of every unknown field.
    """
    if problems := list(templates.find_problems(texts)):
        raise InvalidInputError("A template names what it may not.", errors=problems)
    await text_rows.put_texts(uow, texts)
    detail = {
        "templates": sorted(purpose.value for purpose in texts.templates),
        "message_text_leaves": texts.message_text_leaves,
    }
    await audit.record(
        uow, [AuditEntry("alert_texts.changed", "workspace", uow.workspace_id, detail)]
    )
    return await get_texts(uow)


async def word_rows(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Put the workspace's own words into the messages of outbox rows, before they are queued.

    Two statements more where somebody must be looked up, however many rows there are.
    """
    texts = await text_rows.get_texts(uow)
    if texts is None or not rows:
        return
    words = await _look_up(uow, rows) if texts.needs_words else {}
    for row in rows:
        message = row["message"]
        about = message.get("message_id") or message.get("case_id")
        said = templates.word(texts, Purpose(row["purpose"]), message, words.get(about))
        message |= said


async def _look_up(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> dict[str, Words]:
    asked = {
        key: [UUID(one) for one in {row["message"].get(key) for row in rows} if one]
        for key in ("case_id", "message_id")
    }
    found = await text_rows.list_words(
        uow, case_ids=asked["case_id"], message_ids=asked["message_id"]
    )
    # What one message says and the outbox could not keep shall cost no alert.
    return {str(row.id): Words(_kept(row.follower), _kept(row.text)) for row in found}


def _kept(value: str | None) -> str | None:
    return None if value is None else clean(value)[0]
