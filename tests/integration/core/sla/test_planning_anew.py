"""A re-plan moves what is open to the current policy, and leaves what is settled as it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import service as desk
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT, DEFAULT_TARGETS, HOUR
from services.core.sla.types import PolicyDraft, Step, Target
from tests.support.line import NOON, Line, comment, reply

QUICK = replace(DEFAULT_DRAFT, targets=dict.fromkeys(DEFAULT_TARGETS, Target(HOUR, HOUR, 2 * HOUR)))


async def save(line: Line, draft: PolicyDraft) -> None:
    async with line.database.unit(line.workspace_id) as uow:
        default = await sla.ensure_defaults(uow)
        await sla.change_policy(uow, default.id, draft)


async def plan_anew(line: Line) -> Sequence[UUID]:
    case = await line.row("SELECT * FROM cases")
    async with line.database.unit(line.workspace_id) as uow:
        await conversations.hold_threads(uow, [case.thread_id])
        touched = [Touched(case.thread_id, case.opened_at)]
        refolded = await desk.settle(uow, touched, resolution="planned anew", anew=True)
    return refolded.replanned


async def clocks(line: Line) -> dict[tuple[str, int], Any]:
    rows = await line.rows("SELECT * FROM clocks")
    return {(row.kind, row.episode): row for row in rows}


async def test_saving_a_policy_moves_nothing_and_planning_anew_moves_what_is_open(
    line: Line,
) -> None:
    await line.hear(comment("c1"))
    await save(line, QUICK)
    before = (await clocks(line))["first_response", 1]
    assert (before.policy_version, before.due_at) == (1, NOON + timedelta(hours=2))
    assert len(await plan_anew(line)) == 2
    after = (await clocks(line))["first_response", 1]
    assert (after.policy_version, after.due_at) == (2, NOON + timedelta(hours=1))
    assert (after.started_at, after.generation) == (NOON, 2)
    assert (await line.row("SELECT * FROM cases")).policy_version == 2


async def test_moments_of_the_old_plan_are_called_off_and_alerts_withdrawn(line: Line) -> None:
    await line.hear(comment("c1"))
    await line.tick(minutes=61)
    assert await line.rows("SELECT id FROM alerts WHERE state = 'firing'")
    await save(line, QUICK)
    await plan_anew(line)
    (alert,) = await line.rows("SELECT * FROM alerts WHERE clock_kind = 'first_response'")
    assert (alert.state, alert.resolution) == ("resolved", "planned anew")
    pending = await line.rows("SELECT generation FROM timers WHERE state = 'pending'")
    assert {row.generation for row in pending} == {2}


async def test_what_is_settled_stays_settled_under_its_own_version_for_good(line: Line) -> None:
    await save(line, replace(DEFAULT_DRAFT, resolve_on_reply=False))
    await line.hear(comment("c1"), reply("r1", "c1", minutes=90))
    await save(line, replace(QUICK, resolve_on_reply=False))
    await plan_anew(line)
    await line.hear(comment("c2", "瓶子还是碎的，怎么办", minutes=95))
    first = (await clocks(line))["first_response", 1]
    assert (first.state, first.policy_version, first.corrections) == ("met", 2, [])
    assert first.due_at == NOON + timedelta(hours=2)
    assert (await clocks(line))["resolution", 1].policy_version == 3


async def test_a_case_that_was_done_is_not_undone_by_a_policy_that_closes_by_hand(
    line: Line,
) -> None:
    await line.hear(comment("c1"), reply("r1", "c1", minutes=60))
    await line.hear(comment("c2", minutes=70))
    before = await clocks(line)
    await save(line, replace(QUICK, resolve_on_reply=False))
    await plan_anew(line)
    after = await clocks(line)
    assert after["resolution", 1].state == before["resolution", 1].state == "met"
    assert after["resolution", 1].settled_at == NOON + timedelta(minutes=60)
    assert after["resolution", 2].due_at == NOON + timedelta(minutes=70 + 120)
    # From now on a reply closes nothing, whatever else is heard of the time before.
    line.clock.advance(timedelta(minutes=1))
    await line.hear(reply("r2", "c2", minutes=80))
    await line.hear(comment("c0", minutes=-5))
    found = await clocks(line)
    assert {key: row.state for key, row in found.items()} == {
        ("first_response", 1): "met",
        ("resolution", 1): "met",
        ("next_response", 1): "met",
        ("resolution", 2): "running",
    }


async def test_planning_anew_twice_is_planning_anew_once(line: Line) -> None:
    await line.hear(comment("c1"))
    await save(line, QUICK)
    await plan_anew(line)
    once = await clocks(line)
    assert await plan_anew(line) == []
    assert await clocks(line) == once


async def test_other_steps_alone_are_planned_anew(line: Line) -> None:
    await line.hear(comment("c1"))
    await save(line, replace(DEFAULT_DRAFT, response_steps=(Step(60), Step(100))))
    await plan_anew(line)
    rows = await line.rows(
        "SELECT t.percent FROM timers t JOIN clocks c ON c.id = t.clock_id"
        " WHERE t.state = 'pending' AND c.kind = 'first_response' ORDER BY t.percent"
    )
    assert [row.percent for row in rows] == [60, 100]
