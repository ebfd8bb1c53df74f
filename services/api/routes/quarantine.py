"""The quarantine: events that were given up on, why, and their second chance."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Moment, Page
from services.api.schemas.quarantine import QuarantinedView, ReleasedView, ReleaseRequest
from services.api.schemas.sorting import ReceivedSort, purpose_of
from services.core.intake import service as intake
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError

router = APIRouter(prefix="/v1/quarantine", tags=["deliveries"])
_PURPOSE = "quarantine"


@router.get("", summary="List what was given up on", responses=problems(InvalidCursorError))
async def list_quarantined(
    uow: ReadUnit,
    page: PageQuery,
    source_id: Annotated[UUID | None, Query()] = None,
    since: Annotated[Moment | None, Query(description="Received since; with an offset.")] = None,
    until: Annotated[Moment | None, Query(description="Received before.")] = None,
    *,
    sort: ReceivedSort = ReceivedSort.NEWEST,
) -> Page[QuarantinedView]:
    """One entry an event, unasked the newest first. `reason` is a code or the name of an error."""
    purpose = purpose_of(_PURPOSE, sort)
    within = intake.Range(source_id, since, until)
    stretch = page.stretch(sort, UUID, int, purpose=purpose)
    found = await intake.list_quarantined(uow, within, stretch)
    items, end = page.cut(found, lambda one: [one.delivery_id, one.position], purpose=purpose)
    return Page(items=[QuarantinedView.model_validate(one) for one in items], next_cursor=end)


@router.post(
    "/release",
    summary="Try what was given up on again",
    responses=problems(NotFoundError, InvalidInputError),
)
async def release(uow: ManageUnit, wanted: ReleaseRequest) -> ReleasedView:
    """Named deliveries, or those of a source and time; at most 500 a call, oldest first.

    Each is told what became of it. What took effect before takes none twice.
    """
    if wanted.delivery_ids is not None:
        return ReleasedView.of(await intake.release_deliveries(uow, wanted.delivery_ids))
    within = intake.Range(wanted.source_id, wanted.since, wanted.until)
    return ReleasedView.of(*await intake.release_range(uow, within))
