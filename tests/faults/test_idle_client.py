"""One client sits in a transaction and says nothing: it is ended, and the queue stays lean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import quantiles
from time import monotonic

import asyncpg
import pytest
from sqlalchemy import text

from services.core.intake import service as intake
from services.core.kit.db import ConnectionLimits, create_engine
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.backlog import fill_journal
from tests.support.db import connect
from tests.support.factories import make_source
from tests.support.sizes import sized, tell
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

ROWS = sized(20_000, 300_000)
BATCH = 200
CLAIMERS = 4
IDLE_MS = sized(1_500, 15_000)
NAME = "warmline-test-idle"
THERE = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{NAME}'"
# What VACUUM has to leave because somebody might still look at it.
DEAD = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'journal'"


@asynccontextmanager
async def idle_client(url: str, idle_ms: int) -> AsyncIterator[None]:
    """A client of the product's own kind, with a snapshot it never lets go. 0 is: for ever."""
    limits = ConnectionLimits(statement_timeout_ms=600_000, idle_in_transaction_timeout_ms=idle_ms)
    engine = create_engine(url, limits=limits, application_name=NAME)
    try:
        connection = await engine.connect()
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await connection.execute(text("SELECT 1"))
        yield
        await connection.invalidate()
        await connection.close()
    finally:
        await engine.dispose()


async def claim_and_complete(database: Database, workspace: Workspace, rows: int) -> list[float]:
    """Until so many entries are done; returns how many seconds each claim took."""
    seconds: list[float] = []
    left = rows

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= BATCH
            started = monotonic()
            claimed = await intake.claim_entries(database, limit=BATCH, lease_seconds=600)
            seconds.append(monotonic() - started)
            async with database.unit(workspace.id) as uow:
                done = await intake.complete_entries(uow, [entry.key for entry in claimed])
            assert len(done) == BATCH

    await asyncio.gather(*[work() for _ in range(CLAIMERS)])
    return seconds


async def dead_rows(rows: asyncpg.Connection) -> int:
    """Clean up as autovacuum does, and count what could not go."""
    await rows.execute("VACUUM journal")
    await rows.execute("SELECT pg_stat_clear_snapshot()")
    return int(await rows.fetchval(DEAD))


def milliseconds(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}


async def test_an_idle_transaction_is_ended_and_claims_go_on_all_the_time(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    """F23, M19: claims before, during and after; Postgres ends the client by itself."""
    source = await make_source(database, workspace.id)
    await fill_journal(database_url, workspace.id, source.id, ROWS)
    rows = await connect(database_url)
    try:
        async with idle_client(database_url, IDLE_MS):
            during = await claim_and_complete(database, workspace, ROWS // 2)

            async def ended() -> bool:
                return await rows.fetchval(THERE) == 0

            await wait_until(ended, what="the idle client is ended")
        kept = await dead_rows(rows)
        after = await claim_and_complete(database, workspace, ROWS // 2)
        left = await rows.fetchval("SELECT count(*) FROM journal WHERE state = 'pending'")
        assert (kept, left) == (0, 0)
    finally:
        await rows.close()
    tell("F23", rows=ROWS, claim_ms_during=milliseconds(during), claim_ms_after=milliseconds(after))


async def test_without_the_limit_the_dead_rows_stay(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    """The protection switched off: who may idle for ever keeps every version there was."""
    source = await make_source(database, workspace.id)
    await fill_journal(database_url, workspace.id, source.id, 2_000)
    rows = await connect(database_url)
    try:
        async with idle_client(database_url, 0):
            await claim_and_complete(database, workspace, 2_000)
            # Claimed and completed: two versions of each that nobody needs.
            assert await dead_rows(rows) >= 4_000
        assert await dead_rows(rows) == 0
    finally:
        await rows.close()
