"""Promises one by one, and why each is due when it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import ReadUnit
from services.api.errors import problems
from services.api.schemas.clocks import ClockExplanation, ClockOfCase
from services.core.board.errors import UnknownTimeZoneError
from services.core.explain import service as explain
from services.core.explain.types import Lang
from services.core.kit.errors import NotFoundError

router = APIRouter(prefix="/v1/clocks", tags=["clocks"])


@router.get("/{clock_id}", summary="Read a clock", responses=problems(NotFoundError))
async def get_clock(uow: ReadUnit, clock_id: UUID) -> ClockOfCase:
    """One promise of a case, as `GET /v1/cases/{case_id}` lists them."""
    return ClockOfCase.model_validate(await explain.get_clock(uow, clock_id))


@router.get(
    "/{clock_id}/explain",
    summary="Explain a clock",
    responses=problems(NotFoundError, UnknownTimeZoneError),
)
async def explain_clock(
    uow: ReadUnit,
    clock_id: UUID,
    lang: Annotated[Lang, Query(description="The language of `words`.")] = Lang.EN,
    tz: Annotated[
        str | None,
        Query(
            max_length=64,
            description="IANA name of the zone `words` tell times in; left out: the"
            " calendar's, or UTC.",
        ),
    ] = None,
) -> ClockExplanation:
    """The policy, both due times, what counted and what did not, pauses, steps, corrections."""
    zone = explain.read_zone(tz) if tz else None
    told = await explain.explain_clock(uow, clock_id)
    return ClockExplanation.of(told, lang, explain.in_words(told, lang, zone))
