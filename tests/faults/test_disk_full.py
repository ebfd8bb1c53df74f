"""The disk of Postgres is full, that of the rows or that of its WAL: 503, and no word broken."""

import asyncio
import base64
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest

from services.cli.embedded.process import EmbeddedServerError
from tests.support.brands import Brand, Sent, body_of, founded_brand, said
from tests.support.clusters import Cluster, site_on
from tests.support.db import migrate
from tests.support.sizes import sized, tell
from tests.support.small_disks import MB, SmallDisk, small_disk
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

SEED = 11
ROOM = 2 * MB
LOAD = 300_000  # bytes of a delivery that no compression makes smaller
REFUSED = sized(15, 200)
MOST = 200
SEGMENT = 16 * MB
# An API that takes a full disk for a mistake of its own.
UNAWARE = """
import services.core.kit.uow as uow
knows = uow.is_outage
def forgets(error):
    state = str(getattr(getattr(error, "orig", None), "sqlstate", "") or "")
    return not state.startswith("53") and knows(error)
uow.is_outage = forgets
from services.cli.main import app
app()
"""
ALL_TOLD = {httpx.codes.ACCEPTED, httpx.codes.SERVICE_UNAVAILABLE}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as name:
        yield Path(name)


class Platform:
    """Sends heavy deliveries, and remembers what it was told of each."""

    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._dice = random.Random(SEED)  # noqa: S311 - ballast, no secret
        self.answers: Counter[int] = Counter()

    @property
    def sent(self) -> list[Sent]:
        return self._brand.sent

    async def say(self) -> int:
        """One more delivery; returns the status it was answered with."""
        number = len(self.sent)
        event = said(f"c{number}", author=f"u{number}")
        event["data"]["ballast"] = base64.b64encode(self._dice.randbytes(LOAD)).decode()
        sent = Sent(f"whk_{number}", (event,))
        self.sent.append(sent)
        return await self.send(sent)

    async def send(self, sent: Sent) -> int:
        answer = await self._brand.post(body_of(sent.events), sent.webhook_id)
        if answer.status_code == httpx.codes.ACCEPTED:
            sent.receipts.append(answer.json())
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert int(answer.headers["retry-after"]) > 0
        self.answers[answer.status_code] += 1
        return answer.status_code

    async def is_accepted(self, sent: Sent) -> bool:
        return await self.send(sent) == httpx.codes.ACCEPTED

    async def say_until_refused(self) -> None:
        for _ in range(MOST):
            if await self.say() != httpx.codes.ACCEPTED:
                return
        raise AssertionError("the disk was never full")

    async def is_refused(self, times: int) -> None:
        """Not one 202 in so many calls."""
        statuses = [await self.say() for _ in range(times)]
        assert set(statuses) == {httpx.codes.SERVICE_UNAVAILABLE}

    async def repeat_what_was_refused(self) -> float:
        """As platforms do; returns after how many seconds the first one was accepted."""
        started, first = monotonic(), None
        for sent in [sent for sent in self.sent if not sent.receipts]:
            await wait_until(lambda sent=sent: self.is_accepted(sent), what="there is room again")
            first = first or monotonic() - started
        assert first is not None
        return first


async def finish(brand: Brand, test: str, platform: Platform, seconds: float) -> None:
    """Everything has its effect, once; and what was measured is told."""
    site = brand.site
    assert all(running.alive for running in site.started), "a process of ours ended"
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent), 120)
        await wait_until(lambda: nothing_waits(rows), 120)
    assert await verdict(site, brand.sent) == []
    assert set(platform.answers) == ALL_TOLD
    answers = dict(platform.answers)
    tell(test, seed=SEED, answers=answers, back_after_s=round(seconds, 2))


def move_journal(cluster: Cluster, to: Path) -> None:
    """Let the server's own journal, its WAL, lie elsewhere; it must not run."""
    wal = cluster.folder / "postgres" / "pg_wal"
    shutil.copytree(wal, to, dirs_exist_ok=True)
    shutil.rmtree(wal)
    wal.symlink_to(to)


