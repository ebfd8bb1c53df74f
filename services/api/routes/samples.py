"""The weekly blind sample: a few messages, read by a person who does not see the verdict."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter

from services.api.deps import ReadUnit, State, WorkUnit
from services.api.errors import problems
from services.api.schemas.learning import CheckBody, SampleWeekView
from services.core.desk import correcting
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.learning import service as learning
from services.core.learning.errors import NotJudgedError

router = APIRouter(prefix="/v1/triage/samples", tags=["triage"])


@router.get("/current", summary="Read this week's sample")
async def get_current(uow: ReadUnit) -> SampleWeekView:
    """Messages of the last whole week, drawn by lot. A worker draws them each Monday."""
    return await _show(uow)


@router.post(
    "/{sample_id}",
    summary="Check a message of the sample",
    responses=problems(NotFoundError, NotJudgedError),
)
async def check_sample(
    uow: WorkUnit, state: State, sample_id: UUID, body: CheckBody
) -> SampleWeekView:
    """Counts what you found, and corrects the message where the machine was wrong."""
    grace = timedelta(seconds=state.settings.triage.grace_seconds)
    await correcting.check_sample(uow, sample_id, tier=body.tier, note=body.note, grace=grace)
    return await _show(uow)


async def _show(uow: UnitOfWork) -> SampleWeekView:
    week = await learning.get_sample_week(uow)
    if week is None:
        return SampleWeekView(week=None, population=0, checked=0, items=[])
    return SampleWeekView.model_validate(week)
