"""Postgres crashes, loses backends and its postmaster under load, and loses no word it gave."""

import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.faults.oracle.arena import Arena, opened_arena
from tests.faults.oracle.generator import GIVE_UP
from tests.faults.oracle.ledger import read_ledger
from tests.support.clusters import Cluster, site_on
from tests.support.db import run_sql
from tests.support.processes import Running, Site
from tests.support.sizes import sized
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

SEED = 8
CRASHES, BACKENDS, POSTMASTERS = sized((2, 3, 1), (5, 20, 3))
RATE = sized(30, 100)
PAUSE = sized(0.7, 3.0)  # seconds of work between two blows
# What a blow may take on a slow machine, in seconds: so long there is traffic, if it is needed.
LONGEST = 15.0
HONEST = {"202", "503"}
OURS = "application_name LIKE 'warmline-%'"
# Connections that stand in a transaction and do nothing.
STUCK = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS} AND state LIKE 'idle in transaction%'"
# Postgres says that a transaction is committed before it is on disk, and is in no hurry.
HASTY_COMMITS = (
    "ALTER SYSTEM SET synchronous_commit = 'off'",
    "ALTER SYSTEM SET wal_writer_delay = '10s'",
    "ALTER SYSTEM SET wal_writer_flush_after = '1GB'",
    "SELECT pg_reload_conf()",
)


@asynccontextmanager
async def opened(tmp_path: Path, name: str) -> AsyncIterator[tuple[Cluster, Arena]]:
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as folder:
        cluster = Cluster(Path(folder))
        async with (
            site_on(cluster, tmp_path) as site,
            opened_arena(site, name=name, seed=SEED) as arena,
        ):
            yield cluster, arena


async def kill_a_backend(cluster: Cluster, dice: random.Random) -> None:
    """kill -9 of one that serves the product: Postgres ends all the others and starts anew.

    Returns when it has begun to: our own connection is one of the others.
    """
    connection = await asyncpg.connect(cluster.url)
    serving = f"SELECT pid FROM pg_stat_activity WHERE {OURS}"
    try:
        found = await wait_until(lambda: connection.fetch(serving), what="a backend serves us")
        os.kill(dice.choice(found)["pid"], signal.SIGKILL)
        await wait_until(connection.is_closed, what="Postgres has noticed")
    finally:
        await connection.close()


async def answers(cluster: Cluster) -> bool:
    try:
        connection = await asyncpg.connect(cluster.url, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


def blows(cluster: Cluster) -> list[Callable[[], Awaitable[None]]]:
    """All of them, in an order the seed decides; each returns when Postgres can be spoken to."""
    dice = random.Random(SEED)  # noqa: S311 - an order, no secret

    async def crash() -> None:
        cluster.crash()
        cluster.start()

    async def lose_the_postmaster() -> None:
        cluster.kill()
        cluster.start()

    async def lose_a_backend() -> None:
        await kill_a_backend(cluster, dice)
        await wait_until(lambda: answers(cluster), what="Postgres is back")

    planned = [crash] * CRASHES + [lose_the_postmaster] * POSTMASTERS + [lose_a_backend] * BACKENDS
    dice.shuffle(planned)
    return planned


async def strike(cluster: Cluster) -> list[float]:
    """One blow after another, with work between them; returns when Postgres was ready again."""
    ready = []
    for blow in blows(cluster):
        await asyncio.sleep(PAUSE)
        await blow()
        ready.append(time.time())
    return ready


def first_acks(arena: Arena, ready: list[float]) -> list[float]:
    """Seconds from each moment of readiness to the first 202 after it."""
    entries, _ = read_ledger(arena.ledger.path)
    ends = sorted(
        attempt.ended_at
        for entry in entries
        for attempt in entry.attempts
        if attempt.status == 202 and attempt.receipt
    )
    later = [[end - moment for end in ends if end > moment] for moment in ready]
    return [seconds[0] for seconds in later if seconds]


async def stands_well(site: Site, processes: list[Running]) -> None:
    """Nobody ended, nobody holds a connection amid a transaction, and the door says it is ready."""
    for running in processes:
        assert running.alive, running.words()
    async with site.looking() as rows:

        async def nobody_is_stuck() -> bool:
            return await rows.fetchval(STUCK) == 0

        await wait_until(nobody_is_stuck, what="no connection is stuck")
    await site.wait_until_ready(processes[0])


async def test_what_was_acknowledged_survives_every_end_of_postgres(tmp_path: Path) -> None:
    """F08, M8: `-m immediate`, kill -9 of backends, kill -9 of the postmaster, under load.

    While Postgres is away platforms hear 503 and come again; nobody of ours ends, pools mend
    themselves, and a worker's batch that was cut off is nobody's fault.
    """
    async with opened(tmp_path, "postgres-restarts") as (cluster, arena):
        site = arena.site
        processes = list(await asyncio.gather(site.start_api(), site.start_worker()))
        count = CRASHES + BACKENDS + POSTMASTERS
        generator = arena.generator(seconds=(PAUSE + LONGEST) * count, rate=RATE)
        sending = asyncio.create_task(generator.run())
        ready = await strike(cluster)
        # Until a delivery of after the last blow is accepted, or there are no more of them.
        await wait_until(
            lambda: sending.done() or len(first_acks(arena, ready)) == len(ready), GIVE_UP
        )
        generator.enough = True
        await sending
        await stands_well(site, processes)
        acks = first_acks(arena, ready)
        judged = await arena.finish(
            crashes=CRASHES,
            backends=BACKENDS,
            postmasters=POSTMASTERS,
            refused_starts=cluster.refused_starts,
            first_ack_seconds=[round(seconds, 2) for seconds in acks],
        )
    assert set(judged.figures["answers"]) <= HONEST
    assert len(acks) == len(ready), "after a blow nobody was answered 202 any more"


async def test_commits_that_are_not_on_disk_are_found_out(tmp_path: Path) -> None:
    """The protection switched off: Postgres says "committed" before it is, and then crashes."""
    async with opened(tmp_path, "postgres-hasty") as (cluster, arena):
        await run_sql(cluster.url, *HASTY_COMMITS)
        await arena.site.start_api()
        await arena.generator(seconds=1, rate=40).run()
        cluster.crash()
        cluster.start()
        judged = await arena.judge()
    lost = [sentence for sentence in judged.broken if "is stored 0 times" in sentence]
    assert lost, judged.broken
