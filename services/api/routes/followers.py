"""Who writes to the brand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import PageQuery, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.paging import page_of, place_of
from services.api.routes.messages import ExternalId
from services.api.schemas.common import Page
from services.api.schemas.messages import Follower, FollowerChange
from services.api.schemas.sorting import FollowerSort, is_oldest_first, purpose_of
from services.core.board import service as board
from services.core.conversations.service import standing
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError

router = APIRouter(prefix="/v1/followers", tags=["followers"])


@router.get("", summary="List followers", responses=problems(InvalidCursorError))
async def list_followers(
    uow: ReadUnit,
    page: PageQuery,
    *,
    source_id: UUID | None = None,
    external_id: ExternalId = None,
    handle: Annotated[str | None, Query(max_length=256)] = None,
    sort: FollowerSort = FollowerSort.NEWEST,
) -> Page[Follower]:
    """The last seen first. `handle` is compared exactly."""
    purpose = purpose_of("followers", sort)
    found = await board.list_followers(
        uow,
        source_id=source_id,
        external_id=external_id,
        handle=handle,
        oldest_first=is_oldest_first(sort),
        after=place_of(page, purpose),
        limit=page.limit,
    )
    return page_of(Follower, found, page, purpose)


@router.get("/{follower_id}", summary="Read a follower", responses=problems(NotFoundError))
async def get_follower(uow: ReadUnit, follower_id: UUID) -> Follower:
    """As the platform told last; what it never told is null."""
    return Follower.model_validate(await board.get_follower(uow, follower_id))


@router.patch(
    "/{follower_id}", summary="Say who a follower is to you", responses=problems(NotFoundError)
)
async def change_follower(uow: WorkUnit, follower_id: UUID, body: FollowerChange) -> Follower:
    """Their tier, which policies may ask for, and whether they are an advocate.

    It holds from now on: open promises keep what they began under, and of an advocate's comments
    those count that come after.
    """
    await standing.change_follower(uow, follower_id, body.model_dump(exclude_unset=True))
    return Follower.model_validate(await board.get_follower(uow, follower_id))
