"""Producers of webhooks: registered, changed, closed, and given new secrets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response, status

from services.api.deps import ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.paging import end_of_named, made_or_named
from services.api.schemas.common import Page
from services.api.schemas.sorting import OldestMadeSort, is_by_name, purpose_of
from services.api.schemas.sources import (
    CreatedSecretView,
    CreatedSourceView,
    SecretRotation,
    SourceBody,
    SourceChange,
    SourceView,
)
from services.core.intake import service as intake
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError

router = APIRouter(prefix="/v1/sources", tags=["sources"])
_PURPOSE = "sources"


@router.get("", summary="List sources", responses=problems(InvalidCursorError))
async def list_sources(
    uow: ReadUnit, page: PageQuery, sort: OldestMadeSort = OldestMadeSort.OLDEST
) -> Page[SourceView]:
    """Unasked those made first; without closed ones."""
    purpose = purpose_of(_PURPOSE, sort)
    stretch = made_or_named(page, sort, purpose)
    found = await intake.list_sources(uow, stretch, by_name=is_by_name(sort))
    items, end = page.cut(found, end_of_named(sort), purpose=purpose)
    return Page(items=[SourceView.model_validate(each) for each in items], next_cursor=end)


@router.post("", summary="Register a source", status_code=status.HTTP_201_CREATED)
async def create_source(uow: ManageUnit, body: SourceBody, response: Response) -> CreatedSourceView:
    """The answer holds the signing secret; it cannot be read again."""
    source, secret = await intake.create_source(uow, body.to_draft())
    response.headers["location"] = f"/v1/sources/{source.id}"
    return CreatedSourceView.of(source, secret)


@router.get("/{source_id}", summary="Read a source", responses=problems(NotFoundError))
async def get_source(uow: ReadUnit, source_id: UUID) -> SourceView:
    """Its secrets are listed by id and age; what they are is never told again."""
    return SourceView.model_validate(await intake.get_source(uow, source_id))


@router.patch("/{source_id}", summary="Change a source", responses=problems(NotFoundError))
async def change_source(uow: ManageUnit, source_id: UUID, body: SourceChange) -> SourceView:
    """Only what the body names is changed."""
    changes = body.model_dump(exclude_unset=True)
    return SourceView.model_validate(await intake.change_source(uow, source_id, changes))


@router.delete(
    "/{source_id}",
    summary="Close a source",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def delete_source(uow: ManageUnit, source_id: UUID) -> None:
    """What it sent stays; its webhooks are refused within a second."""
    await intake.delete_source(uow, source_id)


@router.post(
    "/{source_id}/secrets",
    summary="Make a new secret",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError),
)
async def rotate_secret(
    uow: ManageUnit,
    source_id: UUID,
    body: Annotated[SecretRotation | None, Body()] = None,
) -> CreatedSecretView:
    """Both secrets sign during the overlap. The answer holds the new one; it is told only here."""
    overlap = (body or SecretRotation()).overlap_seconds
    secret = await intake.rotate_secret(uow, source_id, overlap_seconds=overlap)
    return CreatedSecretView.model_validate(secret)


@router.delete(
    "/{source_id}/secrets/{secret_id}",
    summary="End a secret at once",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def revoke_secret(uow: ManageUnit, source_id: UUID, secret_id: UUID) -> None:
    """What is signed with it is refused from then on, whatever is under way."""
    await intake.revoke_secret(uow, source_id, secret_id)
