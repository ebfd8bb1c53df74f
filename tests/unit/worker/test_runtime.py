"""Stages: never twice at once, never asleep while called, never dead."""

import asyncio
from typing import Any, cast

import pytest
import structlog

from services.core.kit.clock import monotonic
from services.core.kit.errors import UnavailableError
from services.core.settings import Settings, WorkerSettings
from services.worker import runtime
from services.worker.runtime import Context, Job, Pass, Stage


def context(poll_seconds: float = 60.0) -> Context:
    settings = Settings(worker=WorkerSettings(poll_seconds=poll_seconds))
    nothing = cast("Any", None)
    return Context(nothing, settings, nothing, nothing)


def stage(body: runtime.JobBody, **more: Any) -> Stage:
    return Stage(Job("test.job", "test", body, **more), context(), {})


class Counted:
    """A body that gives its results one by one and counts how often it runs at once."""

    def __init__(self, *results: Pass | Exception) -> None:
        self.results = list(results)
        self.runs = 0
        self.inside = 0
        self.most_inside = 0
        self.ran: asyncio.Queue[int] = asyncio.Queue()

    async def __call__(self, _context: Context) -> Pass:
        self.runs += 1
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        await asyncio.sleep(0)
        self.inside -= 1
        self.ran.put_nowait(self.runs)
        result = self.results.pop(0) if self.results else Pass()
        if isinstance(result, Exception):
            raise result
        return result


async def test_a_stage_goes_on_while_there_is_more() -> None:
    body = Counted(Pass(3, more=True), Pass(2, more=True), Pass())
    worked = stage(body)
    await worked.run()
    assert (body.runs, worked.handled) == (3, 5)


async def test_two_runs_of_one_stage_take_turns() -> None:
    body = Counted(Pass(1, more=True))
    worked = stage(body)
    await asyncio.gather(worked.run(), worked.run(), worked.run())
    assert body.most_inside == 1


async def test_it_sleeps_until_something_is_due() -> None:
    assert await stage(Counted(Pass(sleep_seconds=0.25))).run() == 0.25
    assert await stage(Counted(Pass(sleep_seconds=-3.0))).run() == 0.0


async def test_without_a_due_time_it_looks_again_after_the_poll() -> None:
    assert 54.0 <= await stage(Counted(Pass())).run() <= 66.0
    assert 108.0 <= await stage(Counted(Pass()), poll_factor=2.0).run() <= 132.0


async def test_after_work_it_rests_as_long_as_that_took_so_that_more_gathers() -> None:
    began: list[float] = []
    ended: list[float] = []

    async def body(_context: Context) -> Pass:
        began.append(monotonic())
        await asyncio.sleep(0.02)
        ended.append(monotonic())
        return Pass(1, more=len(began) < 2)

    await stage(body, rest_seconds=60.0).run()
    assert began[1] - ended[0] >= ended[0] - began[0]


async def test_it_rests_no_longer_than_it_may_and_never_after_finding_nothing() -> None:
    busy, idle = stage(Counted(Pass(1)), rest_seconds=0.001), stage(Counted(), rest_seconds=60.0)
    await busy.run()
    await idle.run()
    assert 0.0 < busy.rested_at <= monotonic() + 0.001
    assert idle.rested_at == 0.0


async def test_whoever_calls_while_it_rests_is_heard_by_the_next_pass() -> None:
    body = Counted(Pass(1, more=True), Pass(1))
    worked = stage(body, rest_seconds=0.01)
    running = asyncio.create_task(worked.run())
    await body.ran.get()
    worked.call()
    await running
    assert body.runs == 2
    assert not worked.called.is_set()


async def test_work_gives_work_to_the_next_stage() -> None:
    first, second = stage(Counted(Pass(1)), then=("next",)), stage(Counted())
    first.neighbours["next"] = second
    await first.run()
    assert second.called.is_set()


@pytest.mark.parametrize("error", [UnavailableError(), ValueError("a bug")])
async def test_a_failure_pauses_the_stage_a_little_longer_each_time(error: Exception) -> None:
    worked = stage(Counted(error, error, Pass()))
    pauses = [await worked.run(), await worked.run()]
    assert pauses == [0.4, 0.8]
    await worked.run()
    assert worked.failures == 0


async def test_a_call_wakes_a_sleeping_stage() -> None:
    body = Counted()
    worked = stage(body)
    stop = asyncio.Event()
    running = asyncio.create_task(worked.run_forever(stop))
    async with asyncio.timeout(5):
        assert await body.ran.get() == 1
        worked.call()
        assert await body.ran.get() == 2
        stop.set()
        await running


async def test_a_queue_has_one_job() -> None:
    import services.worker.jobs  # noqa: F401, PLC0415 - registers them

    with pytest.raises(ValueError, match="has a job already"):
        runtime.job("another.name", queue="intake")(Counted())


def test_every_stage_of_the_line_is_registered() -> None:
    import services.worker.jobs  # noqa: F401, PLC0415 - registers them

    expected = {"intake", "sla", "alerts", "stream", "snoozes", "links", "partitions"}
    assert expected <= set(runtime.JOBS)
    for job in runtime.JOBS.values():
        assert set(job.then) <= set(runtime.JOBS)


async def test_each_line_of_a_pass_names_it_and_no_line_after_it() -> None:
    log = structlog.get_logger("test")
    left = [True, False]

    async def body(_context: Context) -> Pass:
        log.info("within")
        return Pass(1, more=left.pop(0))

    processors = [structlog.contextvars.merge_contextvars]
    with structlog.testing.capture_logs(processors=processors) as lines:
        await stage(body).run()
        log.info("outside")
    first, second, outside = lines
    assert (first["job"], second["job"]) == ("test.job", "test.job")
    assert len({first["pass_id"], second["pass_id"]}) == 2
    assert {"job", "pass_id"}.isdisjoint(outside)
