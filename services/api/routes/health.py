"""Whether the process lives and whether it can do its work."""

import asyncio
from http import HTTPStatus
from typing import Final
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Response

from services.api.deps import AppState, State
from services.api.schemas.health import AgesView, Alive, CheckView, Readiness
from services.core.health import service as health
from services.core.health.types import Check, CheckState, Examination, ReadyState
from services.core.kit.brief import BriefMemory
from services.core.kit.uow import Database

router = APIRouter(tags=["operation"])

# Whoever asks is told within this, whatever the database and Redis do.
PATIENCE_SECONDS: Final = 1.5
_remembered: WeakKeyDictionary[Database, BriefMemory[str, Examination]] = WeakKeyDictionary()


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
    """`degraded` is still ready: without Redis work takes up to a second longer to begin.

    `checks` has one named `stage:…` for each stage of the workers that stands still; `ages` are in
    seconds, 0 when nothing waits. At most a second old.
    """
    memory = _remembered.setdefault(state.database, BriefMemory())
    found = await memory.ask("readiness", lambda: _examine_in_time(state))
    if found.state is ReadyState.UNREADY:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    views = {
        check.name: CheckView(state=check.state, detail=check.detail) for check in found.checks
    }
    ages = None if found.ages is None else AgesView.model_validate(found.ages)
    return Readiness(status=found.state, ages=ages, checks=views)


async def _examine_in_time(state: AppState) -> Examination:
    """Not awaited when it is late: even giving up on a database may take long."""
    examining = asyncio.create_task(_examine(state))
    done, late = await asyncio.wait({examining}, timeout=PATIENCE_SECONDS)
    if done:
        return examining.result()
    for task in late:
        task.cancel()
    silent = Check("database", CheckState.FAILED, "Postgres does not answer in time.")
    return Examination(ReadyState.UNREADY, (silent,), None)


async def _examine(state: AppState) -> Examination:
    return await health.examine(state.database, [await _examine_redis(state)])


async def _examine_redis(state: AppState) -> Check:
    if state.settings.redis.url is None:
        return Check("redis", CheckState.DEGRADED, "No Redis is named; workers look every second.")
    if await state.wakeups.answers():
        return Check("redis", CheckState.OK)
    return Check("redis", CheckState.DEGRADED, "Redis does not answer; workers look every second.")
