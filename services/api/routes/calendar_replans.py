"""Open promises move to the current version of a calendar: a look at it, and the act."""

from uuid import UUID

from fastapi import APIRouter, status

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.replans import PreviewView, ReplanBody, ReplanView
from services.core.desk import replanning
from services.core.kit.errors import NotFoundError
from services.core.sla.errors import LateAtOnceError

router = APIRouter(prefix="/v1/calendars", tags=["calendars"])


@router.get(
    "/{calendar_id}/replan",
    summary="Look at what counting in the current calendar would do",
    responses=problems(NotFoundError),
)
async def preview_calendar(uow: ReadUnit, calendar_id: UUID) -> PreviewView:
    """Nothing is changed. Open cases of every live policy that counts in this calendar."""
    return PreviewView.of(await replanning.preview_of_calendar(uow, calendar_id))


@router.post(
    "/{calendar_id}/replan",
    summary="Re-plan open promises in the current calendar",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(NotFoundError, LateAtOnceError),
)
async def replan_calendar(
    uow: ManageUnit, calendar_id: UUID, body: ReplanBody | None = None
) -> Page[ReplanView]:
    """One re-plan for each live policy that counts in this calendar; none means no promise does.

    Saving a calendar moves no open promise by itself: this does, as it does for a policy.
    """
    confirmed = body.confirm_late if body else None
    started = await replanning.start_of_calendar(uow, calendar_id, confirmed_late=confirmed)
    return Page(items=[ReplanView.model_validate(each) for each in started])
