"""Facts: told with the change, numbered once visible, never lost and never doubled."""

import asyncio
from datetime import timedelta

import pytest

from services.core.kit.clock import FrozenClock
from services.core.kit.ids import new_id
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.workspaces.types import Workspace
from tests.support.line import NOON

pytestmark = pytest.mark.made_up_facts


def fact(kind: str = "case.opened") -> Fact:
    return Fact(kind, "case", new_id(), {"tier": "urgent"})


async def tell(database: Database, workspace: Workspace, *facts: Fact) -> None:
    async with database.unit(workspace.id) as uow:
        await stream.announce(uow, facts)


async def read(database: Database, workspace: Workspace, after: int = 0) -> list[int]:
    async with database.read(workspace.id) as uow:
        return [published.seq for published in await stream.read_after(uow, after)]


async def test_facts_are_numbered_in_order_without_holes(
    database: Database, workspace: Workspace
) -> None:
    await tell(database, workspace, fact(), fact())
    assert await read(database, workspace) == []
    assert await stream.publish(database) == 2
    await tell(database, workspace, fact())
    assert await stream.publish(database) == 1
    assert await stream.publish(database) == 0
    assert await read(database, workspace) == [1, 2, 3]
    assert await read(database, workspace, after=2) == [3]


async def test_a_fact_of_a_change_that_was_rolled_back_was_never_told(
    database: Database, workspace: Workspace
) -> None:
    with pytest.raises(RuntimeError):
        async with database.unit(workspace.id) as uow:
            await stream.announce(uow, [fact()])
            raise RuntimeError
    assert await stream.publish(database) == 0


async def test_a_change_that_commits_late_is_not_lost(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as slow:
        await stream.announce(slow, [fact("slow.fact")])
        await tell(database, workspace, fact("quick.fact"))
        await stream.publish(database)
    await stream.publish(database)
    async with database.read(workspace.id) as uow:
        kinds = [published.fact.kind for published in await stream.read_after(uow, 0)]
    assert kinds == ["quick.fact", "slow.fact"]


async def test_many_publishers_give_each_number_once(
    database: Database, workspace: Workspace
) -> None:
    async def write() -> None:
        for _ in range(5):
            await tell(database, workspace, fact())
            await stream.publish(database)

    await asyncio.gather(*(write() for _ in range(6)))
    await stream.publish(database)
    assert await read(database, workspace) == list(range(1, 31))


async def test_forgetting_moves_the_first_kept_number(
    database: Database, workspace: Workspace
) -> None:
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    await tell(frozen, workspace, fact(), fact())
    await stream.publish(frozen)
    clock.advance(timedelta(hours=25))
    await tell(frozen, workspace, fact())
    await stream.publish(frozen)
    assert await stream.forget(frozen) == 2
    async with frozen.read(workspace.id) as uow:
        assert await stream.read_head(uow) == (3, 3)
    assert await read(frozen, workspace) == [3]
