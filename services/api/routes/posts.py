"""What the brand published."""

from uuid import UUID

from fastapi import APIRouter

from services.api.deps import PageQuery, ReadUnit
from services.api.errors import problems
from services.api.paging import page_of, place_of
from services.api.routes.messages import ExternalId
from services.api.schemas.common import Page
from services.api.schemas.messages import Post
from services.api.schemas.sorting import PostSort, is_oldest_first, purpose_of
from services.core.board import service as board
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError

router = APIRouter(prefix="/v1/posts", tags=["posts"])


@router.get("", summary="List posts", responses=problems(InvalidCursorError))
async def list_posts(
    uow: ReadUnit,
    page: PageQuery,
    source_id: UUID | None = None,
    external_id: ExternalId = None,
    sort: PostSort = PostSort.NEWEST,
) -> Page[Post]:
    """The last published first; posts that were only referred to are older than all others."""
    purpose = purpose_of("posts", sort)
    found = await board.list_posts(
        uow,
        source_id=source_id,
        external_id=external_id,
        oldest_first=is_oldest_first(sort),
        after=place_of(page, purpose),
        limit=page.limit,
    )
    return page_of(Post, found, page, purpose)


@router.get("/{post_id}", summary="Read a post", responses=problems(NotFoundError))
async def get_post(uow: ReadUnit, post_id: UUID) -> Post:
    """Null is what the platform never told: a post may be known by its id alone."""
    return Post.model_validate(await board.get_post(uow, post_id))
