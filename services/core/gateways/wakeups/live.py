"""Wakes workers through Redis, and gives up at once when Redis does not answer.

Whatever happens here, work is found by the next look at Postgres: so a wake has 50 ms, a failure
switches the sending off for a few seconds, and many wakes of one queue travel as one.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson
import structlog
from arq.connections import ArqRedis
from arq.connections import RedisSettings as ArqSettings
from redis.exceptions import RedisError
from typing_extensions import override

from services.core.gateways.wakeups.port import WAKE_JOB, WAKE_QUEUE, Wakeups
from services.core.kit import ids
from services.core.kit.clock import monotonic

log = structlog.get_logger(__name__)

# One wake a queue in this time: the first goes out at once, later ones together at its end.
WINDOW_SECONDS = 0.1
# A wake nobody fetched by then tells nothing that the workers' own look has not found.
EXPIRES_SECONDS = 60
# With so many waiting nobody is asleep, or nobody is there; more would only fill the memory.
ENOUGH_WAITING = 1_000


class RedisWakeups(Wakeups):
    """One a process. Connects when first needed, so Redis may be absent at the start."""

    def __init__(
        self, url: str, *, timeout_seconds: float = 0.05, breaker_seconds: float = 5.0
    ) -> None:
        self._redis = connect_redis(url, timeout_seconds)
        self._timeout = timeout_seconds
        self._breaker_seconds = breaker_seconds
        self._paused_until = 0.0
        self._window_ends: dict[str, float] = {}
        self._held_back: set[str] = set()
        self._late: asyncio.Task[None] | None = None

    @override
    async def wake(self, queues: Iterable[str]) -> None:
        now = monotonic()
        wanted = set(queues)
        due = {queue for queue in wanted if self._window_ends.get(queue, 0.0) <= now}
        if held_back := wanted - due:
            self._held_back |= held_back
            if self._late is None or self._late.done():
                self._late = asyncio.create_task(self._send_late())
        await self._send(due)

    @override
    async def answers(self) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    @override
    async def close(self) -> None:
        if self._late is not None:
            self._late.cancel()
            await asyncio.gather(self._late, return_exceptions=True)
        await self._redis.aclose(close_connection_pool=True)

    @property
    def is_paused(self) -> bool:
        """True for `breaker_seconds` after a failure: nothing is sent and nobody waits."""
        return monotonic() < self._paused_until

    def pause(self) -> None:
        self._paused_until = monotonic() + self._breaker_seconds

    async def _send_late(self) -> None:
        # Again while something was held back during the sending: nobody else would send it.
        while self._held_back:
            await asyncio.sleep(WINDOW_SECONDS)
            queues, self._held_back = self._held_back, set()
            await self._send(queues)

    async def _send(self, queues: set[str]) -> None:
        now = monotonic()
        if not queues or self.is_paused:
            return
        for queue in queues:
            self._window_ends[queue] = now + WINDOW_SECONDS
        try:
            async with asyncio.timeout(self._timeout):
                await self._enqueue(queues)
        except (RedisError, OSError, TimeoutError) as error:
            self.pause()
            log.warning(
                "wakeups.failed", error=type(error).__name__, pause_seconds=self._breaker_seconds
            )

    async def _enqueue(self, queues: set[str]) -> None:
        if await self._redis.zcard(WAKE_QUEUE) >= ENOUGH_WAITING:
            return
        for queue in sorted(queues):
            # A fixed id would be refused while an earlier wake runs: the lost-wake trap of arq.
            await self._redis.enqueue_job(
                WAKE_JOB,
                queue,
                _job_id=ids.new_id().hex,
                _queue_name=WAKE_QUEUE,
                _expires=EXPIRES_SECONDS,
            )


def connect_redis(url: str, timeout_seconds: float) -> Any:
    """A pool that connects when first used and gives up on any answer after the timeout.

    Close it with `aclose(close_connection_pool=True)`. Both ends of a wake use it, so that they
    agree on the serializer.
    """
    settings = ArqSettings.from_dsn(url)
    return ArqRedis(
        host=settings.host,
        port=settings.port,
        unix_socket_path=settings.unix_socket_path,
        db=settings.database,
        username=settings.username,
        password=settings.password,
        ssl=settings.ssl,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry_on_timeout=False,
        # The default serializer is pickle: whoever can write to Redis could run code.
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
        encoding="utf8",
    )
