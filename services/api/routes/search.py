"""Search over what was said, who said it, and the cases it made."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import PageQuery, ReadUnit
from services.api.errors import problems
from services.api.paging import page_of, place_of
from services.api.schemas.common import Moment, Page
from services.api.schemas.search import Hit
from services.core.board import searching
from services.core.conversations.types import ItemKind
from services.core.kit.cursors import InvalidCursorError
from services.core.search.errors import NothingToLookForError
from services.core.search.types import SearchFilter, SearchIn
from services.core.triage.types import Tier

router = APIRouter(prefix="/v1/search", tags=["search"])

Question = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description="Two letters or more. Parts between spaces must all be there: Chinese anywhere "
        "in the text, other words by their beginning, in any case and width of letters.",
        examples=["烂脸", "refund broken"],
    ),
]


@router.get("", summary="Search", responses=problems(NothingToLookForError, InvalidCursorError))
async def search(
    uow: ReadUnit,
    page: PageQuery,
    *,
    q: Question,
    where: Annotated[
        SearchIn, Query(alias="in", description="What is looked through.")
    ] = SearchIn.MESSAGES,
    source_id: UUID | None = None,
    kind: Annotated[ItemKind | None, Query(description="Of the message.")] = None,
    tier: Annotated[Tier | None, Query(description="Of the message.")] = None,
    since: Annotated[Moment | None, Query(description="Messages written then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Messages written before.")] = None,
) -> Page[Hit]:
    """The newest first. Followers are found by handle and name, cases by what was said in them.

    `highlights` say where. Deleted messages are not found; hidden ones are, marked `hidden`. Of
    followers only `source_id` is a condition.
    """
    conditions = SearchFilter(source_id, kind, tier, since, until)
    purpose = f"search/{where}"
    after = place_of(page, purpose)
    found = await searching.find(uow, q, where, conditions, after=after, limit=page.limit)
    return page_of(Hit, found, page, purpose)
