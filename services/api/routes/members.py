"""The people of a team."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.workspaces import MemberBody, MemberChange, MemberView
from services.core.kit.errors import NotFoundError
from services.core.workspaces import service as workspaces
from services.core.workspaces.errors import HandleTakenError

router = APIRouter(prefix="/v1/members", tags=["workspace"])
_PURPOSE = "members"


@router.get("", summary="List members")
async def list_members(uow: ReadUnit, page: PageQuery) -> Page[MemberView]:
    """Oldest first, inactive ones included."""
    start = page.start(UUID, purpose=_PURPOSE)
    found = await workspaces.list_members(
        uow, after=start[0] if start else None, limit=page.limit + 1
    )
    items, end = page.cut(found, lambda member: [member.id], purpose=_PURPOSE)
    return Page(items=[MemberView.model_validate(member) for member in items], next_cursor=end)


@router.post(
    "",
    summary="Add a member",
    status_code=status.HTTP_201_CREATED,
    responses=problems(HandleTakenError),
)
async def create_member(uow: ManageUnit, body: MemberBody, response: Response) -> MemberView:
    member = await workspaces.create_member(uow, body.to_draft())
    response.headers["location"] = f"/v1/members/{member.id}"
    return MemberView.model_validate(member)


@router.get("/{member_id}", summary="Read a member", responses=problems(NotFoundError))
async def get_member(uow: ReadUnit, member_id: UUID) -> MemberView:
    return MemberView.model_validate(await workspaces.get_member(uow, member_id))


@router.patch(
    "/{member_id}",
    summary="Change a member",
    responses=problems(NotFoundError, HandleTakenError),
)
async def change_member(uow: ManageUnit, member_id: UUID, body: MemberChange) -> MemberView:
    """Members are never deleted, what they did stays theirs: `active: false` retires one."""
    changes = body.model_dump(exclude_unset=True)
    return MemberView.model_validate(await workspaces.change_member(uow, member_id, changes))
