"""When the team looks, whether that can keep what is promised, and what is likely to come."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.api.deps import ManageUnit, ReadUnit, State, require
from services.api.errors import problems
from services.api.schemas.staffing import FeasibilityView, ForecastView, PlanBody, PlanView
from services.core.staffing import service as staffing
from services.core.staffing.errors import BadPlanError
from services.core.workspaces.types import Caller, Scope

router = APIRouter(prefix="/v1/staffing", tags=["staffing"])


@router.get("/plan", summary="Read the team's week")
async def get_plan(uow: ReadUnit) -> PlanView:
    """The blocks in which somebody answers; the handbook's until you save your own."""
    return PlanView.of(await staffing.get_plan(uow))


@router.put("/plan", summary="Save the team's week", responses=problems(BadPlanError))
async def save_plan(uow: ManageUnit, body: PlanBody) -> PlanView:
    """Replaces the week before. It changes forecasts, never a promise."""
    return PlanView.of(await staffing.save_plan(uow, body.to_domain()))


@router.get("/feasibility", summary="Which promises the week cannot keep")
async def get_feasibility(uow: ReadUnit) -> FeasibilityView:
    """Every promise in force against the gaps between blocks, and hours needed against planned."""
    return FeasibilityView.of(await staffing.assess(uow))


@router.get("/forecast", summary="What is likely to come, and to be kept")
async def get_forecast(
    state: State,
    caller: Annotated[Caller, Depends(require(Scope.READ))],
    days: Annotated[int, Query(ge=1, le=28, description="How far ahead.")] = 7,
) -> ForecastView:
    """Arrivals by hour of the week, worked off by the planned team in many made-up weeks."""
    # The unit is closed before the weeks are made up: a connection is dearer than a thread.
    async with state.database.read(caller.workspace_id) as uow:
        evidence = await staffing.gather(uow)
    return ForecastView.of(await staffing.predict(evidence, days=days))
