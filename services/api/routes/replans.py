"""Open promises move to the current version of a policy: a look at it, the act, its progress."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, status

from services.api.deps import ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.replans import PreviewView, ReplanBody, ReplanView
from services.api.schemas.sorting import MadeSort, purpose_of
from services.core.desk import replanning
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError
from services.core.kit.stretches import Stretch
from services.core.sla import service as sla
from services.core.sla.errors import LateAtOnceError

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.get(
    "/{policy_id}/replan",
    summary="Look at what a re-plan would do",
    responses=problems(NotFoundError),
)
async def preview_replan(uow: ReadUnit, policy_id: UUID) -> PreviewView:
    """Nothing is changed. Of very many open cases the first 2,000 are counted."""
    return PreviewView.of(await replanning.preview(uow, policy_id))


@router.post(
    "/{policy_id}/replan",
    summary="Re-plan open promises",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(NotFoundError, LateAtOnceError),
)
async def start_replan(
    uow: ManageUnit, policy_id: UUID, body: ReplanBody | None = None
) -> ReplanView:
    """Moves the policy's open cases to its current version, and to that of its calendar.

    A worker does it, batch by batch. Promises keep their start and their elapsed time; alerts of
    moments that moved are withdrawn. Planning twice changes nothing.
    """
    confirmed = body.confirm_late if body else None
    started = await replanning.start(uow, policy_id, confirmed_late=confirmed)
    return ReplanView.model_validate(started)


@router.get(
    "/{policy_id}/replans",
    summary="List re-plans",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_replans(
    uow: ReadUnit, policy_id: UUID, page: PageQuery, sort: MadeSort = MadeSort.NEWEST
) -> Page[ReplanView]:
    """How far each came."""
    purpose = purpose_of(f"replans/{policy_id}", sort)
    stretch = page.stretch(sort, datetime, UUID, purpose=purpose)
    await sla.list_versions(uow, policy_id, Stretch(limit=1))
    found = await sla.list_replans(uow, policy_id, stretch)
    items, cursor = page.cut(found, lambda one: [one.created_at, one.id], purpose=purpose)
    return Page(items=[ReplanView.model_validate(each) for each in items], next_cursor=cursor)
