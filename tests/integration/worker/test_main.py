"""The worker as a process runs it: with Redis, without it, with one that comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.cli.embedded.valkey import start_valkey
from services.core.gateways.wakeups.live import RedisWakeups
from services.core.settings import DatabaseSettings, RedisSettings, Settings, WorkerSettings
from services.worker.main import run
from tests.support.line import Line, comment
from tests.support.servers import ServerAddress

# Far longer than a test: whatever happens sooner was called, not polled.
NEVER = 3600.0


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(run(settings, stop=stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


def settings_for(url: str, redis: str | None, *, poll: float) -> Settings:
    return Settings(
        database=DatabaseSettings(url=SecretStr(url)),
        redis=RedisSettings(url=SecretStr(redis) if redis else None, wake_timeout_ms=500),
        worker=WorkerSettings(poll_seconds=poll),
    )


async def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition lives in the database
            await asyncio.sleep(0.02)


async def count(line: Line, table: str) -> int:
    row = await line.row(f"SELECT count(*) AS n FROM {table}")
    return int(row.n)


async def processes(line: Line) -> int:
    return await count(line, "processes WHERE kind = 'worker'")


async def test_without_redis_the_clockwork_does_the_work(line: Line, database_url: str) -> None:
    async with worker(settings_for(database_url, None, poll=0.05)):
        await line.deliver(comment("c1"))
        await until(lambda: count(line, "cases"))
        await until(lambda: count(line, "stream_heads"))
    assert await processes(line) == 0, "it said goodbye"


async def test_a_wake_through_redis_is_heard_before_the_next_look(
    line: Line, database_url: str, valkey_server: ServerAddress
) -> None:
    async with worker(settings_for(database_url, valkey_server.url, poll=NEVER)):
        await until(lambda: processes(line))
        await line.deliver(comment("c1"))
        wakeups = RedisWakeups(valkey_server.url, timeout_seconds=2)
        try:
            await wakeups.wake(["intake", "no-such-queue"])
            await until(lambda: count(line, "cases"))
        finally:
            await wakeups.close()


async def test_arq_comes_back_with_redis(
    line: Line, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_valkey(tmp_path / "valkey")
    url = server.url
    async with worker(settings_for(database_url, url, poll=NEVER)):
        await until(lambda: processes(line))
        server.stop()
        server = start_valkey(tmp_path / "valkey")
        assert server.url == url
        await line.deliver(comment("c1"))

        async def woken() -> int:
            wakeups = RedisWakeups(url, timeout_seconds=1)
            await wakeups.wake(["intake"])
            await wakeups.close()
            return await count(line, "cases")

        await until(woken, seconds=30)
    server.stop()
