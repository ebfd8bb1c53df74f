"""Workers are killed and frozen in the middle of their batches: others finish, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.core.kit.db import TRANSACTION_TIMEOUT_SINCE
from tests.faults.oracle.arena import Arena, scaled
from tests.support.brands import Brand, many, said
from tests.support.processes import WORKER, Site
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

EACH = 5
# A lease that ends soon, in batches that many workers share; nobody tires of waiting at the gate.
SHORT = {
    "WORKER__LEASE_SECONDS": "1",
    "WORKER__BATCH_SIZE": "100",
    "DATABASE__LOCK_TIMEOUT_MS": "20000",
}
# Everybody's first warning is due at once: alerts are raised while workers die.
HASTY = {
    "name": "Hasty",
    "targets": {
        tier: {
            "first_response_seconds": 1,
            "next_response_seconds": 1,
            "resolution_seconds": 3600,
        }
        for tier in ("urgent", "important", "routine")
    },
    "response_steps": [100],
    "position": 1,
}
HELD = "SELECT count(*) FROM journal WHERE state = 'pending' AND token > 0 AND next_at > now()"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
# A transaction may last twice the longer of these; in production that is a minute.
ENDED_BY_POSTGRES = {
    "deliveries": {"DATABASE__IDLE_IN_TRANSACTION_TIMEOUT_MS": "60000"},
    "judgements": {
        "DATABASE__IDLE_IN_TRANSACTION_TIMEOUT_MS": "2500",
        "DATABASE__WORKER_STATEMENT_TIMEOUT_MS": "2500",
    },
}
# Where a worker dies, the second time it comes there.
DEADLY = ("worker.claimed", "worker.before_commit", "timers.claimed")
EFFECTS = ("journal", "messages", "judgements", "threads", "cases", "clocks", "timers", "audit_log")
CLAIMED_AGAIN = "SELECT count(*) FROM journal WHERE token > 1"


@asynccontextmanager
async def gate(site: Site, table: str) -> AsyncIterator[None]:
    """Hold a table, so that workers stop in the middle of what they do with it."""
    async with site.looking() as holder, holder.transaction():
        await holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


async def make_room(site: Site) -> None:
    """Make next months' partitions now: a worker does it when it starts, and would be held too."""
    async with site.looking() as rows:
        for months in range(3):
            month = f"(now() + make_interval(months => {months}))::date"
            await rows.execute(f"SELECT warmline_ensure_delivery_partition({month})")


async def stuck_with_a_batch(rows: asyncpg.Connection) -> None:
    """Until entries are held by a worker that stands before the gate."""
    await wait_until(lambda: rows.fetchval(HELD), what="a batch is held")
    await wait_until(lambda: rows.fetchval(WAITING), what="its worker waits at the gate")


async def finish(site: Site, brand: Brand) -> None:
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
    assert await verdict(site, brand.sent) == []


async def test_every_event_has_its_effect_once_however_often_workers_die(
    site: Site, brand: Brand
) -> None:
    """M6: kill -9 of workers that hold batches, five times, under a thousand events.

    A transaction that was open is rolled back by Postgres, and the lease of a batch that was
    claimed runs out; whoever lives does it again. Each kill happens while entries are held.
    """
    site.settings = SHORT
    first, _ = await asyncio.gather(site.start_worker(), site.start_api())
    await brand.create("/v1/policies", HASTY)
    victims = [first]
    async with site.looking() as rows:
        for number in range(5):
            async with gate(site, "judgements"):
                await brand.deliver(*many(200, each=EACH, start=200 * number))
                await stuck_with_a_batch(rows)
                victims[-1].kill()
                victims.append(site.launch("worker", WORKER))
        site.launch("worker", WORKER)
        await finish(site, brand)
        assert await rows.fetchval(CLAIMED_AGAIN) > 0
        assert await rows.fetchval("SELECT count(*) FROM messages") == 1000
        assert await rows.fetchval("SELECT count(*) FROM cases") == 1000 / EACH
        assert await rows.fetchval("SELECT count(*) FROM alerts") == 1000 / EACH


