"""Figures for Prometheus."""

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.api.credentials import identify
from services.api.deps import State
from services.api.errors import problems
from services.api.meters import Meters
from services.core.workspaces.errors import BadKeyError, MissingScopeError
from services.core.workspaces.types import Scope

router = APIRouter(tags=["operation"])


async def let_in(request: Request, state: State) -> None:
    """Everybody where the settings say so, otherwise keys of scope `metrics`."""
    if state.settings.metrics.open:
        return
    caller = await identify(request, state.database, state.settings.api.cors_origins)
    if not caller.may(Scope.METRICS):
        raise MissingScopeError(Scope.METRICS)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    dependencies=[Depends(let_in)],
    responses={200: {"content": {"text/plain": {}}}, **problems(BadKeyError, MissingScopeError)},
)
async def get_metrics(request: Request) -> Response:
    """Counters of this process, and totals of the whole installation at most 5 s old.

    Answers while the database is away: `warmline_up` is 0 then, and the totals are left out.
    """
    meters: Meters = request.app.state.meters
    await meters.totals.refresh()
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
