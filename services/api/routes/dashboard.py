"""The community-health page in one call."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator

from services.api.deps import ManageUnit, ReadUnit, State
from services.api.editions import Editions
from services.api.errors import problems
from services.api.schemas.common import FIRST_YEAR, LAST_YEAR
from services.api.schemas.dashboard import DashboardView, DayZone
from services.core.metrics import service as metrics
from services.core.objectives.errors import RangeError, UnknownTimeZoneError

router = APIRouter(prefix="/v1/dashboard", tags=["metrics"])


class Compare(StrEnum):
    PREVIOUS = "previous"
    NOTHING = "nothing"


def _in_range(day: date) -> date:
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise ValueError("A day lies in the years 2001 to 2099.")
    return day


Day = Annotated[date, AfterValidator(_in_range)]


@router.get(
    "",
    summary="Read the community-health page",
    response_model=DashboardView,
    responses=problems(RangeError),
)
async def get_dashboard(
    request: Request,
    uow: ReadUnit,
    state: State,
    *,
    start: Annotated[Day | None, Query(alias="from", description="By default 28 days.")] = None,
    end: Annotated[
        Day | None, Query(alias="to", description="Not included itself. By default tomorrow.")
    ] = None,
    compare: Annotated[Compare, Query(description="With as many days just before.")] = (
        Compare.PREVIOUS
    ),
) -> Response:
    """Totals, reply rate, response time, sentiment, followers, retention and promises kept.

    In days of the workspace's zone, at most 400, out of sums of days that are a minute old at most.
    What no connected feed tells of is null, with the reason.
    """
    edition = await metrics.find_edition(uow, start, end, zone=state.settings.metrics.zone)
    kept: Editions = request.app.state.editions
    compares = compare is Compare.PREVIOUS
    body = kept.find(uow.workspace_id, edition, compare=compares)
    if body is None:
        found = await metrics.read_edition(uow, edition, compare=compares)
        body = DashboardView.of(found, found.last + timedelta(days=1)).model_dump_json().encode()
        kept.keep(uow.workspace_id, edition, body, compare=compares)
    return Response(body, media_type="application/json")


@router.get("/zone", summary="Read whose days numbers are summed up by")
async def get_zone(uow: ReadUnit, state: State) -> DayZone:
    """Until one is chosen, that of the installation."""
    return DayZone(tz=await metrics.get_zone(uow, state.settings.metrics.zone))


@router.put(
    "/zone",
    summary="Choose whose days numbers are summed up by",
    responses=problems(UnknownTimeZoneError),
)
async def put_zone(uow: ManageUnit, body: DayZone) -> DayZone:
    """Another zone's days are made anew from the whole past; until then the page is empty.

    `stale_days` of the page says how many of its days are still to be made.
    """
    await metrics.set_zone(uow, body.tz)
    uow.wake("metrics")
    return body
