"""The worker process: a stage for every job, arq beside them, a heartbeat, a clean end."""

import asyncio
import os
import platform
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import structlog

from services.core.desk import processing
from services.core.gateways.channels.wiring import open_gateways
from services.core.gateways.traces.wiring import open_traces
from services.core.health import service as health
from services.core.health.types import ProcessInfo
from services.core.kit import heap, ids
from services.core.kit import log as logs
from services.core.kit.clock import host_now
from services.core.kit.db import ConnectionLimits, create_engine
from services.core.kit.errors import UnavailableError
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database
from services.core.sandbox.clock import clock_for
from services.core.settings import Settings
from services.core.triage.engine import load_classifier
from services.core.triage.types import Classifier
from services.worker import jobs
from services.worker.arq_loop import supervise
from services.worker.auditing import audit
from services.worker.runtime import Context, Stage, build_stages, report
from services.worker.watchdog import LIMIT_SECONDS, watched

log = structlog.get_logger(__name__)

# After a signal, passes under way may finish; what is cut off then is handed back.
GRACE_SECONDS = 8.0
HAND_BACK_SECONDS = 1.5


async def run(
    settings: Settings,
    *,
    stop: asyncio.Event | None = None,
    classifier: Classifier | None = None,
    stall_seconds: float = LIMIT_SECONDS,
) -> None:
    """Work until `stop` is set, or SIGTERM or SIGINT when none is given.

    A loop that stands still ends the process (`watchdog.py`): whoever runs workers starts them
    again. `classifier` is the product's own unless another is given.
    """
    assert jobs.__all__  # noqa: S101 - importing the package is what registers the jobs
    logs.configure(level=settings.log.level, json_lines=settings.log.json_lines)
    end_traces = open_traces(settings.traces, "warmline-worker")
    stopping = stop or _stop_on_signals()
    async with _open_context(settings, classifier) as opened, watched(stall_seconds):
        context = replace(opened, stopping=stopping)
        stages = build_stages(context)
        tasks = [asyncio.create_task(stage.run_forever(stopping)) for stage in stages.values()]
        said = asyncio.Event()
        tasks.append(asyncio.create_task(_beat(context.database, stages, stopping, said)))
        if settings.audit.enabled:
            tasks.append(asyncio.create_task(audit(settings, stopping, after=said)))
        if settings.redis.url is not None:
            url = settings.redis.url.get_secret_value()
            tasks.append(asyncio.create_task(supervise(url, stages, stopping)))
        heap.settle()
        log.info("worker.started", jobs=len(stages))
        await stopping.wait()
        _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _hand_back(context.database)
    await asyncio.to_thread(end_traces)
    log.info("worker.stopped", late=len(late))


def open_context(settings: Settings) -> AbstractAsyncContextManager[Context]:
    """The database, the channels and the classifier, closed again at the end."""
    return _open_context(settings, None)


@asynccontextmanager
async def _open_context(
    settings: Settings, classifier: Classifier | None
) -> AsyncIterator[Context]:
    if settings.database.url is None:
        message = "The worker needs WARMLINE__DATABASE__URL, or `warmline up` to start a database."
        raise SystemExit(message)
    limits = ConnectionLimits(
        statement_timeout_ms=settings.database.worker_statement_timeout_ms,
        lock_timeout_ms=settings.database.worker_lock_timeout_ms,
        idle_in_transaction_timeout_ms=settings.database.idle_in_transaction_timeout_ms,
    )
    engine = create_engine(
        settings.database.url.get_secret_value(),
        limits=limits,
        pool_size=settings.database.pool_size,
        acquire_timeout=settings.database.acquire_timeout_seconds,
        application_name="warmline-worker",
    )
    database = Database(engine, clock_for(sandboxes=settings.sandbox.enabled))
    channels = open_gateways(
        allow_private_addresses=settings.alerts.allow_private_addresses,
        timeout_seconds=settings.alerts.timeout_seconds,
        base_url=settings.alerts.public_url or "",
    )
    async with channels as gateways:
        try:
            yield Context(database, settings, classifier or load_classifier(), gateways)
        finally:
            await database.close()


async def _beat(
    database: Database, stages: dict[str, Stage], stop: asyncio.Event, said: asyncio.Event
) -> None:
    """Say every few seconds that this process lives and what it did; `said` is set at the first."""
    me = ids.new_id()
    started = host_now()
    while not stop.is_set():
        words = {"stages": report(stages)} | FIGURES.report()
        process = ProcessInfo(me, health.WORKER, platform.node(), os.getpid(), started, words)
        try:
            await health.beat(database, process)
            said.set()
        except UnavailableError:
            log.warning("heartbeat.failed")
        await _wait(stop, health.BEAT_SECONDS)
    try:
        await health.farewell(database, process)
    except UnavailableError:
        log.warning("farewell.failed")


async def _hand_back(database: Database) -> None:
    """Give back what was claimed and not done; failing that, the leases run out."""
    try:
        async with asyncio.timeout(HAND_BACK_SECONDS):
            await processing.give_back(database)
    except (UnavailableError, TimeoutError):
        log.warning("handing_back.failed")


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
