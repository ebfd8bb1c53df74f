"""Postgres does it and nobody hears so, or says nothing at all: 202 or 503, and one effect each."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import httpx
import pytest

from services.core.kit.db import ConnectionLimits, create_engine
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from tests.faults.oracle.arena import Arena, scaled
from tests.faults.oracle.generator import PATIENCE
from tests.faults.oracle.proxy import FaultProxy
from tests.support.brands import Brand, body_of, said
from tests.support.processes import Site
from tests.support.relays import postgres_wire
from tests.support.sizes import tell

pytestmark = pytest.mark.faults

# Leases that end soon: what a worker's lost commit held is free again.
SHORT_LEASE = {"WORKER__LEASE_SECONDS": "2"}
# Seconds; an answer is waited for for 1.5, and hanging up may take two more.
GIVES_UP_WITHIN = 30.0
HONEST = {"202", "503"}
# M8: within it a sender knows that Postgres is away.
TOLD_WITHIN = 3.0
CALLS = 5
# An API that believes for a long time that Postgres will still answer.
CREDULOUS = """
from functools import partial
import services.api.main as api
import services.api.webhooks as webhooks
api.GroupCommit = partial(api.GroupCommit, max_seconds=60.0)
webhooks.LOOKUP_SECONDS = 60.0
from services.cli.main import app
app()
"""


async def test_commits_whose_answer_is_lost_have_one_effect_each(site: Site, arena: Arena) -> None:
    """F09, M3: 5 % of all commits are executed, and the caller gets RST for an answer.

    The API cannot know, says 503, and the repeated delivery is told what is there. A worker cannot
    know either; whoever claims its entries next finds them done.
    """
    async with postgres_wire(site.database_url, FaultProxy) as (wire, through):
        site.settings = site.settings | SHORT_LEASE | {"DATABASE__URL": through}
        await asyncio.gather(site.start_api(), site.start_worker())
        await wire.set("swallow=0.05:COMMIT")
        await arena.generator(seconds=scaled(5), rate=40).run()
        await wire.set("pass")
        judged = await arena.finish(swallowed=wire.swallowed)
    assert wire.swallowed > 3
    assert set(judged.figures["answers"]) <= HONEST


async def test_a_commit_that_timed_out_after_it_was_done_is_told_as_unavailable(
    site: Site, arena: Arena
) -> None:
    """The same from inside, by failpoints: no line is touched.

    The worker's faults lie where entries are held, for two seconds; a sending is held for thirty.
    """
    site.settings = site.settings | SHORT_LEASE
    commits = "db.after_commit:timeout@0.1,db.before_commit:fail@0.05;seed=3"
    entries = "worker.claimed:fail@0.1,worker.before_commit:fail@0.1;seed=3"
    await asyncio.gather(site.start_api(FAULTS=commits), site.start_worker(FAULTS=entries))
    await arena.generator(seconds=scaled(5), rate=40).run()
    judged = await arena.finish()
    assert set(judged.figures["answers"]) == HONEST


async def test_a_unit_of_work_on_a_silent_line_ends_and_so_does_the_line(site: Site) -> None:
    """F10 in one process: nothing waits for ever, and the pool hands out no corpse afterwards."""
    async with postgres_wire(site.database_url, FaultProxy) as (wire, through):
        limits = ConnectionLimits(statement_timeout_ms=500)
        database = Database(create_engine(through, limits=limits, pool_size=1))
        try:
            async with database.system() as uow:
                await uow.execute("SELECT 1")
            await wire.set("blackhole")
            async with asyncio.timeout(GIVES_UP_WITHIN):
                with pytest.raises(UnavailableError):
                    async with database.system() as uow:
                        await uow.execute("SELECT 1")
            await wire.set("pass")
            async with database.system() as uow:
                assert (await uow.execute("SELECT 1")).scalar_one() == 1
        finally:
            await wire.set("pass")
            await database.close()


async def test_a_postgres_that_says_nothing_for_a_while_costs_nothing_that_was_accepted(
    site: Site, arena: Arena
) -> None:
    """F10: every line to Postgres goes silent, with callers on it; later all goes on.

    Whoever was left without an answer, or heard 503, sends again; each event has its one effect.
    """
    async with postgres_wire(site.database_url, FaultProxy) as (wire, through):
        site.settings = site.settings | SHORT_LEASE | {"DATABASE__URL": through}
        await asyncio.gather(site.start_api(), site.start_worker())
        sending = asyncio.create_task(arena.generator(seconds=scaled(6), rate=20).run())
        await asyncio.sleep(1)
        await wire.set("blackhole")
        await asyncio.sleep(PATIENCE + scaled(3))
        await wire.set("pass")
        await sending
        judged = await arena.finish()
    assert "503" in judged.figures["answers"]
    assert set(judged.figures["answers"]) <= HONEST


async def seconds_to_be_refused(site: Site, brand: Brand) -> float:
    """The slowest 503 of some calls into the silence, above what the machine itself is late by.

    The door's own word that it lives needs no Postgres: what that takes longer is not our doing.
    """
    late = 0.0

    async def ask_the_door() -> None:
        nonlocal late
        while True:
            begun = monotonic()
            await site.http.get("/healthz")
            late = max(late, monotonic() - begun)

    async def call(number: int) -> float:
        begun = monotonic()
        answer = await brand.post(body_of([said(f"c{number}")]), f"whk_{number}")
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        assert int(answer.headers["retry-after"]) > 0
        return monotonic() - begun

    asking = asyncio.create_task(ask_the_door())
    try:
        slowest = max(await asyncio.gather(*[call(number) for number in range(CALLS)]))
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    tell("F10", calls=CALLS, slowest_503_s=round(slowest, 2), door_late_s=round(late, 2))
    return slowest - late


async def silenced(site: Site, brand: Brand, start: Callable[[], Awaitable[object]]) -> float:
    """Start an API that has been at work, silence its Postgres, and call."""
    async with postgres_wire(site.database_url, FaultProxy) as (wire, through):
        site.settings = site.settings | {"DATABASE__URL": through}
        await start()
        await brand.deliver(said("before"))
        await wire.set("blackhole")
        try:
            return await seconds_to_be_refused(site, brand)
        finally:
            await wire.set("pass")


async def test_a_sender_knows_within_three_seconds_that_postgres_says_nothing(
    site: Site, brand: Brand
) -> None:
    """F10, M8: neither finding the source nor storing the delivery waits for the driver's limit."""
    assert await silenced(site, brand, site.start_api) < TOLD_WITHIN


async def test_an_api_that_waits_for_the_driver_is_found_out(site: Site, brand: Brand) -> None:
    """The protection switched off: the driver's limit, five seconds and more, ends it."""

    async def start() -> None:
        door = str(site.door.fileno())
        await site.wait_until_ready(
            site.launch("credulous", ("-c", CREDULOUS), "api", "--listener", door)
        )

    assert await silenced(site, brand, start) > TOLD_WITHIN
