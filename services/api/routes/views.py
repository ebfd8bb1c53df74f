"""Saved views: lists people come back to, and what is on them now."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import CurrentCaller, PageParams, PageQuery, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.paging import page_of, place_of
from services.api.schemas.common import Page
from services.api.schemas.included import ListedCase, ListedMessage
from services.api.schemas.messages import Follower
from services.api.schemas.views import (
    CaseConditions,
    MessageConditions,
    ViewBody,
    ViewItems,
    ViewView,
    conditions_of,
)
from services.core.board import service as board
from services.core.intake import service as intake
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.search.errors import NothingToLookForError
from services.core.sessions.errors import NotSignedInError
from services.core.views import service as views
from services.core.views.errors import BuiltInViewError, TooManyViewsError, ViewNameTakenError
from services.core.views.types import SavedView, ViewKind
from services.core.workspaces import service as workspaces

router = APIRouter(prefix="/v1/views", tags=["cases"])


@router.get("", summary="List views")
async def list_views(
    uow: ReadUnit, caller: CurrentCaller, kind: ViewKind | None = None
) -> Page[ViewView]:
    """Those that come with Warmline first, then everybody's and one's own by name; always whole."""
    found = await views.list_views(uow, caller.person, kind=kind)
    return Page(items=[ViewView.of(each) for each in found])


@router.post(
    "",
    summary="Save a view",
    status_code=status.HTTP_201_CREATED,
    responses=problems(ViewNameTakenError, TooManyViewsError, NotSignedInError, NotFoundError),
)
async def create_view(
    uow: WorkUnit, caller: CurrentCaller, body: ViewBody, response: Response
) -> ViewView:
    """Everybody's, unless `shared` is false: then it is of whoever signed in."""
    await _require_there(uow, body)
    view = await views.create_view(uow, body.to_draft(caller.person))
    response.headers["location"] = f"/v1/views/{view.id}"
    return _shown(view, response)


@router.get("/{view_id}", summary="Read a view", responses=problems(NotFoundError))
async def get_view(
    uow: ReadUnit, caller: CurrentCaller, view_id: UUID, response: Response
) -> ViewView:
    """Its name and its conditions. `/items` looks at what meets them."""
    return _shown(await views.get_view(uow, view_id, caller.person), response)


@router.put(
    "/{view_id}",
    summary="Change a view",
    responses=problems(NotFoundError, ViewNameTakenError, BuiltInViewError, NotSignedInError),
)
async def change_view(
    uow: WorkUnit, caller: CurrentCaller, view_id: UUID, body: ViewBody, response: Response
) -> ViewView:
    """All of it at once."""
    await _require_there(uow, body)
    draft = body.to_draft(caller.person)
    return _shown(await views.change_view(uow, view_id, draft, caller.person), response)


@router.delete(
    "/{view_id}",
    summary="Delete a view",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, BuiltInViewError),
)
async def delete_view(uow: WorkUnit, caller: CurrentCaller, view_id: UUID) -> None:
    """Nothing that was on it is touched."""
    await views.delete_view(uow, view_id, caller.person)


@router.get(
    "/{view_id}/items",
    summary="Look at a view",
    responses=problems(NotFoundError, InvalidCursorError, NotSignedInError, NothingToLookForError),
)
async def list_view_items(
    uow: ReadUnit, caller: CurrentCaller, view_id: UUID, page: PageQuery
) -> ViewItems:
    """What is on it now, in the order of its list.

    `me` and times from now on are read anew with each page.
    """
    view = await views.get_view(uow, view_id, caller.person)
    return await _look(uow, view, page, caller.person)


async def _require_there(uow: UnitOfWork, body: ViewBody) -> None:
    """Raises NotFoundError for a source, a member or a follower that is not there."""
    where = body.where
    if where.source_id is not None:
        await intake.get_source(uow, where.source_id)
    if isinstance(where, CaseConditions):
        if isinstance(where.assignee_id, UUID):
            await workspaces.get_member(uow, where.assignee_id)
        if where.follower_id is not None:
            await board.get_follower(uow, where.follower_id)


async def _look(
    uow: UnitOfWork, view: SavedView, page: PageParams, member_id: UUID | None
) -> ViewItems:
    of, purpose, wanted = view.draft.kind, f"views/{view.id}", conditions_of(view)
    after = place_of(page, purpose)
    if isinstance(wanted, CaseConditions):
        conditions = wanted.to_filter(uow.now, member_id)
        cases = page_of(
            ListedCase,
            await board.list_cases(uow, conditions, after=after, limit=page.limit),
            page,
            purpose,
        )
        return ViewItems(of=of, cases=cases.items, next_cursor=cases.next_cursor)
    if isinstance(wanted, MessageConditions):
        told = await board.list_messages(uow, wanted.to_filter(), after=after, limit=page.limit)
        said = page_of(ListedMessage, told, page, purpose)
        return ViewItems(of=of, messages=said.items, next_cursor=said.next_cursor)
    seen = await board.list_followers(
        uow, source_id=wanted.source_id, handle=wanted.handle, after=after, limit=page.limit
    )
    people = page_of(Follower, seen, page, purpose)
    return ViewItems(of=of, followers=people.items, next_cursor=people.next_cursor)


def _shown(view: SavedView, response: Response) -> ViewView:
    response.headers["etag"] = f'"{view.version}"'
    return ViewView.of(view)
