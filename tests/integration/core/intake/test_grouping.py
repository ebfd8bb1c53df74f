"""Deliveries that come together are committed together, and each is answered for itself."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from typing_extensions import override

from services.core.intake import service as intake
from services.core.intake.records import Incoming, Receipt, SourceDoor
from services.core.intake.service import GroupCommit
from services.core.kit.errors import UnavailableError
from services.core.kit.stretches import newest
from services.core.kit.uow import SYSTEM_ACTOR, Actor, Database, UnitOfWork
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.factories import RegisteredSource, comment, incoming, make_source


class WatchedDatabase(Database):
    """Writes down whose unit was opened; the first one waits for `go`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self.units: list[UUID] = []
        self.go = asyncio.Event()
        self.fails: Exception | None = None

    @override
    @asynccontextmanager
    async def unit(
        self, workspace_id: UUID, *, actor: Actor = SYSTEM_ACTOR, request_id: str | None = None
    ) -> AsyncIterator[UnitOfWork]:
        self.units.append(workspace_id)
        await self.go.wait()
        if self.fails is not None:
            raise self.fails
        async with super().unit(workspace_id, actor=actor, request_id=request_id) as uow:
            yield uow


class Woken:
    def __init__(self) -> None:
        self.queues: list[str] = []

    async def __call__(self, queues: Collection[str]) -> None:
        self.queues.extend(queues)


@pytest.fixture
def watched(database: Database) -> WatchedDatabase:
    return WatchedDatabase(database)


