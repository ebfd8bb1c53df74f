"""Connections of the pool: nobody is handed a dead one."""

import asyncio

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.db import connect

PID = "SELECT pg_backend_pid()"


async def test_a_connection_postgres_hung_up_on_is_not_handed_out_again(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    other = await connect(database_url)
    async with database.unit(workspace.id) as uow:
        before = (await uow.execute(PID)).scalar_one()
        raw = (await uow.connection.get_raw_connection()).driver_connection
    assert raw is not None
    ended = asyncio.Event()
    raw.add_termination_listener(lambda _: ended.set())
    await other.execute(f"SELECT pg_terminate_backend({before})")
    async with asyncio.timeout(30):
        await ended.wait()
    for _ in range(12):
        async with database.unit(workspace.id) as uow:
            assert (await uow.execute(PID)).scalar_one() != before
    await other.close()
