"""F22: a pool of five, two hundred requests, a slow query: refused in words, and never stuck."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from uuid import UUID

import httpx
import pytest
from sqlalchemy.pool import QueuePool
from typing_extensions import override

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.db import create_engine
from services.core.kit.uow import Database, UnitOfWork
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
# For those whose protection is taken away: no bound, and fewer of them to wait for.
FOR_EVER, SOME = 3600.0, 40
# Two hundred who are not in each other's way are answered in a third of it.
NOTICED_SECONDS = 3.0


@asynccontextmanager
async def slow_cases(url: str) -> AsyncIterator[None]:
    await run_sql(url, SLOW)
    try:
        yield
    finally:
        await run_sql(url, QUICK)


class Crowd:
    """Many who ask for the cases at once, and how they were answered so far."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.answers: list[httpx.Response] = []
        self.slowest_ms: Counter[int] = Counter()

    @property
    def counts(self) -> Counter[int]:
        return Counter(answer.status_code for answer in self.answers)

    async def ask(self) -> None:
        begun = perf_counter()
        answer = await self._http.get("/v1/cases")
        took = round(1000 * (perf_counter() - begun))
        self.slowest_ms[answer.status_code] = max(self.slowest_ms[answer.status_code], took)
        self.answers.append(answer)

    async def come(self, many: int) -> None:
        await asyncio.gather(*[self.ask() for _ in range(many)])

    def look(self) -> None:
        """Some had their answer, and all the others were told when to come again."""
        assert set(self.counts) == {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
        assert self.counts[httpx.codes.OK] >= POOL
        for answer in self.answers:
            if answer.status_code != httpx.codes.OK:
                assert int(answer.headers["retry-after"]) >= 1
                assert answer.json()["code"] == "unavailable"


@asynccontextmanager
async def crowded(
    url: str,
    world: World,
    *,
    kind: type[Database] = Database,
    acquire_seconds: float = ACQUIRE_SECONDS,
) -> AsyncIterator[tuple[httpx.AsyncClient, QueuePool]]:
    engine = create_engine(url, pool_size=POOL, acquire_timeout=acquire_seconds)
    database = kind(engine)
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
        crowd = Crowd(http)
        async with slow_cases(database_url):
            await crowd.come(REQUESTS)
        figures = f"{dict(crowd.counts)}, slowest ms {dict(crowd.slowest_ms)}"
        print(f"{REQUESTS} over {POOL} connections: {figures}")  # noqa: T201
        crowd.look()
        await wait_until(lambda: pool.checkedout() == 0, what="the pool is whole again")
        after = Crowd(http)
        await after.come(POOL)
        assert set(after.counts) == {httpx.codes.OK}


async def test_without_a_bound_on_waiting_nobody_is_told_anything(
    database: Database, database_url: str
) -> None:
    """The protection switched off: whoever comes late waits for its turn, however long."""
    world = await make_world(database, "World")
    async with crowded(database_url, world, acquire_seconds=FOR_EVER) as (http, _):
        crowd = Crowd(http)
        async with slow_cases(database_url):
            await crowd.come(SOME)
        assert crowd.counts == {httpx.codes.OK: SOME}
        with pytest.raises(AssertionError):
            crowd.look()


class Greedy(Database):
    """A mistake on purpose: whoever reads keeps one connection and asks for another."""

    @override
    @asynccontextmanager
    async def read(self, workspace_id: UUID) -> AsyncIterator[UnitOfWork]:
        async with super().system(), super().read(workspace_id) as uow:
            yield uow


async def test_who_keeps_one_connection_and_asks_for_another_is_never_answered(
    database: Database, database_url: str
) -> None:
    """The protection switched off: all five are held by those who wait for a sixth."""
    world = await make_world(database, "World")
    async with crowded(database_url, world, kind=Greedy, acquire_seconds=FOR_EVER) as (http, pool):
        crowd = Crowd(http)
        coming = asyncio.create_task(crowd.come(REQUESTS))
        await wait_until(lambda: pool.checkedout() == POOL, what="the pool is empty")
        # Whoever had both before the rest came is answered; all the others wait for each other.
        with pytest.raises(AssertionError):
            await wait_until(
                lambda: len(crowd.answers) == REQUESTS, NOTICED_SECONDS, what="all are answered"
            )
        assert pool.checkedout() == POOL
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
