"""The people of a team."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import AdminUnit, CurrentCaller, ManageUnit, PageQuery, ReadUnit, State
from services.api.errors import problems
from services.api.paging import end_of_named, made_or_named
from services.api.schemas.common import Page
from services.api.schemas.sign_in import EndedView, InvitationView
from services.api.schemas.sorting import OldestMadeSort, is_by_name, purpose_of
from services.api.schemas.workspaces import MemberBody, MemberChange, MemberView
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError
from services.core.sessions import service as sessions
from services.core.workspaces import service as workspaces
from services.core.workspaces.errors import AdminsOnlyError, HandleTakenError

router = APIRouter(prefix="/v1/members", tags=["workspace"])
_PURPOSE = "members"


@router.get("", summary="List members", responses=problems(InvalidCursorError))
async def list_members(
    uow: ReadUnit, page: PageQuery, sort: OldestMadeSort = OldestMadeSort.OLDEST
) -> Page[MemberView]:
    """Unasked those added first, inactive ones included."""
    purpose = purpose_of(_PURPOSE, sort)
    stretch = made_or_named(page, sort, purpose)
    found = await workspaces.list_members(uow, stretch, by_name=is_by_name(sort))
    items, end = page.cut(found, end_of_named(sort), purpose=purpose)
    return Page(items=[MemberView.model_validate(each) for each in items], next_cursor=end)


@router.post(
    "",
    summary="Add a member",
    status_code=status.HTTP_201_CREATED,
    responses=problems(HandleTakenError, AdminsOnlyError),
)
async def create_member(
    uow: ManageUnit, caller: CurrentCaller, body: MemberBody, response: Response
) -> MemberView:
    """Only an admin makes another one."""
    member = await workspaces.create_member(uow, body.to_draft(), by=caller.scopes)
    response.headers["location"] = f"/v1/members/{member.id}"
    return MemberView.model_validate(member)


@router.get("/{member_id}", summary="Read a member", responses=problems(NotFoundError))
async def get_member(uow: ReadUnit, member_id: UUID) -> MemberView:
    """Their role, and whether they still work here."""
    return MemberView.model_validate(await workspaces.get_member(uow, member_id))


@router.patch(
    "/{member_id}",
    summary="Change a member",
    responses=problems(NotFoundError, HandleTakenError, AdminsOnlyError),
)
async def change_member(
    uow: ManageUnit, caller: CurrentCaller, member_id: UUID, body: MemberChange
) -> MemberView:
    """Members are never deleted, what they did stays theirs: `active: false` retires one.

    A new role, or being retired, is obeyed by every open session within a second. Only an admin
    changes an admin, or makes one.
    """
    changes = body.model_dump(exclude_unset=True)
    member = await workspaces.change_member(uow, member_id, changes, by=caller.scopes)
    return MemberView.model_validate(member)


@router.post(
    "/{member_id}/invitation",
    summary="Invite a member to sign in",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError),
)
async def invite_member(uow: AdminUnit, state: State, member_id: UUID) -> InvitationView:
    """A way in that works once, to be handed to the member: it sets their password.

    The answer holds it; it cannot be read again. A former invitation opens nothing any more.
    """
    chosen = state.settings.sign_in
    lasts = timedelta(hours=chosen.invitation_hours)
    return InvitationView.of(
        await sessions.invite(uow, member_id, lasts=lasts), chosen.invitation_url
    )


@router.delete(
    "/{member_id}/sessions",
    summary="Sign a member out everywhere",
    responses=problems(NotFoundError),
)
async def end_sessions(uow: AdminUnit, member_id: UUID) -> EndedView:
    """Obeyed everywhere within a second. They may sign in again: `active: false` ends that too."""
    return EndedView(ended=await sessions.end_sessions(uow, member_id))
