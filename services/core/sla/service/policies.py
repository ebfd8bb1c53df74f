"""Write policies version by version, and read the ones that hold."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.stretches import EVERYTHING, Stretch
from services.core.kit.uow import UnitOfWork
from services.core.sla import checking, repository, rules
from services.core.sla.errors import DefaultPolicyError, PolicyNameTakenError
from services.core.sla.policies import read_policy, write_definition
from services.core.sla.types import (
    Policy,
    PolicyDraft,
    PolicyWarning,
)


async def list_policies(uow: UnitOfWork) -> list[Policy]:
    """Live policies at their current versions, in the order they are tried."""
    return [read_policy(row) for row in await repository.list_policies(uow)]


async def get_policy(uow: UnitOfWork, policy_id: UUID) -> Policy:
    """The current version. Raises NotFoundError for an unknown or archived policy."""
    for policy in await list_policies(uow):
        if policy.id == policy_id:
            return policy
    noun = "policy"
    raise NotFoundError(noun)


async def list_versions(
    uow: UnitOfWork, policy_id: UUID, wanted: Stretch = EVERYTHING
) -> list[Policy]:
    """Versions of a policy by their numbers. Raises NotFoundError for an unknown one."""
    rows = await repository.list_versions_of_one(uow, policy_id, wanted)
    if not rows:
        noun = "policy"
        raise NotFoundError(noun)
    return [read_policy(row) for row in rows]


async def get_policies_by_version(
    uow: UnitOfWork, wanted: set[tuple[UUID, int]]
) -> dict[tuple[UUID, int], Policy]:
    """Frozen versions, archived policies included: what running clocks started under."""
    if not wanted:
        return {}
    rows = await repository.list_policy_versions(uow, list({policy_id for policy_id, _ in wanted}))
    policies = [read_policy(row) for row in rows]
    return {
        (policy.id, policy.version): policy
        for policy in policies
        if (policy.id, policy.version) in wanted
    }


async def create_policy(uow: UnitOfWork, draft: PolicyDraft, *, is_default: bool = False) -> Policy:
    """Version 1 of a new policy. Raises PolicyNameTakenError."""
    policy_id = ids.new_id()
    row = {
        "id": policy_id,
        "name": draft.name,
        "position": draft.position,
        "is_default": is_default,
        "current_version": 1,
        "created_at": uow.now,
        "updated_at": uow.now,
        "archived_at": None,
    }
    try:
        await repository.add_policy(uow, row)
    except IntegrityError as error:
        raise PolicyNameTakenError from error
    await _add_version(uow, policy_id, 1, draft)
    await audit.record(uow, [AuditEntry("policy.created", "policy", policy_id)])
    return await get_policy(uow, policy_id)


async def change_policy(uow: UnitOfWork, policy_id: UUID, draft: PolicyDraft) -> Policy:
    """The next version. Open clocks keep theirs. Raises NotFoundError, PolicyNameTakenError."""
    row = await _lock(uow, policy_id)
    version = row + 1
    await _add_version(uow, policy_id, version, draft)
    values = {"name": draft.name, "position": draft.position, "current_version": version}
    try:
        await repository.change_policy(uow, policy_id, values)
    except IntegrityError as error:
        raise PolicyNameTakenError from error
    detail = {"version": version}
    await audit.record(uow, [AuditEntry("policy.changed", "policy", policy_id, detail)])
    return await get_policy(uow, policy_id)


async def list_warnings(uow: UnitOfWork, policy: Policy) -> list[PolicyWarning]:
    """What of a saved policy was perhaps not meant: looser than the text, or never tried."""
    return checking.find_warnings(policy, await list_policies(uow))


async def archive_policy(uow: UnitOfWork, policy_id: UUID) -> None:
    """No new case takes it; running clocks go on. Raises DefaultPolicyError, NotFoundError."""
    policy = await get_policy(uow, policy_id)
    if policy.is_default:
        raise DefaultPolicyError
    await _lock(uow, policy_id)
    await repository.change_policy(uow, policy_id, {"archived_at": uow.now})
    await audit.record(uow, [AuditEntry("policy.archived", "policy", policy_id)])


async def ensure_defaults(uow: UnitOfWork) -> Policy:
    """The default policy, made if this workspace has none yet."""
    for policy in await list_policies(uow):
        if policy.is_default:
            return policy
    return await create_policy(uow, rules.DEFAULT_DRAFT, is_default=True)


async def policies_in_force(uow: UnitOfWork) -> list[Policy]:
    """Live policies; a workspace that has no default one yet gets it here, in this unit."""
    policies = await list_policies(uow)
    if any(policy.is_default for policy in policies):
        return policies
    await ensure_defaults(uow)
    return await list_policies(uow)


async def _lock(uow: UnitOfWork, policy_id: UUID) -> int:
    row = await repository.lock_policy(uow, policy_id)
    if row is None:
        noun = "policy"
        raise NotFoundError(noun)
    version: int = row.current_version
    return version


async def _add_version(uow: UnitOfWork, policy_id: UUID, version: int, draft: PolicyDraft) -> None:
    row = {
        "policy_id": policy_id,
        "version": version,
        "definition": write_definition(draft),
        "created_at": uow.now,
        "created_by": uow.actor.id,
    }
    await repository.add_policy_version(uow, row)
