"""API keys: made once, shown once, revoked for good."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import AdminReadUnit, AdminUnit, PageQuery
from services.api.errors import problems
from services.api.paging import end_of_named, made_or_named
from services.api.schemas.common import Page
from services.api.schemas.sorting import NewestMadeSort, is_by_name, purpose_of
from services.api.schemas.workspaces import CreatedKeyView, KeyBody, KeyRotationBody, KeyView
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError
from services.core.workspaces import service as workspaces

router = APIRouter(prefix="/v1/keys", tags=["workspace"])
_PURPOSE = "keys"


@router.get("", summary="List keys", responses=problems(InvalidCursorError))
async def list_keys(
    uow: AdminReadUnit, page: PageQuery, sort: NewestMadeSort = NewestMadeSort.NEWEST
) -> Page[KeyView]:
    """Unasked the newest first, revoked ones included."""
    purpose = purpose_of(_PURPOSE, sort)
    stretch = made_or_named(page, sort, purpose)
    found = await workspaces.list_keys(uow, stretch, by_name=is_by_name(sort))
    items, end = page.cut(found, end_of_named(sort), purpose=purpose)
    return Page(items=[KeyView.model_validate(each) for each in items], next_cursor=end)


@router.post(
    "",
    summary="Create a key",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError),
)
async def create_key(uow: AdminUnit, body: KeyBody, response: Response) -> CreatedKeyView:
    """The answer holds the key; it cannot be read again."""
    created = await workspaces.create_key(
        uow,
        name=body.name,
        scopes=body.scopes,
        member_id=body.member_id,
        expires_at=body.expires_at,
    )
    response.headers["location"] = f"/v1/keys/{created.id}"
    return CreatedKeyView.of(created)


@router.post(
    "/{key_id}/rotation",
    summary="Rotate a key",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError),
)
async def rotate_key(
    uow: AdminUnit, key_id: UUID, body: KeyRotationBody, response: Response
) -> CreatedKeyView:
    """A new key of the same name, scopes and member; the old one ends after the overlap."""
    overlap = timedelta(hours=body.overlap_hours)
    created = await workspaces.rotate_key(uow, key_id, overlap=overlap)
    response.headers["location"] = f"/v1/keys/{created.id}"
    return CreatedKeyView.of(created)


@router.delete(
    "/{key_id}",
    summary="Revoke a key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def revoke_key(uow: AdminUnit, key_id: UUID) -> None:
    """Refused everywhere within a second. Revoking twice changes nothing."""
    await workspaces.revoke_key(uow, key_id)
