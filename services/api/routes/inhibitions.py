"""Inhibitions: while a louder alert is open, those that belong to it wait."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.silences import InhibitionBody, InhibitionView
from services.core.commands.service import quieting
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.silences import service as silences
from services.core.silences.errors import BuiltInError, TooManyInhibitionsError

router = APIRouter(prefix="/v1/inhibitions", tags=["silences"])


@router.get("", summary="List inhibitions")
async def list_inhibitions(uow: ReadUnit) -> Page[InhibitionView]:
    """The built-in one first. There are few: the page is always whole."""
    return Page(items=[InhibitionView.of(each) for each in await silences.list_inhibitions(uow)])


@router.post(
    "",
    summary="Create an inhibition",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidInputError, TooManyInhibitionsError),
)
async def create_inhibition(
    uow: ManageUnit, body: InhibitionBody, response: Response
) -> InhibitionView:
    """Holds at once, by alerts that are open already too. An alert that holds others is told."""
    inhibition = await quieting.create_inhibition(uow, body.to_draft())
    response.headers["location"] = f"/v1/inhibitions/{inhibition.id}"
    return InhibitionView.of(inhibition)


@router.get("/{inhibition_id}", summary="Read an inhibition", responses=problems(NotFoundError))
async def get_inhibition(uow: ReadUnit, inhibition_id: UUID) -> InhibitionView:
    """Which loud alert holds which quiet ones."""
    return InhibitionView.of(await silences.get_inhibition(uow, inhibition_id))


@router.put(
    "/{inhibition_id}",
    summary="Change an inhibition, or switch it off",
    responses=problems(NotFoundError, InvalidInputError),
)
async def change_inhibition(
    uow: ManageUnit, inhibition_id: UUID, body: InhibitionBody
) -> InhibitionView:
    """The whole of it, in place of what was there."""
    return InhibitionView.of(await quieting.change_inhibition(uow, inhibition_id, body.to_draft()))


@router.delete(
    "/{inhibition_id}",
    summary="Take an inhibition away",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, BuiltInError),
)
async def remove_inhibition(uow: ManageUnit, inhibition_id: UUID) -> None:
    """What it held back is told within a minute. The built-in one is switched off instead."""
    await silences.remove_inhibition(uow, inhibition_id)
