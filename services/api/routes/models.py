"""What a workspace's corrections have taught: watched as a shadow, promoted, called back."""

from uuid import UUID

from fastapi import APIRouter

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.learning import ModelDetail, ModelView, RolledBack
from services.core.kit.errors import NotFoundError
from services.core.learning import service as learning
from services.core.learning.errors import NoSuchModelError, WorseModelError

router = APIRouter(prefix="/v1/triage/models", tags=["triage"])


@router.get("", summary="List learnt models")
async def list_models(uow: ReadUnit) -> Page[ModelDetail]:
    """The newest first, each with what it said beside the model in force."""
    items = []
    for model in await learning.list_models(uow):
        shown = ModelView.model_validate(model).model_dump()
        comparison = await learning.compare(uow, model.id)
        items.append(ModelDetail.model_validate(shown | {"comparison": comparison}))
    return Page(items=items)


@router.post(
    "/rollback", summary="Roll back to the model before", responses=problems(NoSuchModelError)
)
async def roll_back(uow: ManageUnit) -> RolledBack:
    """One call: the model in force is retired, the one before it judges again."""
    model = await learning.roll_back(uow)
    return RolledBack(active=ModelView.model_validate(model) if model else None)


@router.post(
    "/{model_id}/promote",
    summary="Put a shadow in force",
    responses=problems(NotFoundError, NoSuchModelError, WorseModelError),
)
async def promote(uow: ManageUnit, model_id: UUID) -> ModelView:
    """Only a shadow, and only if it did no worse on the frozen set than the engine."""
    return ModelView.model_validate(await learning.promote(uow, model_id))
