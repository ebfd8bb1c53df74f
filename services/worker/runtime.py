"""What a job is, and the stage that runs it: on a wake, when something is due, or every second."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from services.core.gateways.channels.wiring import Gateways
from services.core.kit import failpoints, ids, tracing
from services.core.kit.clock import monotonic
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from services.core.settings import Settings
from services.core.triage.types import Classifier

log = structlog.get_logger(__name__)

# Postgres away, or a bug: the stage tries again, a little later each time.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
JITTER = 0.1
# How long work may wait for other work to be done with, where many small pieces come in a row.
GATHERING = 0.05


@dataclass(frozen=True, slots=True)
class Context:
    """What jobs work with; one a process, but for `called`.

    Once `stopping` is set, no job begins anything new. `called` is the job's own: set when somebody
    has work for it, and if it is set when the job ends, the job runs again at once.
    """

    database: Database
    settings: Settings
    classifier: Classifier
    gateways: Gateways
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one run of a job came to.

    `more` asks for another run at once; `sleep_seconds` says when there will be work again,
    when that is known to be sooner than the next look.
    """

    done: int = 0
    more: bool = False
    sleep_seconds: float | None = None


JobBody = Callable[[Context], Awaitable[Pass]]


@dataclass(frozen=True, slots=True)
class Job:
    """A name, the queue that wakes it, what it does, and whom its work gives work to.

    After a pass that found work it rests as long as that took, at most `rest_seconds`: on a
    busy machine what comes meanwhile is done in one pass, instead of each by itself for as much.
    """

    name: str
    queue: str
    body: JobBody
    then: tuple[str, ...] = ()
    poll_factor: float = 1.0
    rest_seconds: float = 0.0


JOBS: dict[str, Job] = {}


def job(
    name: str,
    *,
    queue: str,
    then: Iterable[str] = (),
    poll_factor: float = 1.0,
    rest_seconds: float = 0.0,
) -> Callable[[JobBody], JobBody]:
    """Register a job. Bodies call one service each; running one twice is always harmless."""

    def register(body: JobBody) -> JobBody:
        if queue in JOBS:
            message = f"The queue {queue} has a job already."
            raise ValueError(message)
        JOBS[queue] = Job(name, queue, body, tuple(then), poll_factor, rest_seconds)
        return body

    return register


@dataclass(slots=True)
class Stage:
    """One job of one process: never twice at once, never asleep while it was called."""

    job: Job
    context: Context
    neighbours: dict[str, "Stage"]
    called: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    handled: int = 0
    failures: int = 0
    # By when it must have moved: the beginning of a pass, or the look it means to take next.
    mark: float = field(default_factory=monotonic)
    rested_at: float = 0.0

    def __post_init__(self) -> None:
        self.context = replace(self.context, called=self.called)

    def call(self) -> None:
        """Have the stage look for work now. Many calls before it looks are one."""
        self.called.set()

    async def run_forever(self, stop: asyncio.Event) -> None:
        """The clockwork: works from Postgres alone, whether or not anybody calls."""
        while not stop.is_set():
            pause = await self.run()
            self.mark = monotonic() + pause
            await self._sleep(pause, stop)
            self.mark = monotonic()

    async def run(self) -> float:
        """Work until nothing is left; returns how many seconds may pass before the next look."""
        async with self.turn:
            try:
                result = await self._drain()
            except UnavailableError:
                return self._fail("the database is away")
            except Exception as error:
                log.exception("job.failed", job=self.job.name)
                return self._fail(type(error).__name__)
        self.failures = 0
        poll = self.context.settings.worker.poll_seconds * self.job.poll_factor
        poll *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing
        if result.sleep_seconds is None:
            return float(poll)
        return float(min(poll, max(result.sleep_seconds, 0.0)))

    async def _drain(self) -> Pass:
        while True:
            await asyncio.sleep(max(0.0, self.rested_at - monotonic()))
            self.called.clear()
            began = self.mark = monotonic()
            if __debug__:
                await failpoints.reach(f"stage.{self.job.queue}")
            with (
                structlog.contextvars.bound_contextvars(
                    job=self.job.name, pass_id=ids.new_id().hex
                ),
                tracing.spanning(f"job {self.job.name}") as span,
            ):
                result = await self.job.body(self.context)
                if span is not None:
                    # A look that found nothing is no news.
                    span.kept = result.done > 0
                    span.attributes["warmline.done"] = result.done
            self.handled += result.done
            if result.done:
                ended = monotonic()
                self.rested_at = ended + min(ended - began, self.job.rest_seconds)
                for queue in self.job.then:
                    self.neighbours[queue].call()
            if not result.more or self.context.stopping.is_set():
                return result

    def _fail(self, reason: str) -> float:
        self.failures += 1
        pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(self.failures, 10), LONGEST_PAUSE_SECONDS)
        log.warning("stage.paused", job=self.job.name, reason=reason, seconds=pause)
        return pause

    async def _sleep(self, seconds: float, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (stop, self.called)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def build_stages(context: Context) -> dict[str, Stage]:
    """A stage for every registered job, each able to call the others."""
    stages: dict[str, Stage] = {}
    for queue, registered in JOBS.items():
        stages[queue] = Stage(registered, context, stages)
    return stages


def report(stages: dict[str, Stage]) -> dict[str, Any]:
    """Numbers for the process's heartbeat.

    `still` is for how many seconds a stage has been in one pass, or past the look it meant to take.
    """
    return {
        queue: {
            "handled": stage.handled,
            "failures": stage.failures,
            "still": max(0.0, monotonic() - stage.mark),
        }
        for queue, stage in stages.items()
    }