@pytest.mark.parametrize("table", ["deliveries", "judgements"])
async def test_a_frozen_worker_that_wakes_up_late_changes_nothing(
    site: Site, brand: Brand, table: str
) -> None:
    """M7: SIGSTOP in the middle of a batch, SIGCONT after another worker has done all of it.

    Before `deliveries` it has claimed and not begun: its lease ends, its tokens are spent, and
    what it writes later finds no entry of its own. Before `judgements` its transaction is open,
    its entries are locked, and it is amid piped statements, where a session does not count as
    idle: Postgres, from 17 on, ends the long transaction, and the frozen one wakes up to a dead
    connection.
    """
    site.settings = SHORT | ENDED_BY_POSTGRES[table]
    async with site.looking() as rows:
        if table == "judgements" and rows.get_server_version() < TRANSACTION_TIMEOUT_SINCE:
            pytest.skip("this Postgres ends no transaction that is amid piped statements")
    await asyncio.gather(site.start_api(), make_room(site))
    await brand.deliver(*many(100, each=EACH))
    async with site.looking() as rows:
        async with gate(site, table):
            frozen = await site.start_worker()
            await stuck_with_a_batch(rows)
            frozen.pause()
        successor = await site.start_worker()
        await finish(site, brand)
        assert await rows.fetchval(CLAIMED_AGAIN) > 0
        before = await effects(rows)
        await successor.end()
        frozen.resume()
        # It works on what comes now: so it is past what it held.
        await brand.deliver(said("c-later", author="somebody-else"))
        await finish(site, brand)
        assert await frozen.end() == 0
        assert before <= await effects(rows)


async def test_workers_that_die_at_chosen_points_leave_their_work_to_others(
    site: Site, arena: Arena
) -> None:
    """F06 under an open loop: kill -9 after a claim, before a commit, amid due moments.

    Each life of one worker dies at one of these points, again and again; the other worker has no
    faults. Every effect is there once, and nothing ends in the quarantine.
    """
    site.settings = site.settings | {"WORKER__LEASE_SECONDS": "2", "WORKER__BATCH_SIZE": "20"}
    await site.start_api()
    sending = asyncio.create_task(arena.generator(seconds=scaled(6), rate=40).run())
    lives = [site.launch("worker", WORKER, FAULTS=f"{point}:die#2") for point in DEADLY]
    for life in lives:
        await wait_until(lambda life=life: not life.alive, what=f"{life.name} dies")
    site.launch("worker", WORKER)
    await sending
    judged = await arena.finish(deaths=len(lives))
    assert judged.figures["claimed_again"] > 0


async def test_a_worker_that_oversleeps_its_lease_writes_nothing_late(
    site: Site, arena: Arena
) -> None:
    """F07 under an open loop: of two workers one sleeps for three leases with what it claimed.

    What it holds is claimed again and done by the other; its own writes meet spent tokens.
    """
    site.settings = site.settings | {"WORKER__LEASE_SECONDS": "1", "WORKER__BATCH_SIZE": "20"}
    sleepy = "worker.claimed:sleep=3@0.3;seed=5"
    await asyncio.gather(site.start_api(), site.start_worker(FAULTS=sleepy), site.start_worker())
    await arena.generator(seconds=scaled(6), rate=40).run()
    judged = await arena.finish()
    assert judged.figures["claimed_again"] > 0, "nobody overslept with anything in hand"


async def effects(rows: asyncpg.Connection) -> set[str]:
    """Every row that work leaves behind, whole, as text."""
    found: set[str] = set()
    for table in EFFECTS:
        texts = await rows.fetch(f"SELECT '{table} ' || t::text AS whole FROM {table} t")
        found |= {row["whole"] for row in texts}
    return found
