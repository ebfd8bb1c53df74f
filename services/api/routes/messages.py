"""What was said: messages with their judgements."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import PageQuery, ReadUnit
from services.api.errors import problems
from services.api.paging import page_of, place_of
from services.api.schemas.common import Page
from services.api.schemas.messages import Message, MessageDetail
from services.core.board import service as board
from services.core.board.types import MessageFilter
from services.core.conversations.types import ItemKind
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError
from services.core.triage.types import Tier

router = APIRouter(prefix="/v1/messages", tags=["messages"])

ExternalId = Annotated[str | None, Query(max_length=256, description="The platform's own id.")]


@router.get("", summary="List messages", responses=problems(InvalidCursorError))
async def list_messages(
    uow: ReadUnit,
    page: PageQuery,
    *,
    source_id: UUID | None = None,
    external_id: ExternalId = None,
    case_id: UUID | None = None,
    kind: ItemKind | None = None,
    tier: Tier | None = None,
    needs_reply: bool | None = None,
) -> Page[Message]:
    """Newest first, each with the judgement in force.

    An object of which only its deletion is known yet is not listed; the text of a deleted
    message is null.
    """
    wanted = MessageFilter(
        source_id=source_id,
        external_id=external_id,
        case_id=case_id,
        kind=kind,
        tier=tier,
        needs_reply=needs_reply,
    )
    after = place_of(page, "messages")
    found = await board.list_messages(uow, wanted, after=after, limit=page.limit)
    return page_of(Message, found, page, "messages")


@router.get("/{message_id}", summary="Read a message", responses=problems(NotFoundError))
async def get_message(uow: ReadUnit, message_id: UUID) -> MessageDetail:
    """One message with every judgement ever made on it, newest first."""
    return MessageDetail.model_validate(await board.get_message(uow, message_id))