@asynccontextmanager
async def rows_on_a_small_disk(
    folder: Path, tmp_path: Path
) -> AsyncIterator[tuple[Cluster, SmallDisk, Brand]]:
    """A brand whose Postgres keeps its rows on a small disk, and its WAL elsewhere."""
    with small_disk(folder / "data", 400) as disk:
        cluster = Cluster(disk.place)
        await asyncio.to_thread(migrate, cluster.url)
        cluster.server.stop()
        move_journal(cluster, folder / "wal")
        cluster.start()
        async with site_on(cluster, tmp_path) as site, founded_brand(site) as brand:
            yield cluster, disk, brand


async def test_a_full_disk_of_rows_is_told_as_unavailable_until_there_is_room(
    folder: Path, tmp_path: Path
) -> None:
    """F11, M9: tables cannot grow (53100). Postgres lives, and nobody hears 202 for nothing."""
    async with rows_on_a_small_disk(folder, tmp_path) as (cluster, disk, brand):
        await asyncio.gather(brand.site.start_api(), brand.site.start_worker())
        platform = Platform(brand)
        disk.fill(but=ROOM)
        await platform.say_until_refused()
        await platform.is_refused(REFUSED)
        assert cluster.server.running
        disk.grow(800)
        seconds = await platform.repeat_what_was_refused()
        await finish(brand, "F11 rows", platform, seconds)


async def test_an_api_that_does_not_know_a_full_disk_is_found_out(
    folder: Path, tmp_path: Path
) -> None:
    """The protection switched off: 53100 is a failure like any other, and platforms hear 500."""
    async with rows_on_a_small_disk(folder, tmp_path) as (_, disk, brand):
        site, door = brand.site, str(brand.site.door.fileno())
        command = ("-c", UNAWARE, "api", "--listener", door)
        await site.wait_until_ready(site.launch("unaware", command))
        platform = Platform(brand)
        disk.fill(but=ROOM)
        await platform.say_until_refused()
        with pytest.raises(AssertionError):
            await platform.is_refused(REFUSED)
        assert httpx.codes.INTERNAL_SERVER_ERROR in platform.answers


async def test_a_full_disk_of_the_journal_stops_postgres_and_loses_nothing(
    folder: Path, tmp_path: Path
) -> None:
    """F11, M9: the WAL cannot grow, Postgres panics, and every start fails until there is room."""
    cluster = Cluster(folder / "data")
    await asyncio.to_thread(migrate, cluster.url)
    cluster.server.stop()
    with small_disk(folder / "wal", 400) as disk:
        move_journal(cluster, disk.place)
        cluster.start()
        async with site_on(cluster, tmp_path) as site, founded_brand(site) as brand:
            await asyncio.gather(site.start_api(), site.start_worker())
            platform = Platform(brand)
            disk.fill(but=SEGMENT // 2)
            await use_up(cluster, platform)
            await platform.is_refused(REFUSED)
            with pytest.raises(EmbeddedServerError):
                cluster.server = cluster.starter(cluster.folder)
            await platform.is_refused(1)
            disk.grow(800)
            cluster.start()
            seconds = await platform.repeat_what_was_refused()
            await finish(brand, "F11 journal", platform, seconds)


async def use_up(cluster: Cluster, platform: Platform) -> None:
    """Deliveries, and segments that are closed half empty, until Postgres gives up for good."""

    async def gave_up() -> bool:
        if cluster.server.running:
            await platform.say()
            await close_segment(cluster)
        return not cluster.server.running

    await wait_until(gave_up, 120, what="Postgres gave up")


async def close_segment(cluster: Cluster) -> None:
    try:
        connection = await asyncpg.connect(cluster.url, timeout=5)
        try:
            await connection.execute("SELECT pg_switch_wal()")
        finally:
            await connection.close(timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return
