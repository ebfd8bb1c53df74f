"""What the public may be told of answers, made from what is promised."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import ReadUnit
from services.api.errors import problems
from services.api.schemas.notices import ApologyView, NoticesView
from services.core.kit.errors import NotFoundError
from services.core.notices import service as notices
from services.core.notices.errors import NotLateError
from services.core.notices.types import Language

router = APIRouter(prefix="/v1", tags=["notices"])

Lang = Annotated[Language, Query(description="The language of the texts.")]


@router.get("/notices", summary="Texts for the public")
async def get_notices(uow: ReadUnit, lang: Lang = Language.ZH) -> NoticesView:
    """A profile line, one under posts, a greeting for messages, and absences: true right now."""
    return NoticesView.of(await notices.write_notices(uow, lang))


@router.get(
    "/cases/{case_id}/apology",
    summary="Draft an apology for a delay",
    responses=problems(NotFoundError, NotLateError),
)
async def get_apology(uow: ReadUnit, case_id: UUID, lang: Lang = Language.ZH) -> ApologyView:
    """For a follower who waits longer than was promised. Nothing is sent."""
    return ApologyView.model_validate(await notices.write_apology(uow, case_id, lang))
