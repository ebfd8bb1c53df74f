"""arq, walled in: it carries wakes, may die whenever Redis does, and is started again.

An arq worker ends when Redis blips, deletes jobs that fail, and blocks the id of a killed one;
none of that matters here, because a wake says only "look now" and Postgres knows the rest.
"""

import asyncio
from typing import Any

import orjson
import structlog
from arq.worker import Worker, func
from redis.exceptions import RedisError

from services.core.gateways.wakeups.live import connect_redis
from services.core.gateways.wakeups.port import WAKE_JOB, WAKE_QUEUE
from services.worker.runtime import Stage

log = structlog.get_logger(__name__)

# arq looks into Redis this often; a wake is at most this late.
POLL_SECONDS = 0.05
# A killed worker's job stays blocked for the longest timeout and 10 s more: short for all.
JOB_TIMEOUT_SECONDS = 30
# A Redis that takes connections and never answers is one that is away.
ANSWER_SECONDS = 5.0
RESTART_SECONDS = (0.5, 1.0, 2.0, 5.0)


async def supervise(url: str, stages: dict[str, Stage], stop: asyncio.Event) -> None:
    """Run arq until told to stop, starting it again whenever it ends."""
    failures = 0
    while not stop.is_set():
        pool = connect_redis(url, ANSWER_SECONDS)
        worker = _build(pool, stages)
        try:
            await _run_until(worker, stop)
            failures = 0
        except (Exception, SystemExit) as error:  # noqa: BLE001 - arq raises whatever Redis does
            log.warning("arq.ended", error=type(error).__name__)
        finally:
            await _close(worker, pool)
        pause = RESTART_SECONDS[min(failures, len(RESTART_SECONDS) - 1)]
        failures += 1
        await _wait(stop, pause)


def _build(pool: Any, stages: dict[str, Stage]) -> Worker:
    async def wake(_context: dict[Any, Any], queue: str) -> None:
        # Only a call: a long drain inside the job would be cut off by the job's timeout, and
        # what it had claimed would wait for its lease.
        stage = stages.get(queue)
        if stage is not None:
            stage.call()

    # arq's own type of a coroutine wants its context's keys to be strings or anything at once.
    jobs: Any = wake
    return Worker(
        [func(jobs, name=WAKE_JOB)],
        queue_name=WAKE_QUEUE,
        redis_pool=pool,
        handle_signals=False,
        keep_result=0,
        max_tries=1,
        max_jobs=20,
        job_timeout=JOB_TIMEOUT_SECONDS,
        poll_delay=POLL_SECONDS,
        health_check_interval=15,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
        log_results=False,
    )


async def _run_until(worker: Worker, stop: asyncio.Event) -> None:
    running = asyncio.create_task(worker.main())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)


async def _close(worker: Worker, pool: Any) -> None:
    """Leave nothing behind. arq's own close talks to Redis first, and leaks when that is away."""
    for task in worker.tasks.values():
        task.cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await pool.aclose(close_connection_pool=True)
    except (RedisError, OSError, TimeoutError) as error:
        log.info("arq.closed_badly", error=type(error).__name__)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
