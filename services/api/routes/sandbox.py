"""The test clock: a sandbox's time, read and moved forward."""

from fastapi import APIRouter

from services.api.deps import AppState, ManageUnit, ReadUnit, State
from services.api.errors import problems
from services.api.schemas.sandbox import ClockMove, SandboxClockView
from services.core.sandbox import service as sandbox
from services.core.sandbox.errors import (
    BackwardsError,
    NoSandboxError,
    SandboxesOffError,
    TooFarError,
)
from services.core.sandbox.types import SandboxClock

router = APIRouter(prefix="/v1/sandbox", tags=["sandbox"])


@router.get(
    "/clock",
    summary="Read the test clock",
    responses=problems(SandboxesOffError, NoSandboxError),
)
async def get_clock(uow: ReadUnit, state: State) -> SandboxClockView:
    """404 `sandbox.off` where sandboxes are switched off, as they are by default."""
    _only_with_sandboxes(state)
    return _view(await sandbox.get_clock(uow))


@router.post(
    "/clock",
    summary="Move the test clock",
    responses=problems(SandboxesOffError, NoSandboxError, BackwardsError, TooFarError),
)
async def move_clock(uow: ManageUnit, state: State, body: ClockMove) -> SandboxClockView:
    """Forward only, and only in a workspace that was made as a sandbox."""
    _only_with_sandboxes(state)
    return _view(await sandbox.move_clock(uow, body.move()))


def _only_with_sandboxes(state: AppState) -> None:
    if not state.settings.sandbox.enabled:
        raise SandboxesOffError


def _view(clock: SandboxClock) -> SandboxClockView:
    return SandboxClockView(
        now=clock.now,
        real_now=clock.real_now,
        ahead_seconds=clock.ahead.total_seconds(),
        next_moment_at=clock.next_moment_at,
    )
