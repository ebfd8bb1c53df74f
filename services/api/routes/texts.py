"""What alerts say, and whether followers' words leave with them."""

from fastapi import APIRouter

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.texts import TextsBody, TextsView
from services.core.alerts.service import texts
from services.core.kit.errors import InvalidInputError

router = APIRouter(prefix="/v1/alert-texts", tags=["channels"])


@router.get("", summary="Read what alerts say")
async def get_texts(uow: ReadUnit) -> TextsView:
    """The workspace's own templates; where there is none, the built-in words are said."""
    return TextsView.of(await texts.get_texts(uow))


@router.put("", summary="Set what alerts say", responses=problems(InvalidInputError))
async def put_texts(uow: ManageUnit, body: TextsBody) -> TextsView:
    """The whole of it: what is left out is the product's own again. Holds from the next alert on.

    A field a template may not name is a 422 with its place.
    """
    return TextsView.of(await texts.put_texts(uow, body.to_domain()))
