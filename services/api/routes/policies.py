"""What is promised: policies and their versions."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.policies import PolicyBody, PolicyView
from services.core.alerts import service as alerts
from services.core.intake import service as intake
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.sla import service as sla
from services.core.sla.errors import DefaultPolicyError, PolicyNameTakenError

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.get("", summary="List policies")
async def list_policies(uow: ReadUnit) -> Page[PolicyView]:
    """Live policies in the order they are tried. There are few: the page is always whole."""
    return Page(items=[PolicyView.of(policy) for policy in await sla.list_policies(uow)])


@router.post(
    "",
    summary="Create a policy",
    status_code=status.HTTP_201_CREATED,
    responses=problems(PolicyNameTakenError, InvalidInputError),
)
async def create_policy(uow: ManageUnit, body: PolicyBody, response: Response) -> PolicyView:
    await _require_ladder(uow, body)
    await _require_sources(uow, body)
    policy = PolicyView.of(await sla.create_policy(uow, body.to_draft()))
    response.headers["location"] = f"/v1/policies/{policy.id}"
    response.headers["etag"] = f'"{policy.version}"'
    return policy


@router.get("/{policy_id}", summary="Read a policy", responses=problems(NotFoundError))
async def get_policy(uow: ReadUnit, policy_id: UUID, response: Response) -> PolicyView:
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
) -> PolicyView:
    """Promises already running keep the version they started under."""
    await _require_ladder(uow, body)
    await _require_sources(uow, body)
    policy = PolicyView.of(await sla.change_policy(uow, policy_id, body.to_draft()))
    response.headers["etag"] = f'"{policy.version}"'
    return policy


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
    responses=problems(NotFoundError),
)
async def list_versions(uow: ReadUnit, policy_id: UUID) -> Page[PolicyView]:
    """Every version ever saved, oldest first, archived policies included."""
    return Page(items=[PolicyView.of(policy) for policy in await sla.list_versions(uow, policy_id)])


async def _require_ladder(uow: UnitOfWork, body: PolicyBody) -> None:
    """A mistyped ladder would be found out by nobody being woken."""
    if body.ladder_id is None:
        return
    try:
        await alerts.get_ladder(uow, body.ladder_id)
    except NotFoundError as error:
        problem = FieldProblem("/ladder_id", "not_found", "There is no such ladder.")
        raise InvalidInputError("The request is not valid.", errors=[problem]) from error


async def _require_sources(uow: UnitOfWork, body: PolicyBody) -> None:
    """A mistyped source would make a policy that applies to nothing; closed ones are known."""
    if not body.match.source_ids:
        return
    known = await intake.list_own_accounts(uow)
    missing = [
        FieldProblem(f"/match/source_ids/{place}", "not_found", "There is no such source.")
        for place, source_id in enumerate(body.match.source_ids)
        if source_id not in known
    ]
    if missing:
        raise InvalidInputError("The request is not valid.", errors=missing)
