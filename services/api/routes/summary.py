"""The workspace at a glance."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.api.deps import ReadUnit
from services.api.errors import problems
from services.api.glances import Glances
from services.api.schemas.summary import (
    Attainment,
    Backlog,
    ByKind,
    ByState,
    ByTier,
    Share,
    SummaryView,
    Today,
)
from services.core.board.errors import UnknownTimeZoneError

router = APIRouter(prefix="/v1/summary", tags=["summary"])


@router.get("", summary="The figures of now and today", responses=problems(UnknownTimeZoneError))
async def get_summary(
    request: Request,
    uow: ReadUnit,
    tz: Annotated[
        str,
        Query(
            min_length=1,
            max_length=64,
            description="Whose day is today: an IANA name such as Asia/Shanghai.",
        ),
    ] = "UTC",
) -> SummaryView:
    """What is open, what is due within two hours, what is broken, and how today went.

    Of a workspace with very many open cases it may be some seconds old; see `as_of`.
    """
    glances: Glances = request.app.state.glances
    found = await glances.look(uow, tz)
    attainment = Attainment(
        overall=Share.model_validate(found.attainment),
        by_kind=ByKind.model_validate(found.attainment_by_kind),
    )
    return SummaryView(
        as_of=found.as_of,
        open=ByTier.model_validate(found.open),
        open_by_state=ByState.model_validate(found.open_by_state),
        due_soon=ByTier.model_validate(found.due_soon),
        breached=ByTier.model_validate(found.breached),
        unanswered=found.unanswered,
        answered_today=found.answered_today,
        today=Today(
            start=found.day_start,
            end=found.day_end,
            answered=found.answered_today,
            attainment=attainment,
        ),
        alerts_firing=found.alerts_firing,
        backlog=Backlog(
            pending=found.backlog_pending, oldest_age_seconds=found.backlog_oldest_age_seconds
        ),
    )
