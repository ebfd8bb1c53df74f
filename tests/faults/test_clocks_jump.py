"""Clocks of hosts and of Postgres jump, and the clocks of people are set: what is due stays due."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from services.cli.embedded.postgres import start_postgres, wheel_binaries
from tests.faults.oracle.arena import opened_arena
from tests.faults.oracle.stories import Promises
from tests.support.brands import Brand, founded_brand, many
from tests.support.clusters import Cluster, site_on
from tests.support.faked_time import FakedClock, needs_faketime
from tests.support.line import Line, comment
from tests.support.processes import Running, Site
from tests.support.sizes import sized, tell
from tests.support.verdicts import everything_processed, nothing_waits
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

SEED = 12
# What is due in seconds, and what is due in five minutes: earlier than a clock ten minutes ahead.
NEAR_AND_FAR = Promises(dict.fromkeys(("urgent", "important", "routine"), (2, 2, 300)))
WORKER = ("services.cli.main", "worker")
OURS, BELIEVING = ("-m", *WORKER), ("-m", "tests.support.believing_worker")
# Ours takes a tenth of it to notice what is due.
NOTICED_SECONDS = 3.0
# Raised although, by the clock of Postgres, the promise is not broken yet.
EARLY = """
SELECT count(*) FROM alerts a JOIN clocks c ON c.id = a.clock_id
WHERE a.step >= 100 AND c.due_at > clock_timestamp()
"""
FIRED_EARLY = "SELECT count(*) FROM timers WHERE state = 'fired' AND fired_at < fire_at"


@pytest.fixture
def clock(tmp_path: Path) -> FakedClock:
    faked = FakedClock(tmp_path / "clock")
    faked.jump("+0")
    return faked


async def start_under(site: Site, clock: FakedClock, *module: str) -> Running:
    """A worker of ours that lives by this clock; returns when it said that it lives."""
    running = site.launch("skewed-worker", clock.command(*module))
    async with site.looking() as rows:
        await wait_until(
            lambda: rows.fetchval("SELECT true FROM processes WHERE pid = $1", running.pid),
            what="the skewed worker is up",
        )
    return running


@needs_faketime
async def test_a_host_whose_clock_is_wrong_changes_nothing_that_is_due(
    site: Site, clock: FakedClock
) -> None:
    """F12, M10: of two workers one lives ten minutes ahead, then ten minutes behind.

    The reference model is the control: the same clocks are due at the same moments, each speaks
    once, none early, whichever worker took it.
    """
    async with opened_arena(site, name="host-clocks", seed=SEED, promises=NEAR_AND_FAR) as arena:
        clock.jump("+10m")
        await site.start_api()
        skewed = await start_under(site, clock, *WORKER)
        # Alone at first, so that it certainly did some of the work.
        await arena.generator_of(arena.planned(seconds=2, rate=10, seed=SEED)).run()
        async with site.looking() as rows:
            await wait_until(lambda: has_fired(rows), what="the worker ahead raised an alert")
        await site.start_worker()
        more = arena.generator_of(arena.planned(seconds=sized(3, 60), rate=20, seed=SEED + 1))
        sending = asyncio.create_task(more.run())
        await asyncio.sleep(1)
        clock.jump("-10m")
        await sending
        judged = await arena.finish()
        async with site.looking() as rows:
            assert await rows.fetchval(EARLY) == 0
        assert skewed.alive
    tell("F12", seed=SEED, alerts=judged.figures["alerts_raised"])


async def has_fired(rows: asyncpg.Connection) -> bool:
    return bool(await rows.fetchval("SELECT count(*) FROM timers WHERE state = 'fired'"))


@needs_faketime
async def test_a_worker_that_believes_its_host_is_found_out(site: Site, clock: FakedClock) -> None:
    """The protection switched off: ten minutes ahead, promises of five minutes are broken."""
    async with opened_arena(site, name="believing", seed=SEED, promises=NEAR_AND_FAR) as arena:
        clock.jump("+10m")
        await site.start_api()
        site.launch("believing-worker", clock.command("tests.support.believing_worker"))
        await arena.generator(seconds=1, rate=10).run()
        async with site.looking() as rows:
            await wait_until(lambda: rows.fetchval(EARLY), what="an alert was raised too early")
        judged = await arena.judge()
    assert judged.broken


@asynccontextmanager
async def brand_under(
    clock: FakedClock, tmp_path: Path, worker: tuple[str, ...] = OURS
) -> AsyncIterator[tuple[Site, Brand]]:
    """A brand on a Postgres that lives by this clock, with the API and a worker who do not."""
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as folder:
        programs = clock.wrap(wheel_binaries(), Path(folder) / "bin")
        cluster = Cluster(
            Path(folder) / "data", lambda place: start_postgres(place, bin_dir=programs)
        )
        async with site_on(cluster, tmp_path) as site, founded_brand(site) as brand:
            site.launch("worker", worker)
            await site.start_api()
            yield site, brand


async def jump(rows: asyncpg.Connection, clock: FakedClock, to: str) -> None:
    """Move the clock, and see that Postgres follows."""
    seconds = {"h": 3600, "d": 86400}[to[-1]] * int(to[:-1])
    clock.jump(to)

    async def follows() -> bool:
        now = await rows.fetchval("SELECT clock_timestamp()")
        return abs((now - datetime.now(UTC)).total_seconds() - seconds) < 60

    await wait_until(follows, what=f"Postgres lives at {to}")


async def spoken(rows: asyncpg.Connection) -> dict[tuple[str, int], int]:
    """How many alerts there are of each kind of clock and step."""
    found = await rows.fetch(
        "SELECT c.kind, a.step, count(*) AS n, count(DISTINCT a.clock_id) AS clocks FROM alerts a"
        " JOIN clocks c ON c.id = a.clock_id GROUP BY c.kind, a.step"
    )
    assert all(row["n"] == row["clocks"] for row in found), "a clock spoke twice"
    return {(row["kind"], row["step"]): row["n"] for row in found}


async def speaks(
    rows: asyncpg.Connection, wanted: dict[tuple[str, int], int], patience: float = 90
) -> None:
    """Until exactly these alerts are there and nothing is left to do."""

    async def as_wanted() -> bool:
        return await spoken(rows) == wanted and await nothing_waits(rows)

    await wait_until(as_wanted, patience, what=f"the alerts are {wanted}")
    assert await rows.fetchval(FIRED_EARLY) == 0


@needs_faketime
async def test_a_postgres_whose_clock_jumps_lets_each_moment_speak_once(
    tmp_path: Path, clock: FakedClock
) -> None:
    """F13, M10: an hour ahead, an hour behind, thirty days ahead.

    What has come due by the clock of Postgres speaks, once and never before; a clock that goes
    back repeats nothing and holds nobody up; what is overtaken is said by the last that is due.
    """
    first, later = sized(30, 1000), sized(10, 300)
    async with brand_under(clock, tmp_path) as (site, brand), site.looking() as rows:
        await brand.deliver(*many(first))
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await speaks(rows, {})
        # Two hours were promised: half of them are over.
        await jump(rows, clock, "+1h")
        await speaks(rows, {("first_response", 50): first})
        await jump(rows, clock, "-1h")
        await brand.deliver(*many(later, start=first))
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await speaks(rows, {("first_response", 50): first})
        await jump(rows, clock, "+30d")
        everybody = first + later
        last = {("first_response", 200): everybody, ("resolution", 100): everybody}
        await speaks(rows, {("first_response", 50): first} | last)
        await jump(rows, clock, "-1h")
        await jump(rows, clock, "+30d")
        await speaks(rows, {("first_response", 50): first} | last)
        assert all(running.alive for running in site.started)
    tell("F13", clocks=2 * everybody, jumps=["+1h", "-1h", "+30d", "-1h", "+30d"])


@needs_faketime
async def test_a_worker_that_does_not_ask_postgres_sleeps_through_its_jump(
    tmp_path: Path, clock: FakedClock
) -> None:
    """The protection switched off: its host says that nothing is due, not even what came."""
    async with brand_under(clock, tmp_path, BELIEVING) as (site, brand), site.looking() as rows:
        await brand.deliver(*many(5))
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await jump(rows, clock, "+1h")
        await brand.deliver(*many(1, start=5))
        with pytest.raises(AssertionError):
            await speaks(rows, {("first_response", 50): 5}, NOTICED_SECONDS)
        assert await spoken(rows) == {}
        assert not await everything_processed(rows, brand.sent)
        assert all(running.alive for running in site.started)


# The last and the first minute around every change of the clocks that people live by.
CHANGES = [
    ("America/New_York", "2026-03-08T01:59:00", 0),
    ("America/New_York", "2026-03-08T03:00:00", 0),
    ("America/New_York", "2026-11-01T01:59:00", 0),
    ("America/New_York", "2026-11-01T01:59:00", 1),
    ("Europe/London", "2026-03-29T00:59:00", 0),
    ("Europe/London", "2026-03-29T02:00:00", 0),
    ("Europe/London", "2026-10-25T01:30:00", 0),
    ("Europe/London", "2026-10-25T01:30:00", 1),
    ("Asia/Shanghai", "2026-03-29T01:30:00", 0),
    ("Asia/Shanghai", "2028-02-28T23:59:59", 0),
    ("Asia/Shanghai", "2028-02-29T23:59:59", 0),
    ("Europe/London", "2027-02-28T23:59:59", 0),
    ("America/New_York", "2027-12-31T23:59:59", 0),
]


@pytest.mark.parametrize(("zone", "wall", "fold"), CHANGES)
async def test_a_promise_lasts_its_seconds_across_every_change_of_clocks(
    line: Line, zone: str, wall: str, fold: int
) -> None:
    """F13: promises run around the clock, so two hours are 7,200 seconds on any day of the year."""
    said_at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    line.clock.at = said_at.astimezone(UTC)
    await line.hear(comment("c1") | {"timestamp": said_at.isoformat()})
    promises = {
        row.kind: (row.started_at, row.due_at, row.budget_seconds)
        for row in await line.rows("SELECT * FROM clocks")
    }
    started = said_at.astimezone(UTC)
    assert promises == {
        "first_response": (started, started + timedelta(hours=2), 7_200),
        "resolution": (started, started + timedelta(hours=24), 86_400),
    }
