"""Figures for Prometheus."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.api import vitals
from services.api.credentials import identify
from services.api.deps import State
from services.api.errors import problems
from services.api.meters import Meters
from services.core.kit.errors import UnavailableError
from services.core.workspaces.errors import BadKeyError, MissingScopeError
from services.core.workspaces.types import Scope

router = APIRouter(tags=["operation"])


async def let_in(request: Request, state: State) -> UUID | None:
    """Everybody where the settings say so, otherwise keys of scope `metrics`.

    Gives the workspace whose key it is, if there is one.
    """
    is_open = state.settings.metrics.open
    if is_open and "authorization" not in request.headers:
        return None
    try:
        caller = await identify(request, state.database, state.settings.api.cors_origins)
    except UnavailableError:
        if is_open:
            return None
        raise
    if caller.may(Scope.METRICS):
        return caller.workspace_id
    if is_open:
        return None
    raise MissingScopeError(Scope.METRICS)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **problems(BadKeyError, MissingScopeError)},
)
async def get_metrics(
    request: Request, state: State, reader: Annotated[UUID | None, Depends(let_in)]
) -> Response:
    """Counters of this process, and totals of the whole installation at most 5 s old.

    A key of scope `metrics` is told besides how its own workspace does today and did yesterday.
    Answers while the database is away: `warmline_up` is 0 then, and the totals are left out.
    """
    meters: Meters = request.app.state.meters
    await meters.totals.refresh()
    told = generate_latest(meters.registry)
    if state.settings.metrics.workspaces:
        told += await meters.vitals.write()
    else:
        told += await meters.vitals.write(reader) if reader else vitals.write(())
    return Response(told, media_type=CONTENT_TYPE_LATEST)
