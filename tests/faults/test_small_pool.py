"""F22: a pool of five, two hundred requests, a slow query: refused in words, and never stuck."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import httpx
import pytest
from sqlalchemy.pool import QueuePool

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.settings import Settings
from tests.support.client import client_of
from tests.support.db import run_sql
from tests.support.waiting import wait_until
from tests.support.worlds import World, make_world

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
POOL, REQUESTS = 5, 200
SLOW_SECONDS = 2.0 if LONG else 0.5
# As in production for the long run; sooner here, that as many come too late.
ACQUIRE_SECONDS = 2.0 if LONG else 0.5
# Whoever reads a case waits: slow by what Postgres does, not by a lock.
SLOW = f"""
CREATE POLICY slow ON cases AS RESTRICTIVE FOR SELECT TO PUBLIC
USING ((SELECT pg_sleep({SLOW_SECONDS})) IS NOT NULL)
"""
QUICK = "DROP POLICY slow ON cases"


@asynccontextmanager
async def slow_cases(url: str) -> AsyncIterator[None]:
    await run_sql(url, SLOW)
    try:
        yield
    finally:
        await run_sql(url, QUICK)


@asynccontextmanager
async def crowded(url: str, world: World) -> AsyncIterator[tuple[httpx.AsyncClient, QueuePool]]:
    engine = create_engine(url, pool_size=POOL, acquire_timeout=ACQUIRE_SECONDS)
    database = Database(engine)
    app = create_app(Settings(), database=database, wakeups=RecordedWakeups())
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    async with client_of(app, world.key) as http:
        yield http, pool
    await app.state.warmline.deliveries.close()
    await database.close()


async def test_who_comes_too_late_is_told_when_to_come_again(
    database: Database, database_url: str
) -> None:
    """M3 and D14: no deadlock, though each request asks the pool twice: for its key, its work."""
    world = await make_world(database, "World")
    async with crowded(database_url, world) as (http, pool):
        slowest: Counter[int] = Counter()

        async def ask() -> httpx.Response:
            begun = perf_counter()
            answer = await http.get("/v1/cases")
            took = round(1000 * (perf_counter() - begun))
            slowest[answer.status_code] = max(slowest[answer.status_code], took)
            return answer

        async with slow_cases(database_url):
            answers = await asyncio.gather(*[ask() for _ in range(REQUESTS)])
        counts = Counter(answer.status_code for answer in answers)
        print(f"{REQUESTS} over {POOL} connections: {dict(counts)}, slowest ms {dict(slowest)}")  # noqa: T201
        assert set(counts) == {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
        assert counts[httpx.codes.OK] >= POOL
        for refused in answers:
            if refused.status_code != httpx.codes.OK:
                assert int(refused.headers["retry-after"]) >= 1
                assert refused.json()["code"] == "unavailable"
        await wait_until(lambda: pool.checkedout() == 0, what="the pool is whole again")
        after = await asyncio.gather(*[ask() for _ in range(POOL)])
        assert {answer.status_code for answer in after} == {httpx.codes.OK}
