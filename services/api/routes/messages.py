"""What was said: messages with their judgements, and what people say of them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from services.api import conditions
from services.api.deps import PageQuery, ReadUnit, State, WorkUnit
from services.api.errors import problems
from services.api.paging import page_of, place_of
from services.api.schemas.common import Page
from services.api.schemas.included import (
    BesideMessage,
    ListedMessage,
    MessageDetail,
    MessageExtras,
)
from services.api.schemas.judgements import CorrectionBody, Judgements
from services.api.schemas.sorting import MessageSort, is_oldest_first, purpose_of
from services.core.board import including
from services.core.board import service as board
from services.core.board.types import MessageFilter
from services.core.conversations.types import ItemKind
from services.core.desk import correcting
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.learning.errors import NotJudgedError
from services.core.triage.types import Tier

router = APIRouter(prefix="/v1/messages", tags=["messages"])

ExternalId = Annotated[str | None, Query(max_length=256, description="The platform's own id.")]


class MessageQuery(BaseModel):
    """Conditions on the list; all given ones hold together."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    source_id: UUID | None = None
    external_id: str | None = Field(
        default=None, max_length=256, description="The platform's own id."
    )
    case_id: UUID | None = None
    kind: ItemKind | None = None
    tier: Tier | None = None
    needs_reply: bool | None = None
    sort: MessageSort = MessageSort.NEWEST
    include: MessageExtras = Field(
        default_factory=list, max_length=2, description="What else comes with each, in `included`."
    )

    def to_filter(self) -> MessageFilter:
        return MessageFilter(
            source_id=self.source_id,
            external_id=self.external_id,
            case_id=self.case_id,
            kind=self.kind,
            tier=self.tier,
            needs_reply=self.needs_reply,
        )


@router.get("", summary="List messages", responses=problems(InvalidInputError, InvalidCursorError))
async def list_messages(
    uow: ReadUnit, page: PageQuery, wanted: Annotated[MessageQuery, Query()]
) -> Page[ListedMessage]:
    """Newest first, each with the judgement in force.

    An object of which only its deletion is known yet is not listed; the text of a deleted
    message is null.
    """
    purpose = purpose_of("messages", wanted.sort)
    found = await board.list_messages(
        uow,
        wanted.to_filter(),
        oldest_first=is_oldest_first(wanted.sort),
        after=place_of(page, purpose),
        limit=page.limit,
    )
    await including.include_in_messages(uow, found.items, wanted.include)
    return page_of(ListedMessage, found, page, purpose)


@router.get("/{message_id}", summary="Read a message", responses=problems(NotFoundError))
async def get_message(
    uow: ReadUnit,
    message_id: UUID,
    response: Response,
    include: BesideMessage,
) -> MessageDetail:
    """One message with every judgement ever made on it, newest first."""
    said = await board.get_message(uow, message_id)
    if include:
        conditions.mark_whole(response, MessageDetail.model_validate(said))
        await including.include_in_messages(uow, [said], include)
    return MessageDetail.model_validate(said)


@router.get(
    "/{message_id}/judgement",
    summary="Why a message is what it is",
    responses=problems(NotFoundError),
)
async def get_judgement(uow: ReadUnit, message_id: UUID) -> Judgements:
    """Every judgement ever made, newest first, with the words and versions that made it."""
    return await _judgements(uow, message_id)


@router.post(
    "/{message_id}/judgement",
    summary="Say what a message is",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError, NotJudgedError, InvalidInputError),
)
async def correct_judgement(
    uow: WorkUnit, state: State, message_id: UUID, body: CorrectionBody
) -> Judgements:
    """Your judgement stands from now on, beside the engine's, until the text itself changes.

    The case's promises count again from when the message was written: time that has gone stays
    gone. A promise found broken alarms nobody at once, and one alert comes after a while
    (`WARMLINE__TRIAGE__GRACE_SECONDS`) unless it is answered by then.
    """
    grace = timedelta(seconds=state.settings.triage.grace_seconds)
    await correcting.correct(uow, message_id, body.to_correction(), grace=grace)
    return await _judgements(uow, message_id)


async def _judgements(uow: UnitOfWork, message_id: UUID) -> Judgements:
    return Judgements.model_validate(await board.get_judgements(uow, message_id))
