"""A wake reaches the queue when Redis is there, and costs nothing when it is not."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from redis.asyncio import Redis

from services.core.gateways.wakeups import live
from services.core.gateways.wakeups.live import RedisWakeups
from services.core.gateways.wakeups.port import WAKE_JOB, WAKE_QUEUE
from tests.support.servers import ServerAddress


@pytest.fixture
async def redis(valkey_server: ServerAddress) -> AsyncIterator[Redis]:
    client = Redis.from_url(valkey_server.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def wakeups(valkey_server: ServerAddress, redis: Redis) -> AsyncIterator[RedisWakeups]:
    gateway = RedisWakeups(valkey_server.url, timeout_seconds=5)
    yield gateway
    await gateway.close()


async def jobs(redis: Redis) -> list[list[str]]:
    ids = await redis.zrange(WAKE_QUEUE, 0, -1)
    found = [orjson.loads(await redis.get(b"arq:job:" + id_)) for id_ in ids]
    assert {job["f"] for job in found} <= {WAKE_JOB}
    return [job["a"] for job in found]


async def wait_for(redis: Redis, count: int) -> list[list[str]]:
    async with asyncio.timeout(10):
        while len(found := await jobs(redis)) < count:
            continue
    return found


async def test_a_wake_is_a_job_that_names_its_queue_as_json(
    wakeups: RedisWakeups, redis: Redis
) -> None:
    await wakeups.wake(["intake"])
    assert await jobs(redis) == [["intake"]]
    (key,) = await redis.keys("arq:job:*")
    assert 0 < await redis.pttl(key) <= live.EXPIRES_SECONDS * 1000


async def test_many_wakes_of_one_queue_travel_as_one_now_and_one_later(
    wakeups: RedisWakeups, redis: Redis
) -> None:
    for _ in range(50):
        await wakeups.wake(["intake", "stream"])
    assert sorted(await jobs(redis)) == [["intake"], ["stream"]]
    # The last wake of a burst is not swallowed: somebody may have gone to sleep before it.
    later = await wait_for(redis, 4)
    assert sorted(later) == [["intake"], ["intake"], ["stream"], ["stream"]]


async def test_nothing_is_piled_up_when_nobody_fetches(wakeups: RedisWakeups, redis: Redis) -> None:
    await redis.zadd(WAKE_QUEUE, {f"job-{number}": number for number in range(live.ENOUGH_WAITING)})
    await wakeups.wake(["intake"])
    assert await redis.zcard(WAKE_QUEUE) == live.ENOUGH_WAITING


async def test_without_redis_a_wake_is_lost_silently_and_not_tried_again_at_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nowhere = tmp_path_factory.mktemp("redis") / "none.sock"
    gateway = RedisWakeups(f"unix://{nowhere}", breaker_seconds=60)
    await gateway.wake(["intake"])
    assert gateway.is_paused
    assert not await gateway.answers()
    await gateway.wake(["stream"])
    await gateway.close()


async def test_a_redis_that_accepts_and_never_answers_is_given_up_on() -> None:
    connected = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway = RedisWakeups(f"redis://127.0.0.1:{port}", timeout_seconds=0.05, breaker_seconds=60)
    await gateway.wake(["intake"])
    assert connected.is_set()
    assert gateway.is_paused
    await gateway.close()
    server.close()
    await server.wait_closed()


async def test_after_the_pause_wakes_go_out_again(
    valkey_server: ServerAddress, redis: Redis
) -> None:
    gateway = RedisWakeups(valkey_server.url, timeout_seconds=5, breaker_seconds=0)
    gateway.pause()
    await gateway.wake(["intake"])
    assert await jobs(redis) == [["intake"]]
    await gateway.close()
