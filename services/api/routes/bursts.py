"""The same question from many people: seen as one, answered once, settled one by one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from services.api.deps import PageQuery, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.schemas.bursts import AnswerBody, AnswerRecorded, BurstDetail, BurstView
from services.api.schemas.common import Page
from services.api.schemas.sorting import BurstSort, purpose_of
from services.core.bursts import service as bursts
from services.core.desk import bursts as desk_bursts
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork

router = APIRouter(prefix="/v1/bursts", tags=["bursts"])


@router.get("", summary="List bursts", responses=problems(InvalidCursorError))
async def list_bursts(
    uow: ReadUnit,
    page: PageQuery,
    *,
    answered: Annotated[bool, Query(description="Also those in which nobody waits.")] = False,
    sort: BurstSort = BurstSort.NEWEST,
) -> Page[BurstView]:
    """Near-identical questions under one post, unasked the last asked first."""
    purpose = purpose_of("bursts", sort)
    stretch = page.stretch(sort, datetime, UUID, purpose=purpose)
    found = await bursts.list_bursts(uow, stretch, waiting=not answered)
    items, cursor = page.cut(found, lambda burst: [burst.last_at, burst.id], purpose=purpose)
    return Page(items=[BurstView.model_validate(one) for one in items], next_cursor=cursor)


@router.get("/{burst_id}", summary="Read a burst", responses=problems(NotFoundError))
async def get_burst(uow: ReadUnit, burst_id: UUID) -> BurstDetail:
    """Everybody who asked, each with a case and a clock."""
    return await _show(uow, burst_id)


@router.post(
    "/{burst_id}/answer",
    summary="Answer a burst",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError, InvalidInputError),
)
async def answer_burst(uow: WorkUnit, burst_id: UUID, body: AnswerBody) -> AnswerRecorded:
    """Records one public answer in each case on the list and settles their promises.

    Nothing is sent to the platform. Cases that are not on the list go on; those in which nobody
    waits any more stay as they are, so repeating the call changes nothing.
    """
    settled = await desk_bursts.answer(uow, burst_id, body.case_ids, body.to_answer())
    return AnswerRecorded(
        answered=list(settled.answered),
        untouched=list(settled.untouched),
        burst=await _show(uow, burst_id),
    )


async def _show(uow: UnitOfWork, burst_id: UUID) -> BurstDetail:
    burst, members = await bursts.get_burst(uow, burst_id)
    shown = BurstView.model_validate(burst).model_dump()
    return BurstDetail.model_validate(shown | {"cases": members})
