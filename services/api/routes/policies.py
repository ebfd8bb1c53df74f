"""What is promised: policies and their versions."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import LongPageQuery, ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.policies import PolicyBody
from services.api.schemas.policy_views import PolicyView, PresetView, SavedPolicyView
from services.api.schemas.sorting import TriedSort, VersionSort, purpose_of
from services.api.whole import part_of
from services.core.desk import promising
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.sla import service as sla
from services.core.sla.errors import DefaultPolicyError, PolicyNameTakenError
from services.core.sla.presets import PRESETS
from services.core.sla.types import Policy

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.get("", summary="List policies", responses=problems(InvalidCursorError))
async def list_policies(
    uow: ReadUnit, page: LongPageQuery, sort: TriedSort = TriedSort.FIRST_TRIED
) -> Page[PolicyView]:
    """Live policies, unasked in the order they are tried."""
    found = [PolicyView.of(policy) for policy in await sla.list_policies(uow)]
    return part_of(found, page, sort, noun="policies")


@router.post(
    "",
    summary="Create a policy",
    status_code=status.HTTP_201_CREATED,
    responses=problems(PolicyNameTakenError, InvalidInputError),
)
async def create_policy(uow: ManageUnit, body: PolicyBody, response: Response) -> SavedPolicyView:
    """`warnings` say what of it was perhaps not meant; it is saved all the same."""
    draft = body.to_draft()
    await promising.check_policy(uow, draft)
    policy = await sla.create_policy(uow, draft)
    response.headers["location"] = f"/v1/policies/{policy.id}"
    return await _saved(uow, policy, response)


@router.get("/presets", summary="List policies to begin with")
async def list_presets(_: ReadUnit) -> Page[PresetView]:
    """Each can be sent to `POST /v1/policies`, changed or as it is."""
    return Page(items=[PresetView.of(preset) for preset in PRESETS])


@router.get("/{policy_id}", summary="Read a policy", responses=problems(NotFoundError))
async def get_policy(uow: ReadUnit, policy_id: UUID, response: Response) -> PolicyView:
    """The current version, with what was perhaps not meant in `warnings`."""
    policy = PolicyView.of(await sla.get_policy(uow, policy_id))
    response.headers["etag"] = f'"{policy.version}"'
    return policy


@router.put(
    "/{policy_id}",
    summary="Save the next version of a policy",
    responses=problems(NotFoundError, PolicyNameTakenError, InvalidInputError),
)
async def change_policy(
    uow: ManageUnit, policy_id: UUID, body: PolicyBody, response: Response
) -> SavedPolicyView:
    """Promises already running keep the version they started under, until they are re-planned."""
    draft = body.to_draft()
    await promising.check_policy(uow, draft)
    return await _saved(uow, await sla.change_policy(uow, policy_id, draft), response)


@router.delete(
    "/{policy_id}",
    summary="Archive a policy",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, DefaultPolicyError),
)
async def archive_policy(uow: ManageUnit, policy_id: UUID) -> None:
    """No new case takes it; running promises go on. The default policy cannot be archived."""
    await sla.archive_policy(uow, policy_id)


@router.get(
    "/{policy_id}/versions",
    summary="List the versions of a policy",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_versions(
    uow: ReadUnit,
    policy_id: UUID,
    page: LongPageQuery,
    sort: VersionSort = VersionSort.OLDEST,
) -> Page[PolicyView]:
    """Every version ever saved, those of archived policies included."""
    purpose = purpose_of(f"versions/{policy_id}", sort)
    stretch = page.stretch(sort, int, purpose=purpose)
    found = await sla.list_versions(uow, policy_id, stretch)
    items, cursor = page.cut(found, lambda one: [one.version], purpose=purpose)
    return Page(items=[PolicyView.of(each) for each in items], next_cursor=cursor)


async def _saved(uow: UnitOfWork, policy: Policy, response: Response) -> SavedPolicyView:
    response.headers["etag"] = f'"{policy.version}"'
    return SavedPolicyView.saved(policy, await sla.list_warnings(uow, policy))
