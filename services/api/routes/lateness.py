"""How late the product itself is with telling people."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.deps import ReadUnit, State
from services.api.schemas.lateness import LatenessView
from services.core.alerts import service as alerts

router = APIRouter(prefix="/v1/lateness", tags=["alerts"])


@router.get("", summary="How late alerts were sent")
async def get_lateness(
    uow: ReadUnit,
    state: State,
    minutes: Annotated[
        int, Query(ge=1, le=1_440, description="Over what was sent within so many minutes.")
    ] = 60,
) -> LatenessView:
    """From when somebody was to be told to when they were, by channel and tier.

    The installation's own objective, 99 % of urgent alerts within 60 s unless it is set
    otherwise, is told along. What waits longer than that now counts against it.
    """
    settings = state.settings.alerts
    report = await alerts.get_lateness(
        uow,
        timedelta(minutes=minutes),
        percent=settings.lateness_percent,
        seconds=settings.lateness_seconds,
    )
    return LatenessView.of(report)
