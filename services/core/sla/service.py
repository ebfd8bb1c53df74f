"""Keep promises in rows: policies and their versions, and clocks planned from what was said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.changes import service as changes
from services.core.kit import failpoints, ids
from services.core.kit.errors import NotFoundError
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import checking, planning, repository, rules
from services.core.sla.errors import DefaultPolicyError, PolicyNameTakenError
from services.core.sla.facts import clock_missed
from services.core.sla.hours import open_calendars, pause_for_standstills
from services.core.sla.policies import read_policy, write_definition
from services.core.sla.types import (
    ClockKind,
    ClockOutcome,
    ClockPlan,
    ClockState,
    ExistingClock,
    FiredTimer,
    Move,
    Policy,
    PolicyDraft,
    PolicyWarning,
    Replan,
    ReplanState,
)
from services.core.stream import service as stream
from services.core.triage.types import Tier


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


async def list_versions(uow: UnitOfWork, policy_id: UUID) -> list[Policy]:
    """Every version of a policy, oldest first. Raises NotFoundError for an unknown one."""
    rows = await repository.list_policy_versions(uow, [policy_id])
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


async def plan_clocks(uow: UnitOfWork, plans: Sequence[ClockPlan]) -> dict[UUID, ClockOutcome]:
    """Make the clocks of these cases what their episodes say, and plan the moments ahead.

    The caller holds the cases' threads. Set-based: the number of statements does not grow with
    the number of cases. Announces every change of state; returns what each case came to.
    """
    rows = await repository.lock_clocks(uow, [plan.case_id for plan in plans])
    existing = planning.read_clocks(rows)
    earlier = await _list_earlier(uow, plans, existing)
    calendars = await open_calendars(uow, plans, existing, earlier)
    plans = await pause_for_standstills(uow, plans)
    work = planning.compare(plans, existing, calendars, uow.now, earlier)
    await repository.add_clocks(uow, [planning.new_row(uow, change) for change in work.added])
    await repository.change_clocks(
        uow, [planning.changed_row(uow, change) for change in work.changed]
    )
    await repository.cancel_timers(uow, work.stopped, "the clock is settled")
    await repository.cancel_timers(uow, work.replanned, "planned anew")
    await repository.add_timers(uow, planning.timer_rows(uow, work))
    await changes.note(uow, planning.moments_counted(work, existing))
    await stream.announce(uow, work.facts)
    return work.outcomes


async def list_moves(uow: UnitOfWork, plans: Sequence[ClockPlan]) -> list[Move]:
    """What `plan_clocks` would do to open clocks with these plans; nothing is locked or written."""
    rows = await repository.list_unsettled_clocks(uow, [plan.case_id for plan in plans])
    existing = planning.read_clocks(rows)
    earlier = await _list_earlier(uow, plans, existing)
    calendars = await open_calendars(uow, plans, existing, earlier)
    work = planning.compare(
        await pause_for_standstills(uow, plans), existing, calendars, uow.now, earlier
    )
    before = {clock.id: clock.shape for clocks in existing.values() for clock in clocks}
    return [
        Move(
            clock_id=change.clock_id,
            case_id=change.plan.case_id,
            kind=change.kind,
            tier=change.shape.tier,
            due_before=before[change.clock_id].due_at,
            due_after=change.shape.due_at,
            late_at_once=change.shape.state is ClockState.MISSED
            and before[change.clock_id].state is not ClockState.MISSED,
        )
        for change in work.changed
        if not rules.is_over(change.shape)
    ]


async def start_replan(uow: UnitOfWork, policy_id: UUID, total: int) -> Replan:
    """Have a worker move the policy's open cases to its current version, batch by batch."""
    replan_id = ids.new_id()
    row = {
        "id": replan_id,
        "policy_id": policy_id,
        "state": ReplanState.WAITING.value,
        "total": total,
        "done": 0,
        "moved": 0,
        "last_case_id": None,
        "requested_by": uow.actor.id,
        "created_at": uow.now,
        "started_at": None,
        "finished_at": None,
        "next_at": uow.real_now,
    }
    await repository.add_replan(uow, row)
    detail = {"replan_id": str(replan_id), "cases": total}
    await audit.record(uow, [AuditEntry("policy.replanned", "policy", policy_id, detail)])
    uow.wake("replans")
    return (await list_replans(uow, policy_id, limit=1))[0]


