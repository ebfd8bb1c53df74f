"""A workspace's own numbers from the command line."""

import asyncio

from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline


async def test_a_workspace_is_guarded_from_storms_and_has_the_usual_guard_back(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    async def change(*words: str) -> tuple[int, int | None]:
        done = await asyncio.to_thread(
            warmline,
            "workspaces",
            "change",
            workspace.slug,
            *words,
            WARMLINE__DATABASE__URL=database_url,
        )
        async with database.read(workspace.id) as uow:
            return done.returncode, (await workspaces.get_workspace(uow)).storm_per_minute

    assert await change("--storm-per-minute", "30") == (0, 30)
    assert await change("--storm-per-minute", "6001") == (2, 30)
    assert await change() == (2, 30)
    assert await change("--storm-per-minute", "0") == (0, None)
