"""Keep promises in rows: clocks planned from what was said, and their moments as they come due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.changes import service as changes
from services.core.kit import failpoints
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import looking, planning, repository, rules
from services.core.sla.facts import clock_missed
from services.core.sla.hours import open_calendars, pause_for_standstills
from services.core.sla.service.policies import get_policies_by_version
from services.core.sla.types import (
    ClockKind,
    ClockOutcome,
    ClockPlan,
    ClockState,
    ExistingClock,
    FiredTimer,
    Move,
    Policy,
)
from services.core.stream import service as stream
from services.core.triage.types import Tier


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
    await repository.retier_timers(uow, work.retiered)
    await repository.add_timers(uow, planning.timer_rows(uow, work))
    await changes.note(uow, planning.moments_counted(work, existing))
    for change in (*work.added, *work.changed):
        uow.follow(change.clock_id, change.plan.case_id)
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
    spoke = [row for row in rows if row.state == "fired"]
    asked = [row.trigger_message_id for row in spoke if row.trigger_message_id is not None]
    brought_by = await repository.list_requests(uow, asked)
    fired = [_fired(row, brought_by.get(row.trigger_message_id)) for row in spoke]
    if not uow.drift:  # a sandbox that jumped says nothing about the workers
        FIGURES.note_lags([(uow.now - timer.fire_at).total_seconds() for timer in fired])
    late = [timer.clock_id for timer in fired if timer.percent >= rules.MISS_PERCENT]
    if late:
        missed = await repository.miss_clocks(uow, late)
        await changes.note(uow, [row.due_at for row in missed])
        uow.origins |= {one.clock_id: uow.request_id or one.request_id for one in fired}
        await stream.announce(uow, [clock_missed(row) for row in missed])
    return sorted(fired, key=lambda timer: (rules.pressing(timer.tier), timer.fire_at))


def _fired(row: Row[Any], request_id: str | None) -> FiredTimer:
    return FiredTimer(
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
        request_id=request_id,
    )


async def list_due_workspaces(database: Database) -> tuple[list[UUID], float | None]:
    """Workspaces with due timers, and in how many seconds the next timer of all is due."""
    async with database.system() as uow:
        due, next_at = await looking.look_at_timers(uow)
        if database.clock.drifts:
            for row in await looking.look_at_sandboxes(uow):
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
