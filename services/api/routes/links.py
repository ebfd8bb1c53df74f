"""The secret behind links to act: exchanged when a message went where it should not."""

from fastapi import APIRouter

from services.api.deps import ManageUnit
from services.api.schemas.common import ReadModel
from services.core.actions import service as actions

router = APIRouter(prefix="/v1/links", tags=["alerts"])


class LinksView(ReadModel):
    """`version` counts the secrets; links signed with an earlier one open nothing."""

    version: int


@router.post("/rotate", summary="Make every link sent so far worthless")
async def rotate_links(uow: ManageUnit) -> LinksView:
    """Links in messages from now on are signed with a new secret."""
    return LinksView(version=await actions.rotate_secret(uow))
