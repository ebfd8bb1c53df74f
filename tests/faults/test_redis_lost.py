"""Redis is emptied, stopped, silent, or not there at first: it carries wakes, nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.core.gateways.wakeups.port import WAKE_QUEUE
from tests.faults.oracle.arena import Arena, scaled
from tests.faults.oracle.proxy import FaultProxy
from tests.support.brands import Brand, said
from tests.support.processes import Running, Site
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
HEALTH_KEY = f"{WAKE_QUEUE}:health-check"
# Far more than a process grows by working; a task for each wake that was never answered is more.
MEGABYTES_OF_GROWTH = 50


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
    site: Site, arena: Arena, valkey_server: ServerAddress
) -> None:
    """F03, M4: FLUSHALL fifty times a second, under an open loop, with two workers.

    Wakes vanish, and arq's own keys of jobs that are running. All of it says only "look now";
    the workers look anyway, and the entries never were in Redis.
    """
    site.redis_url = valkey_server.url
    await asyncio.gather(site.start_api(), site.start_worker(), site.start_worker())
    async with flushing(valkey_server.url) as found:
        await arena.generator(seconds=scaled(4), rate=50).run()
        judged = await arena.finish(flushes=len(found))
    assert any(found), "Redis was empty each time: nothing was taken away"
    assert set(judged.figures["answers"]) == {"202"}


async def test_a_redis_that_stops_and_comes_back_empty_costs_no_answer(
    site: Site, arena: Arena, valkey_server: ServerAddress
) -> None:
    """F04, M5: Redis goes away under load, is away, and is there again with nothing in it.

    Nobody is refused meanwhile, and the arq loop comes back by itself.
    """
    async with redis_wire(valkey_server.url, FaultProxy) as (wire, site.redis_url):
        await asyncio.gather(site.start_api(), site.start_worker())
        generator = arena.generator(seconds=scaled(6), rate=40)
        sending = asyncio.create_task(generator.run())
        async with Redis.from_url(valkey_server.url) as redis:
            await wait_until(lambda: redis.exists(HEALTH_KEY), what="arq is up")
            await wire.set("refuse")
            await asyncio.sleep(scaled(3))
            await redis.flushall()
            await wire.set("pass")
            await wait_until(lambda: redis.exists(HEALTH_KEY), what="arq is up again")
        await sending
        judged = await arena.finish(wires_broken=wire.resets)
    assert wire.resets > 0
    assert set(judged.figures["answers"]) == {"202"}


async def test_a_redis_that_takes_calls_and_never_answers_costs_no_answer(
    site: Site, arena: Arena, valkey_server: ServerAddress
) -> None:
    """F05: the blackhole. The breaker passes it by, and nothing piles up behind it."""
    async with redis_wire(valkey_server.url, FaultProxy) as (wire, site.redis_url):
        api, _ = await asyncio.gather(site.start_api(), site.start_worker())
        await arena.generator_of(arena.planned(seconds=1, rate=40, seed=1)).run()
        before = megabytes_of(api)
        await wire.set("blackhole")
        await arena.generator(seconds=scaled(5), rate=40).run()
        grown = megabytes_of(api) - before
        judged = await arena.finish(api_grew_mb=round(grown, 1))
        assert wire.fault.kind == "blackhole"
    assert set(judged.figures["answers"]) == {"202"}
    assert grown < MEGABYTES_OF_GROWTH


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
        readiness = await site.readiness("degraded")
        assert readiness["checks"]["redis"]["state"] == "degraded"

        async with Redis.from_url(valkey_server.url) as redis:
            # Nobody else's sign of life may stand for ours.
            await redis.flushall()
            await wire.mend()
            await wait_until(lambda: redis.exists(HEALTH_KEY), what="arq is up")
        await site.readiness("ready")
        await brand.deliver(said("c2"))
        await finish(site, brand)


def megabytes_of(running: Running) -> float:
    """What a process holds in memory, without what it shares with files."""
    lines = Path(f"/proc/{running.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024
