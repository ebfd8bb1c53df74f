"""Whether the process lives and whether it can do its work."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from services.api.deps import State
from services.api.schemas.health import Alive, CheckView, Readiness
from services.core.health import service as health
from services.core.health.types import Check, CheckState, ReadyState

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Does the process live?")
async def get_health() -> Alive:
    """Touches nothing: an orchestrator restarts a process for its own death only."""
    return Alive()


@router.get(
    "/readyz",
    summary="Can it do its work?",
    responses={503: {"model": Readiness, "description": "`unready`: the database is away."}},
)
async def get_readiness(state: State, response: Response) -> Readiness:
    """`degraded` is still ready: without Redis work takes up to a second longer to begin."""
    checks = [await _examine_redis(state)]
    ready, found = await health.examine(state.database, checks)
    if ready is ReadyState.UNREADY:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    views = {check.name: CheckView(state=check.state, detail=check.detail) for check in found}
    return Readiness(status=ready, checks=views)


async def _examine_redis(state: State) -> Check:
    if state.settings.redis.url is None:
        return Check("redis", CheckState.DEGRADED, "No Redis is named; workers look every second.")
    if await state.wakeups.answers():
        return Check("redis", CheckState.OK)
    return Check("redis", CheckState.DEGRADED, "Redis does not answer; workers look every second.")
