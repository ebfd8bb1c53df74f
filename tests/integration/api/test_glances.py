"""The summary of a large workspace is shown at once, and made anew behind it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from services.api.glances import FRESH_SECONDS, STALE_SECONDS, Glances
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support import rows as make


@dataclass
class Ticking:
    """A clock that goes on when it is told to."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Desk:
    database: Database
    workspace: Workspace
    glances: Glances
    now: Ticking

    async def look(self, zone: str = "UTC") -> int:
        async with self.database.read(self.workspace.id) as uow:
            return (await self.glances.look(uow, zone)).open["total"]

    async def add_case(self) -> None:
        async with self.database.unit(self.workspace.id) as uow:
            source = await make.add_source(uow)
            await make.add_case(uow, source.id)


@pytest.fixture
async def desk(database: Database, workspace: Workspace) -> AsyncIterator[Desk]:
    now = Ticking()
    glances = Glances(database, large=2, now=now)
    yield Desk(database, workspace, glances, now)
    await glances.close()


async def test_a_small_workspace_is_counted_anew_each_time(desk: Desk) -> None:
    assert await desk.look() == 0
    await desk.add_case()
    assert await desk.look() == 1
    await desk.add_case()
    assert await desk.look() == 2


async def test_a_large_one_is_shown_its_last_count_at_once(desk: Desk) -> None:
    await desk.add_case()
    await desk.add_case()
    assert await desk.look() == 2
    await desk.add_case()
    assert await desk.look() == 2


async def test_the_next_count_is_made_behind_what_is_shown(desk: Desk) -> None:
    await desk.add_case()
    await desk.add_case()
    await desk.look()
    await desk.add_case()
    desk.now.at += FRESH_SECONDS + 1
    assert await desk.look() == 2
    await asyncio.gather(*desk.glances.counting)
    assert await desk.look() == 3


async def test_what_nobody_looked_at_for_long_is_not_shown(desk: Desk) -> None:
    await desk.add_case()
    await desk.add_case()
    await desk.look()
    await desk.add_case()
    desk.now.at += STALE_SECONDS + 1
    assert await desk.look() == 3


async def test_each_time_zone_has_its_own_count(desk: Desk) -> None:
    await desk.add_case()
    await desk.add_case()
    await desk.look()
    await desk.add_case()
    assert (await desk.look("Asia/Shanghai"), await desk.look()) == (3, 2)


async def test_a_workspace_never_sees_anothers_count(desk: Desk) -> None:
    other = await workspaces.create_workspace(desk.database, "Other", slug="other")
    await desk.add_case()
    await desk.add_case()
    await desk.look()
    async with desk.database.read(other.id) as uow:
        assert (await desk.glances.look(uow, "UTC")).open["total"] == 0
