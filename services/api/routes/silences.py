"""Silences: nobody is told of some alerts for a while, and everybody sees why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api.deps import PageQuery, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.silences import SilenceBody, SilencePreview, SilenceView
from services.api.schemas.sorting import EndSort, purpose_of
from services.core.commands.service import quieting
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.silences import service as silences
from services.core.silences.errors import SilenceOverError, TooManySilencesError
from services.core.silences.types import SilenceState

router = APIRouter(prefix="/v1/silences", tags=["silences"])
_PURPOSE = "silences"


@router.get("", summary="List silences", responses=problems(InvalidCursorError))
async def list_silences(
    uow: ReadUnit,
    page: PageQuery,
    state: Annotated[SilenceState | None, Query(description="Only those that are so now.")] = None,
    sort: EndSort = EndSort.LAST,
) -> Page[SilenceView]:
    """Unasked the last to end first."""
    purpose = purpose_of(_PURPOSE, sort)
    stretch = page.stretch(sort, datetime, UUID, purpose=purpose)
    found = await silences.list_silences(uow, state, stretch)
    items, cursor = page.cut(found, lambda each: [each.ends_at, each.id], purpose=purpose)
    return Page(items=[SilenceView.of(each, uow.now) for each in items], next_cursor=cursor)


@router.post(
    "",
    summary="Create a silence",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidInputError, TooManySilencesError),
)
async def create_silence(uow: WorkUnit, body: SilenceBody, response: Response) -> SilenceView:
    """Alerts it is about are raised as ever, and told when it ends if they are still firing.

    What waits to be sent already is sent. Try it out with `/preview` first.
    """
    silence = await quieting.create_silence(uow, body.to_draft(uow.now))
    response.headers["location"] = f"/v1/silences/{silence.id}"
    return SilenceView.of(silence, uow.now)


@router.post(
    "/preview", summary="Count what a silence would hold", responses=problems(InvalidInputError)
)
async def preview_silence(uow: ReadUnit, body: SilenceBody) -> SilencePreview:
    """Of the newest 2,000 firing alerts. Nothing is changed."""
    found = await quieting.preview_silence(uow, body.to_draft(uow.now))
    return SilencePreview.model_validate(found)


@router.get("/{silence_id}", summary="Read a silence", responses=problems(NotFoundError))
async def get_silence(uow: ReadUnit, silence_id: UUID) -> SilenceView:
    """What it holds, until when, and who made it why."""
    return SilenceView.of(await silences.get_silence(uow, silence_id), uow.now)


@router.post(
    "/{silence_id}/end",
    summary="End a silence now",
    responses=problems(NotFoundError, SilenceOverError),
)
async def end_silence(uow: WorkUnit, silence_id: UUID) -> SilenceView:
    """What it held and is still firing is told soon. One to come is taken back."""
    return SilenceView.of(await quieting.end_silence(uow, silence_id), uow.now)
