"""Ladders: from which percent of a promise's time on which channels hear of it."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import LongPageQuery, ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.ladders import LadderBody, LadderPatch, LadderView, SavedLadderView
from services.api.schemas.sorting import NamedSort
from services.api.whole import part_of
from services.core.alerts import service as alerts
from services.core.alerts.errors import DefaultLadderError, LadderNameTakenError
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError

router = APIRouter(prefix="/v1/ladders", tags=["ladders"])


@router.get("", summary="List ladders", responses=problems(InvalidCursorError))
async def list_ladders(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[LadderView]:
    """Those that are not archived."""
    found = [LadderView.model_validate(ladder) for ladder in await alerts.list_ladders(uow)]
    return part_of(found, page, sort, noun="ladders")


@router.post(
    "",
    summary="Create a ladder",
    status_code=status.HTTP_201_CREATED,
    responses=problems(LadderNameTakenError, InvalidInputError),
)
async def create_ladder(uow: ManageUnit, body: LadderBody, response: Response) -> SavedLadderView:
    """Name it in a policy's `ladder_id` to use it. `warnings` name steps that find nobody now."""
    ladder = await alerts.create_ladder(uow, body.to_draft())
    response.headers["location"] = f"/v1/ladders/{ladder.id}"
    response.headers["etag"] = f'"{ladder.version}"'
    return SavedLadderView.saved(ladder, await alerts.list_ladder_warnings(uow, ladder))


@router.get("/{ladder_id}", summary="Read a ladder", responses=problems(NotFoundError))
async def get_ladder(uow: ReadUnit, ladder_id: UUID, response: Response) -> LadderView:
    """Its steps, in the order in which an alert climbs them."""
    ladder = LadderView.model_validate(await alerts.get_ladder(uow, ladder_id))
    response.headers["etag"] = f'"{ladder.version}"'
    return ladder


@router.patch(
    "/{ladder_id}",
    summary="Change a ladder",
    responses=problems(NotFoundError, DefaultLadderError, LadderNameTakenError, InvalidInputError),
)
async def change_ladder(
    uow: ManageUnit, ladder_id: UUID, body: LadderPatch, response: Response
) -> SavedLadderView:
    """For alerts raised from now on: an alert keeps the ladder it was raised under."""
    steps = tuple(step.to_domain() for step in body.steps) if body.steps else None
    grouping = (body.grouping.by, body.grouping.window_seconds) if body.grouping else None
    ladder = await alerts.change_ladder(
        uow, ladder_id, name=body.name, steps=steps, grouping=grouping, ungroup=body.ungroup
    )
    response.headers["etag"] = f'"{ladder.version}"'
    return SavedLadderView.saved(ladder, await alerts.list_ladder_warnings(uow, ladder))


@router.delete(
    "/{ladder_id}",
    summary="Archive a ladder",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, DefaultLadderError),
)
async def archive_ladder(uow: ManageUnit, ladder_id: UUID) -> None:
    """Policies that name it fall back to the default ladder, which cannot be archived."""
    await alerts.archive_ladder(uow, ladder_id)
