"""Keep a workspace's plan, and hold it against what is promised and what is likely to come."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.calendars import service as calendars
from services.core.calendars.types import Hours
from services.core.conversations.types import Channel
from services.core.kit.errors import FieldProblem
from services.core.kit.uow import UnitOfWork
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT
from services.core.sla.types import Policy, PolicyDraft
from services.core.staffing import feasibility, forecast, measuring, repository, rules
from services.core.staffing.errors import BadPlanError
from services.core.staffing.types import (
    Block,
    Evidence,
    Feasibility,
    Forecast,
    Group,
    Handling,
    Plan,
    Waiting,
)
from services.core.triage.types import Tier

WORKLOAD_DAYS: Final = 28
HISTORY_DAYS: Final = 56
# A fixed seed: the same evidence gives the same forecast to everybody who asks.
SEED: Final = 1


async def get_plan(uow: UnitOfWork) -> Plan:
    """The workspace's plan, or the handbook's as version 0."""
    row = await repository.get_plan(uow)
    if row is None:
        return rules.DEFAULT_PLAN
    kept = row.definition
    blocks = tuple(
        Block(tuple(block["weekdays"]), block["start"], block["minutes"], block["people"])
        for block in kept["blocks"]
    )
    return Plan(kept["zone"], blocks, kept["minutes_per_reply"], row.version, row.updated_at)


async def save_plan(uow: UnitOfWork, plan: Plan) -> Plan:
    """Replaces the plan before; version and time are the database's. Raises BadPlanError."""
    problems = rules.plan_problems(plan.blocks)
    if plan.zone not in available_timezones():
        detail = "Use an IANA name such as Asia/Shanghai."
        problems = [FieldProblem("/zone", "unknown_zone", detail), *problems]
    if problems:
        raise BadPlanError(problems)
    await repository.save_plan(uow, _definition(plan))
    entry = AuditEntry("staffing.planned", "workspace", uow.workspace_id)
    await audit.record(uow, [entry])
    return await get_plan(uow)


async def assess(uow: UnitOfWork) -> Feasibility:
    """Which promises the plan cannot keep, by how much, and whether the hours are enough."""
    plan, policies = await get_plan(uow), await _policies(uow)
    since = await _begin(uow, WORKLOAD_DAYS)
    hourly = await repository.count_by_hour(uow, since)
    return feasibility.assess(
        plan,
        policies,
        await _hours(uow, policies),
        handling=await _handling(uow, plan),
        arrivals=(sum(hourly.values()), (uow.now - since) / timedelta(days=1)),
        now=uow.now,
    )


async def gather(uow: UnitOfWork) -> Evidence:
    """Everything a forecast is made of, read in one unit, so that none is open while it is made."""
    plan, policies = await get_plan(uow), await _policies(uow)
    since = await _begin(uow, HISTORY_DAYS)
    rows = await repository.count_by_group(uow, since)
    groups = [
        # What a follower's message is, is where it was said.
        Group(Channel(row.kind), row.source_id, Tier(row.tier), row.category, row.number)
        for row in rows
    ]
    waiting = await repository.list_waiting(uow)
    return Evidence(
        as_of=uow.now,
        since=since,
        plan=plan,
        hourly=await repository.count_by_hour(uow, since),
        groups=groups,
        handling=await _handling(uow, plan),
        waiting=[Waiting(row.started_at, row.due_at) for row in waiting],
        policies=policies,
        hours=await _hours(uow, policies),
    )


async def predict(evidence: Evidence, *, days: int) -> Forecast:
    """Made in a thread, a second at most, so that nobody else waits for it."""
    return await asyncio.to_thread(forecast.forecast, evidence, days=days, seed=SEED)


async def _policies(uow: UnitOfWork) -> list[Policy]:
    """Those in force; a workspace nobody has written to yet is held to the default one."""
    policies = await sla.list_policies(uow)
    if any(policy.is_default for policy in policies):
        return policies
    return [*policies, _as_policy(DEFAULT_DRAFT)]


def _as_policy(draft: PolicyDraft) -> Policy:
    return Policy(
        id=UUID(int=0),
        version=0,
        name=draft.name,
        targets=draft.targets,
        response_steps=draft.response_steps,
        resolution_steps=draft.resolution_steps,
        resolve_on_reply=draft.resolve_on_reply,
        reopen_within_seconds=draft.reopen_within_seconds,
        promised=draft.promised,
        is_default=True,
    )


async def _hours(uow: UnitOfWork, policies: Sequence[Policy]) -> Mapping[UUID, Hours]:
    """Of each calendar the version in force, which is what a question asked from now on gets."""
    wanted = {(policy.calendar_id, None) for policy in policies if policy.calendar_id}
    opened = await calendars.open_hours(uow, set[tuple[UUID, int | None]](wanted))
    return {calendar_id: hours for (calendar_id, _), (hours, _) in opened.items()}


async def _handling(uow: UnitOfWork, plan: Plan) -> Handling:
    # Replies nobody signed are one person's where never more than one is at work.
    alone = all(block.people == 1 for block in plan.blocks)
    since = uow.now - timedelta(days=WORKLOAD_DAYS)
    seconds = await repository.list_intervals(
        uow, since, unnamed=alone, cap_seconds=measuring.AWAY_SECONDS
    )
    return measuring.handling(seconds, assumed=plan.minutes_per_reply)


async def _begin(uow: UnitOfWork, days: int) -> datetime:
    """So many days ago, or the first message since: a young workspace had no empty weeks."""
    since = uow.now - timedelta(days=days)
    first = await repository.first_message(uow, since)
    # Nobody knows a week after an hour of it.
    return min(max(since, first or since), uow.now - timedelta(days=1))


def _definition(plan: Plan) -> dict[str, Any]:
    return {
        "zone": plan.zone,
        "minutes_per_reply": plan.minutes_per_reply,
        "blocks": [
            {
                "weekdays": sorted(block.weekdays),
                "start": block.start,
                "minutes": block.minutes,
                "people": block.people,
            }
            for block in plan.blocks
        ],
    }
