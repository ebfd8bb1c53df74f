"""The workspace a key belongs to."""

from fastapi import APIRouter

from services.api.deps import AdminUnit, ReadUnit
from services.api.schemas.workspaces import WorkspaceChange, WorkspaceView
from services.core.workspaces import service as workspaces

router = APIRouter(prefix="/v1/workspace", tags=["workspace"])


@router.get("", summary="Read the own workspace")
async def get_workspace(uow: ReadUnit) -> WorkspaceView:
    """The one of the key, or of whoever signed in."""
    return WorkspaceView.model_validate(await workspaces.get_workspace(uow))


@router.patch("", summary="Change the own workspace")
async def change_workspace(uow: AdminUnit, body: WorkspaceChange) -> WorkspaceView:
    """A new quota of events holds within a second, a new guard from storms at once."""
    changes = body.model_dump(exclude_unset=True)
    return WorkspaceView.model_validate(await workspaces.change_workspace(uow, changes))