@pytest.fixture
async def source(database: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(database, workspace.id)


def door_of(source: RegisteredSource) -> SourceDoor:
    return SourceDoor(source.workspace_id, UUID(str(source.id)), None, ())


def from_(source: RegisteredSource, *documents: object) -> list[Incoming]:
    return [incoming(source.id, each) for each in documents]


async def settle() -> None:
    """Let every task go as far as it can without the database."""
    for _ in range(10):
        await asyncio.sleep(0)


async def accepted_together(
    group: GroupCommit, watched: WatchedDatabase, source: RegisteredSource, sent: list[Incoming]
) -> list[Receipt | BaseException]:
    """The first goes alone; all others wait behind it until the database may go on."""
    tasks = [asyncio.create_task(group.accept(door_of(source), sent[0]))]
    await settle()
    tasks += [asyncio.create_task(group.accept(door_of(source), each)) for each in sent[1:]]
    await settle()
    watched.go.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_comes_while_a_group_is_written_shares_the_next_commit(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    woken = Woken()
    group = GroupCommit(watched, woken, groups_at_once=1)
    receipts = await accepted_together(
        group, watched, source, from_(source, *(comment(f"e{n}") for n in range(50)))
    )
    assert len(watched.units) == 2
    assert all(isinstance(each, Receipt) and each.accepted == 1 for each in receipts)
    async with watched.read(source.workspace_id) as uow:
        listed = await intake.list_deliveries(uow, newest(99))
    assert {each.id for each in listed} == {
        each.delivery_id for each in receipts if isinstance(each, Receipt)
    }
    await group.close()
    assert woken.queues == ["intake", "intake"]


async def test_the_same_delivery_twice_in_one_group_is_stored_once(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    (one,) = from_(source, comment("e1"))
    group = GroupCommit(watched, Woken(), groups_at_once=1)
    other, first, again = await accepted_together(
        group, watched, source, [*from_(source, comment("e0")), one, one]
    )
    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert isinstance(other, Receipt)
    assert (first.delivery_id, first.fresh) == (again.delivery_id, True)
    assert not again.fresh


async def test_a_delivery_the_database_refuses_fails_alone(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    good = from_(source, *(comment(f"e{n}") for n in range(5)))
    # No text of Postgres holds a NUL: the whole statement it is part of is refused.
    bad = replace(incoming(source.id, comment("bad")), webhook_id="bad\x00id")
    group = GroupCommit(watched, Woken(), groups_at_once=1)
    *stored, refused = await accepted_together(group, watched, source, [*good, bad])
    assert isinstance(refused, Exception)
    assert not isinstance(refused, UnavailableError)
    assert all(isinstance(each, Receipt) for each in stored)


async def test_a_sender_who_hangs_up_takes_nobody_along(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    group = GroupCommit(watched, Woken(), groups_at_once=1)
    tasks = [
        asyncio.create_task(group.accept(door_of(source), each))
        for each in from_(source, *(comment(f"e{n}") for n in range(4)))
    ]
    await settle()
    tasks[0].cancel()
    tasks[2].cancel()
    watched.go.set()
    first, second, third, fourth = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert isinstance(third, asyncio.CancelledError)
    assert isinstance(second, Receipt)
    assert isinstance(fourth, Receipt)
    # What was taken in is written even so: the sender's retry will find it.
    async with watched.system() as uow:
        assert (await uow.execute("SELECT count(*) FROM deliveries")).scalar_one() == 4


async def test_more_than_may_wait_are_told_to_come_back(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    group = GroupCommit(watched, Woken(), groups_at_once=1, max_waiting=3)
    sent = from_(source, *(comment(f"e{n}") for n in range(4)))
    tasks = [asyncio.create_task(group.accept(door_of(source), sent[0]))]
    await settle()
    tasks += [asyncio.create_task(group.accept(door_of(source), each)) for each in sent[1:]]
    await settle()
    with pytest.raises(UnavailableError) as refused:
        await group.accept(door_of(source), incoming(source.id, comment("late")))
    assert refused.value.retry_after
    watched.go.set()
    assert all(isinstance(each, Receipt) for each in await asyncio.gather(*tasks))
    # There is room again.
    assert (await group.accept(door_of(source), incoming(source.id, comment("later")))).fresh


async def test_an_outage_is_told_to_everybody_in_the_group(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    watched.fails = UnavailableError()
    group = GroupCommit(watched, Woken(), groups_at_once=1)
    answers = await accepted_together(
        group, watched, source, from_(source, *(comment(f"e{n}") for n in range(5)))
    )
    assert all(isinstance(each, UnavailableError) for each in answers)
    # One group each for the first and for those behind it: an outage is not tried one by one.
    assert len(watched.units) == 2
    watched.fails = None
    assert (await group.accept(door_of(source), incoming(source.id, comment("after")))).fresh


async def test_a_busy_workspace_delays_another_by_one_group(
    database: Database, watched: WatchedDatabase, source: RegisteredSource
) -> None:
    quiet = await workspaces.create_workspace(database, "Quiet brand", slug="quiet-brand")
    other = await make_source(database, quiet.id)
    group = GroupCommit(watched, Woken(), groups_at_once=1)
    crowd = [
        asyncio.create_task(group.accept(door_of(source), each))
        for each in from_(source, *(comment(f"e{n}") for n in range(700)))
    ]
    await settle()
    single = asyncio.create_task(group.accept(door_of(other), incoming(other.id, comment("q"))))
    await settle()
    watched.go.set()
    await asyncio.gather(*crowd, single)
    assert watched.units.index(quiet.id) == 2
    assert watched.units.count(source.workspace_id) > 3


async def test_a_wake_that_fails_costs_nobody_the_answer(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    async def broken(queues: Collection[str]) -> None:
        raise ConnectionError

    watched.go.set()
    group = GroupCommit(watched, broken)
    assert (await group.accept(door_of(source), incoming(source.id, comment()))).fresh
    await group.close()


async def test_a_database_that_says_nothing_is_answered_for_in_time(
    watched: WatchedDatabase, source: RegisteredSource
) -> None:
    group = GroupCommit(watched, Woken(), max_seconds=0.05)
    late = incoming(source.id, comment("late"))
    with pytest.raises(UnavailableError):
        await group.accept(door_of(source), late)
    # What was taken in is written even so, and the sender's retry is told.
    watched.go.set()
    await group.close()
    group = GroupCommit(watched, Woken())
    assert not (await group.accept(door_of(source), late)).fresh
