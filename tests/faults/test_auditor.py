"""F27: who watches is watched. Stages are stalled, the auditor is stopped, its queries are held.

In production an auditor looks every 5 s and calls a stage still after 40 s: named within 55 s. Here
both are short, and the same comes to pass within a few seconds.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.brands import Brand, said
from tests.support.listening import listening
from tests.support.processes import Running, Site
from tests.support.sinks import Sink, says, sink
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

WATCHFUL = {
    "AUDIT__INTERVAL_SECONDS": "0.2",
    "AUDIT__STALL_SECONDS": "4",
    "AUDIT__HEARTBEAT_SECONDS": "0.2",
    "ALERTS__ALLOW_PRIVATE_ADDRESSES": "true",
}
STAGES = ("intake", "sla", "alerts", "stream", "snoozes", "links", "partitions", "stream-upkeep")
LOOKED = "SELECT seen_at FROM processes WHERE kind = 'auditor'"
SILENT_LOOKS = 5


@pytest.fixture
async def switch() -> AsyncIterator[Sink]:
    """A dead man's switch: what calls when it has not heard for a while."""
    async with sink(says("200 OK")) as hearing:
        yield hearing


@pytest.fixture
async def watched(site: Site, switch: Sink) -> Site:
    site.settings = WATCHFUL | {"AUDIT__HEARTBEAT_URL": switch.url}
    return site


def lines(worker: Running, event: str) -> list[dict[str, Any]]:
    told = [line for line in worker.words().splitlines() if line.startswith('{"')]
    parsed = [json.loads(line) for line in told if line.endswith("}")]
    return [line for line in parsed if line["event"] == event]


def named(worker: Running) -> set[str]:
    """The stages its log calls stalled."""
    return {line["stage"] for line in lines(worker, "stage.stalled")}


async def hears(switch: Sink) -> None:
    """Until a ping comes in from now on."""
    before = len(switch.requests)
    await wait_until(lambda: len(switch.requests) > before, what="all is well")


async def looks_without_a_ping(site: Site, switch: Sink) -> None:
    """The auditor goes on looking, and the switch hears nothing of it."""
    async with site.looking() as rows:
        await _looks(rows)  # what is on its way comes in
        heard = len(switch.requests)
        for _ in range(SILENT_LOOKS):
            await _looks(rows)
        assert len(switch.requests) == heard


async def _looks(rows: Any) -> None:
    before = await rows.fetchval(LOOKED)

    async def moved() -> bool:
        return bool(await rows.fetchval(LOOKED) != before)

    await wait_until(moved, what="the auditor looks")


async def check_is(site: Site, name: str, state: str | None) -> None:
    async def told() -> bool:
        check = (await site.readiness())["checks"].get(name)
        return (check and check["state"]) == state

    await wait_until(told, what=f"{name} is {state}")


async def figures(site: Site) -> str:
    return (await site.http.get("/metrics")).text


async def test_every_stage_that_stands_still_is_named_and_the_switch_hears_nothing(
    watched: Site, switch: Sink
) -> None:
    worker = await watched.start_worker(FAULTS=",".join(f"stage.{one}:hang" for one in STAGES))
    await wait_until(lambda: named(worker) == set(STAGES), what="all are named in the log")
    await looks_without_a_ping(watched, switch)
    await watched.start_api()
    for stage in STAGES:
        await check_is(watched, f"stage:{stage}", "degraded")
    told = await figures(watched)
    assert all(f'warmline_stage_stalled_seconds{{stage="{one}"}}' in told for one in STAGES)


@pytest.mark.parametrize("stage", ["alerts", "partitions"])
async def test_only_the_stage_that_stands_still_is_named(
    watched: Site, switch: Sink, stage: str
) -> None:
    worker = await watched.start_worker(FAULTS=f"stage.{stage}:hang")
    await wait_until(lambda: named(worker), what=f"{stage} is named in the log")
    await looks_without_a_ping(watched, switch)
    assert named(worker) == {stage}


async def test_it_is_announced_that_a_stage_stalls_and_that_it_goes_on(
    watched: Site, brand: Brand, switch: Sink
) -> None:
    """Work waits for a stage that stands still; the worker after it does it."""
    stalled = await watched.start_worker(FAULTS="stage.intake:hang")
    await watched.start_api()
    async with listening(brand.http, after=0) as heard:
        await brand.deliver(said("c1"))
        await wait_until(lambda: "stage.stalled" in heard.kinds, what="the stall is announced")
        await stalled.end(patience=30)
        await watched.start_worker()
        await wait_until(lambda: "stage.resumed" in heard.kinds, what="its end is announced")
    begun, ended = (heard.kinds.index(f"stage.{verb}") for verb in ("stalled", "resumed"))
    assert heard.heard[begun].data["payload"] == heard.heard[ended].data["payload"]
    await hears(switch)
    await check_is(watched, "stage:intake", None)


async def test_without_workers_whoever_watches_from_outside_says_so(
    watched: Site, switch: Sink
) -> None:
    watching = watched.launch("watch", ("-m", "services.cli.main", "watch"))
    await wait_until(lambda: "worker" in named(watching), what="nobody works")
    await looks_without_a_ping(watched, switch)
    await watched.start_worker(AUDIT__ENABLED="false")
    await hears(switch)
    assert await watching.end() == 0


@pytest.mark.parametrize("fault", ["hang", "fail"])
async def test_an_auditor_that_stopped_is_noticed_by_its_silence(
    watched: Site, switch: Sink, fault: str
) -> None:
    """Its task hangs or fails at every look; work goes on, and nobody vouches for it any more."""
    first = await watched.start_worker()
    await watched.start_api()
    await hears(switch)
    await check_is(watched, "auditor", "ok")
    assert "warmline_auditor_last_look_timestamp_seconds " in await figures(watched)
    await first.end()
    heard = len(switch.requests)
    second = await watched.start_worker(FAULTS=f"auditor.look:{fault}")
    if fault == "fail":
        await wait_until(lambda: lines(second, "auditor.look_failed"), what="its log says so")
    await check_is(watched, "worker", "ok")
    await check_is(watched, "auditor", "degraded")
    assert len(switch.requests) == heard


async def test_a_question_that_takes_too_long_is_given_up_and_nothing_is_vouched_for(
    watched: Site, switch: Sink
) -> None:
    """The same with a slow query: held by a lock, which nobody's work asks for but the auditor's.

    The pool of the worker is untouched: it has said all along that it lives.
    """
    worker = await watched.start_worker()
    await hears(switch)
    async with watched.looking() as rows:
        async with rows.transaction():
            await rows.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            await wait_until(lambda: lines(worker, "auditor.look_failed"), what="a look fails")
            heard, beaten = len(switch.requests), "SELECT max(seen_at) FROM processes"
            before = await rows.fetchval(f"{beaten} WHERE kind = 'worker'")
            failures = len(lines(worker, "auditor.look_failed"))
            await wait_until(lambda: len(lines(worker, "auditor.look_failed")) > failures)
            assert len(switch.requests) == heard
            assert before is not None
        await hears(switch)
