"""Open cases move to the current version of their policy: looked at first, then batch by batch."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.core.desk import replanning
from services.core.kit.errors import NotFoundError
from services.core.sla import service as sla
from services.core.sla.errors import LateAtOnceError
from services.core.sla.rules import DEFAULT_DRAFT, DEFAULT_TARGETS, HOUR
from services.core.sla.types import PolicyDraft, Replan, ReplanState, Target
from tests.support.line import NOON, Line, comment, reply

QUICK = replace(DEFAULT_DRAFT, targets=dict.fromkeys(DEFAULT_TARGETS, Target(HOUR, HOUR, 2 * HOUR)))
SLOW = replace(DEFAULT_DRAFT, targets=dict.fromkeys(DEFAULT_TARGETS, Target(3 * HOUR, HOUR, HOUR)))


async def save(line: Line, draft: PolicyDraft) -> UUID:
    async with line.database.unit(line.workspace_id) as uow:
        default = await sla.ensure_defaults(uow)
        await sla.change_policy(uow, default.id, draft)
    return default.id


async def look(line: Line, policy_id: UUID) -> replanning.Preview:
    async with line.database.read(line.workspace_id) as uow:
        return await replanning.preview(uow, policy_id)


async def start(line: Line, policy_id: UUID, confirmed: int | None = None) -> Replan:
    async with line.database.unit(line.workspace_id) as uow:
        return await replanning.start(uow, policy_id, confirmed_late=confirmed)


async def latest(line: Line, policy_id: UUID) -> Replan:
    async with line.database.read(line.workspace_id) as uow:
        return (await sla.list_replans(uow, policy_id))[0]


async def ask(line: Line, count: int) -> None:
    for number in range(count):
        await line.hear(comment(f"c{number}", author=f"u{number}"))


async def versions(line: Line) -> list[int]:
    rows = await line.rows("SELECT policy_version FROM cases ORDER BY id")
    return [row.policy_version for row in rows]


async def test_a_look_says_what_would_move_and_changes_nothing(line: Line) -> None:
    await ask(line, 3)
    policy_id = await save(line, QUICK)
    found = await look(line, policy_id)
    assert (found.cases, found.looked_at, found.clocks, found.late) == (3, 3, 6, 0)
    assert found.earlier == timedelta(hours=22)
    assert found.later == timedelta()
    assert {(move.due_before, move.due_after) for move in found.examples} >= {
        (NOON + timedelta(hours=2), NOON + timedelta(hours=1))
    }
    assert await versions(line) == [1, 1, 1]


async def test_a_look_at_what_is_current_finds_nothing_to_move(line: Line) -> None:
    await ask(line, 2)
    async with line.database.unit(line.workspace_id) as uow:
        policy_id = (await sla.ensure_defaults(uow)).id
    assert (await look(line, policy_id)).clocks == 0


async def test_promises_that_would_be_late_at_once_must_be_confirmed(line: Line) -> None:
    await ask(line, 2)
    policy_id = await save(line, QUICK)
    line.clock.advance(timedelta(minutes=90))
    assert (await look(line, policy_id)).late == 2
    for confirmed in (None, 1):
        with pytest.raises(LateAtOnceError, match="2 open promises"):
            await start(line, policy_id, confirmed)
    assert await line.rows("SELECT id FROM replans") == []
    assert (await start(line, policy_id, 2)).state is ReplanState.WAITING


async def test_it_is_done_in_batches_with_progress(line: Line) -> None:
    await ask(line, 3)
    policy_id = await save(line, SLOW)
    started = await start(line, policy_id)
    assert (started.state, started.total, started.done) == (ReplanState.WAITING, 3, 0)
    assert await replanning.carry_on(line.database, batch=1) == 2
    half = await latest(line, policy_id)
    assert (half.state, half.done) == (ReplanState.RUNNING, 2)
    assert sorted(await versions(line)) == [1, 2, 2]
    await replanning.carry_on(line.database, batch=1)
    done = await latest(line, policy_id)
    assert (done.state, done.done, done.moved) == (ReplanState.DONE, 3, 6)
    assert await versions(line) == [2, 2, 2]
    assert await replanning.carry_on(line.database) == 0


async def test_what_is_resolved_stays_under_the_version_it_was_promised(line: Line) -> None:
    await ask(line, 2)
    await line.hear(reply("r1", "c0"))
    policy_id = await save(line, SLOW)
    assert (await start(line, policy_id)).total == 1
    await replanning.carry_on(line.database)
    assert sorted(await versions(line)) == [1, 2]


async def test_an_unknown_policy_is_not_found(line: Line) -> None:
    with pytest.raises(NotFoundError):
        await look(line, UUID(int=5))


async def test_an_empty_policy_is_done_at_the_first_look(line: Line) -> None:
    policy_id = await save(line, SLOW)
    await start(line, policy_id)
    await replanning.carry_on(line.database)
    assert (await latest(line, policy_id)).state is ReplanState.DONE
