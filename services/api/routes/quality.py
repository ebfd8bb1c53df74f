"""How the machine's tiers compare with what people said."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.api.deps import ReadUnit
from services.api.schemas.learning import QualityView
from services.core.learning import service as learning

router = APIRouter(prefix="/v1/triage/quality", tags=["triage"])


@router.get("", summary="How good is triage")
async def get_quality(
    uow: ReadUnit, days: Annotated[int, Query(ge=1, le=366, description="Back from now.")] = 30
) -> QualityView:
    """The confusion by tier of what people looked at, and the share of urgent ones missed."""
    return QualityView.model_validate(await learning.measure(uow, days=days))
