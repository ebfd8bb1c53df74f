"""Redis is emptied again and again, or is not there at first: it carries wakes, nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from services.core.gateways.wakeups.port import WAKE_QUEUE
from tests.support.brands import Brand, many, said
from tests.support.processes import Site
from tests.support.relays import redis_wire
from tests.support.servers import ServerAddress
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

FLUSH_SECONDS = 0.02
# The clockwork looks every five minutes: what happens sooner, a wake has done.
ASLEEP = {"WORKER__POLL_SECONDS": "300"}
# The API asks Redis again at once after a failure, and on a slow machine waits for it.
HOPEFUL = {"REDIS__BREAKER_SECONDS": "0.05", "REDIS__WAKE_TIMEOUT_MS": "5000"}


@asynccontextmanager
async def flushing(url: str) -> AsyncIterator[list[int]]:
    """Empty Redis all the time; yields how many keys were there each time."""
    found: list[int] = []

    async def flush_for_ever(redis: Redis) -> None:
        while True:
            found.append(await redis.dbsize())
            await redis.flushall()
            await asyncio.sleep(FLUSH_SECONDS)

    async with Redis.from_url(url) as redis:
        flushes = asyncio.create_task(flush_for_ever(redis))
        try:
            yield found
        finally:
            flushes.cancel()
            await asyncio.gather(flushes, return_exceptions=True)


async def finish(site: Site, brand: Brand) -> None:
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
    assert await verdict(site, brand.sent) == []


async def test_nothing_is_lost_or_doubled_while_redis_is_emptied_all_the_time(
    site: Site, brand: Brand, valkey_server: ServerAddress
) -> None:
    """M4: FLUSHALL fifty times a second, under traffic, with two workers.

    Wakes vanish, and arq's own keys of jobs that are running. All of it says only "look now";
    the workers look anyway, and the entries never were in Redis.
    """
    site.redis_url = valkey_server.url
    await asyncio.gather(site.start_api(), site.start_worker(), site.start_worker())
    events = many(600, each=4)
    async with flushing(valkey_server.url) as found:
        starts = iter(range(0, len(events), 4))

        async def send() -> None:
            for start in starts:
                await brand.deliver(*events[start : start + 4])

        await asyncio.gather(*[send() for _ in range(6)])
        await finish(site, brand)
    assert any(found), "Redis was empty each time: nothing was taken away"


async def test_redis_may_come_late(site: Site, brand: Brand, valkey_server: ServerAddress) -> None:
    """Redis is absent at the start: all works by the clock, degraded; later it is just there.

    The workers look every five minutes only. What was accepted before they started they find when
    they start; what is accepted once Redis is back reaches them at once, through the arq loop,
    which has come up by itself.
    """
    site.settings = ASLEEP | HOPEFUL
    async with redis_wire(valkey_server.url) as (wire, site.redis_url):
        await wire.cut()
        await site.start_api()
        await brand.deliver(said("c1"))
        await site.start_worker()
        await finish(site, brand)
        readiness = await site.readiness()
        assert readiness["status"] == readiness["checks"]["redis"]["state"] == "degraded"

        async with Redis.from_url(valkey_server.url) as redis:
            # Nobody else's sign of life may stand for ours.
            await redis.flushall()
            await wire.mend()
            await wait_until(lambda: redis.exists(f"{WAKE_QUEUE}:health-check"), what="arq is up")
        assert (await site.readiness())["status"] == "ready"
        await brand.deliver(said("c2"))
        await finish(site, brand)