async def list_replans(uow: UnitOfWork, policy_id: UUID, limit: int = 50) -> list[Replan]:
    """The newest first, with how far each came."""
    return [_read_replan(row) for row in await repository.list_replans(uow, policy_id, limit)]


async def list_due_replans(database: Database) -> list[tuple[UUID, UUID]]:
    """Workspaces and their re-plans that are not done."""
    async with database.system() as uow:
        return [(row.workspace_id, row.id) for row in await repository.list_due_replans(uow)]


async def take_replan(uow: UnitOfWork, replan_id: UUID) -> Replan | None:
    """The re-plan, held until the unit ends; None when it is done or in other hands."""
    row = await repository.take_replan(uow, replan_id)
    return _read_replan(row) if row else None


async def note_replan(
    uow: UnitOfWork, replan: Replan, *, last: UUID | None, done: int, moved: int
) -> None:
    """Say how far it came; `last` is the last case looked at, None when none is left."""
    values = {
        "state": (ReplanState.RUNNING if last else ReplanState.DONE).value,
        "done": replan.done + done,
        "moved": replan.moved + moved,
        "last_case_id": last,
        "started_at": replan.started_at or uow.now,
        "finished_at": None if last else uow.now,
    }
    await repository.note_replan(uow, replan.id, values)


def _read_replan(row: Row[Any]) -> Replan:
    return Replan(
        id=row.id,
        policy_id=row.policy_id,
        state=ReplanState(row.state),
        total=row.total,
        done=row.done,
        moved=row.moved,
        requested_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        last_case_id=row.last_case_id,
    )


async def fire_due(uow: UnitOfWork, limit: int) -> list[FiredTimer]:
    """Take due timers in this workspace and mark missed promises; most pressing tier first.

    Each timer comes out of here once: a second worker skips rows this one holds, and after
    the commit they are no longer pending.
    """
    with FIGURES.claiming("sla") as took:
        rows = await repository.claim_due_timers(uow, limit)
        took.append(len(rows))
    if __debug__ and rows:
        await failpoints.reach("timers.claimed")
    fired = [
        FiredTimer(
            timer_id=row.id,
            clock_id=row.clock_id,
            case_id=row.case_id,
            percent=row.percent,
            generation=row.generation,
            fire_at=row.fire_at,
            kind=ClockKind(row.kind),
            tier=Tier(row.tier),
            due_at=row.due_at,
            policy_id=row.policy_id,
            policy_version=row.policy_version,
        )
        for row in rows
        if row.state == "fired"
    ]
    if not uow.drift:  # a sandbox that jumped says nothing about the workers
        FIGURES.note_lags([(uow.now - timer.fire_at).total_seconds() for timer in fired])
    late = [timer.clock_id for timer in fired if timer.percent >= rules.MISS_PERCENT]
    if late:
        missed = await repository.miss_clocks(uow, late)
        await changes.note(uow, [row.due_at for row in missed])
        await stream.announce(uow, [clock_missed(row) for row in missed])
    return sorted(fired, key=lambda timer: (rules.pressing(timer.tier), timer.fire_at))


async def list_due_workspaces(database: Database) -> tuple[list[UUID], float | None]:
    """Workspaces with due timers, and in how many seconds the next timer of all is due."""
    async with database.system() as uow:
        due, next_at = await repository.look_at_timers(uow)
        if database.clock.drifts:
            for row in await repository.look_at_sandboxes(uow):
                next_at = min(next_at or row.next_at, row.next_at)
                if row.next_at <= uow.now and row.workspace_id not in due:
                    due.append(row.workspace_id)
        seconds = (next_at - uow.now).total_seconds() if next_at else None
        return due, seconds


async def next_moment(uow: UnitOfWork) -> datetime | None:
    """When the next moment of this workspace's promises comes, or came and is not yet said."""
    return await repository.get_next_moment(uow)


async def _list_earlier(
    uow: UnitOfWork, plans: Sequence[ClockPlan], existing: dict[UUID, list[ExistingClock]]
) -> dict[tuple[UUID, int], Policy]:
    """Versions clocks keep though their cases have another: none before the first re-plan."""
    wanted = {
        (clock.policy_id, clock.policy_version)
        for plan in plans
        for clock in existing.get(plan.case_id, ())
        if (clock.policy_id, clock.policy_version) != (plan.policy.id, plan.policy.version)
    }
    return await get_policies_by_version(uow, wanted)


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
