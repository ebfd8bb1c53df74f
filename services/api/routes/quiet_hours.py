"""Quiet hours: what is routine waits for the morning."""

from fastapi import APIRouter

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.silences import QuietHoursBody, QuietHoursView
from services.core.kit.errors import InvalidInputError
from services.core.silences import service as silences

router = APIRouter(prefix="/v1/quiet-hours", tags=["silences"])


@router.get("", summary="Read the quiet hours")
async def get_quiet_hours(uow: ReadUnit) -> QuietHoursView:
    """Until some are saved there are none."""
    return QuietHoursView.of(await silences.get_quiet_hours(uow), uow.now)


@router.put("", summary="Save the quiet hours", responses=problems(InvalidInputError))
async def save_quiet_hours(uow: ManageUnit, body: QuietHoursBody) -> QuietHoursView:
    """Only routine alerts wait; important and urgent ones wake somebody at any hour."""
    hours = await silences.save_quiet_hours(uow, body.to_domain())
    return QuietHoursView.of(hours, uow.now)
