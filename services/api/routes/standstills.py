"""Absences and outages: while they last, clocks stand still or somebody stands in."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.sorting import LatestStartSort, purpose_of
from services.api.schemas.standstills import StandstillBody, StandstillView
from services.core.calendars import service as calendars
from services.core.calendars.errors import StandstillBegunError, StandstillOverError
from services.core.desk import promising
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError

router = APIRouter(prefix="/v1/standstills", tags=["standstills"])
_PURPOSE = "standstills"


@router.get("", summary="List standstills", responses=problems(InvalidCursorError))
async def list_standstills(
    uow: ReadUnit, page: PageQuery, sort: LatestStartSort = LatestStartSort.LATEST
) -> Page[StandstillView]:
    """Unasked the latest beginning first, with how far open cases were planned anew."""
    purpose = purpose_of(_PURPOSE, sort)
    stretch = page.stretch(sort, datetime, UUID, purpose=purpose)
    found = await calendars.list_standstills(uow, stretch)
    items, cursor = page.cut(found, lambda each: [each.starts_at, each.id], purpose=purpose)
    return Page(items=[StandstillView.of(each) for each in items], next_cursor=cursor)


@router.post(
    "",
    summary="Announce an absence or an outage",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidInputError),
)
async def announce_standstill(
    uow: ManageUnit, body: StandstillBody, response: Response
) -> StandstillView:
    """Clocks of open cases stop as it begins and go on as it ends.

    They are planned anew in batches soon after; `replanned` counts them.
    """
    await promising.check_source(uow, body.source_id)
    standstill = await calendars.announce(uow, body.to_draft(uow.now))
    response.headers["location"] = f"/v1/standstills/{standstill.id}"
    return StandstillView.of(standstill)


@router.get("/{standstill_id}", summary="Read a standstill", responses=problems(NotFoundError))
async def get_standstill(uow: ReadUnit, standstill_id: UUID) -> StandstillView:
    """Why and from when to when, and how many cases it moved."""
    return StandstillView.of(await calendars.get_standstill(uow, standstill_id))


@router.post(
    "/{standstill_id}/end",
    summary="End a standstill now",
    responses=problems(NotFoundError, StandstillOverError),
)
async def end_standstill(uow: ManageUnit, standstill_id: UUID) -> StandstillView:
    """Clocks go on from now. One that has not begun is taken back instead."""
    return StandstillView.of(await calendars.end(uow, standstill_id))


@router.delete(
    "/{standstill_id}",
    summary="Take back a standstill that has not begun",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, StandstillBegunError),
)
async def withdraw_standstill(uow: ManageUnit, standstill_id: UUID) -> None:
    """As if it had never been announced. One that has begun is ended instead."""
    await calendars.withdraw(uow, standstill_id)
