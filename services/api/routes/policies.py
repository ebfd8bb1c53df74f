"""What is promised: policies and their versions."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.policies import PolicyBody
from services.api.schemas.policy_views import PolicyView, PresetView, SavedPolicyView
from services.core.alerts import service as alerts
from services.core.calendars import service as calendars
from services.core.conversations import service as conversations
from services.core.intake import service as intake
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.sla import checking
from services.core.sla import service as sla
from services.core.sla.errors import DefaultPolicyError, PolicyNameTakenError
from services.core.sla.presets import PRESETS
from services.core.sla.types import Policy, PolicyDraft

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
async def create_policy(uow: ManageUnit, body: PolicyBody, response: Response) -> SavedPolicyView:
    """`warnings` say what of it was perhaps not meant; it is saved all the same."""
    draft = await _checked(uow, body)
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
    draft = await _checked(uow, body)
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
    responses=problems(NotFoundError),
)
async def list_versions(uow: ReadUnit, policy_id: UUID) -> Page[PolicyView]:
    """Every version ever saved, oldest first, archived policies included."""
    return Page(items=[PolicyView.of(policy) for policy in await sla.list_versions(uow, policy_id)])


async def _checked(uow: UnitOfWork, body: PolicyBody) -> PolicyDraft:
    """The draft, once everything it names is there and nothing in it contradicts itself."""
    await _require_ladder(uow, body)
    await _require_calendar(uow, body)
    await _require_sources(uow, body)
    draft = body.to_draft()
    posts = await conversations.list_post_sources(uow, draft.match.post_ids)
    faults = checking.find_faults(draft, posts)
    if faults:
        raise InvalidInputError("The request is not valid.", errors=faults)
    return draft


async def _saved(uow: UnitOfWork, policy: Policy, response: Response) -> SavedPolicyView:
    response.headers["etag"] = f'"{policy.version}"'
    return SavedPolicyView.saved(policy, await sla.list_warnings(uow, policy))


async def _require_ladder(uow: UnitOfWork, body: PolicyBody) -> None:
    """A mistyped ladder would be found out by nobody being woken."""
    if body.ladder_id is None:
        return
    try:
        await alerts.get_ladder(uow, body.ladder_id)
    except NotFoundError as error:
        problem = FieldProblem("/ladder_id", "not_found", "There is no such ladder.")
        raise InvalidInputError("The request is not valid.", errors=[problem]) from error


async def _require_calendar(uow: UnitOfWork, body: PolicyBody) -> None:
    if body.calendar_id is None:
        return
    try:
        await calendars.get_calendar(uow, body.calendar_id)
    except NotFoundError as error:
        problem = FieldProblem("/calendar_id", "not_found", "There is no such calendar.")
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
