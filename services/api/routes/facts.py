"""Facts for those who ask again and again instead of listening."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.api.deps import MAX_LIMIT, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.facts import FactKindView, FactsView
from services.core.stream import service as stream
from services.core.stream.catalogue import CATALOGUE
from services.core.stream.errors import FactsGoneError

router = APIRouter(prefix="/v1/facts", tags=["stream"])


@router.get("", summary="Read what happened", responses=problems(FactsGoneError))
async def list_facts(
    uow: ReadUnit,
    after: Annotated[
        int, Query(ge=0, le=2**53, description="`next_after` of the page before; 0 to begin with.")
    ] = 0,
    kinds: Annotated[
        list[Annotated[str, Query(min_length=1, max_length=64)]] | None,
        Query(max_length=20, description="Only kinds that begin so, for example `alert.`."),
    ] = None,
    limit: Annotated[int, Query(ge=1, description="At most 200; larger is read as 200.")] = 50,
) -> FactsView:
    """Every fact of the workspace in one order, as the live stream has them.

    Kept for a day. When facts behind `after` are gone already, the answer is 410 and says from
    where to go on: read the lists again then. A page of few kinds may be empty and lead on.
    """
    page = await stream.read_page(uow, after, kinds=kinds or (), limit=min(limit, MAX_LIMIT))
    return FactsView.of(page)


@router.get("/kinds", summary="List the kinds of facts there are")
async def list_kinds(_: ReadUnit) -> Page[FactKindView]:
    """Every kind with words in two languages and a JSON Schema of what it carries. All of them."""
    return Page(items=[FactKindView.of(CATALOGUE[kind]) for kind in sorted(CATALOGUE)])
