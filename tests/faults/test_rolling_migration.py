"""F20: the schema grows under load, while the old release and the new one work side by side."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import asyncpg
import httpx
import pytest

from services.cli.migrate import migrate, read_invalid_indexes
from services.cli.terminal import CommandError
from tests.support.brands import Brand, Sent, body_of, said
from tests.support.db import connect
from tests.support.processes import Running, Site
from tests.support.releases import REVISION, Release, next_release
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
READER_SECONDS = 20 if LONG else 3
SENDERS = 16 if LONG else 4
PATIENCE = 180.0
WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity
  WHERE application_name = 'warmline-migrate' AND wait_event_type = 'Lock')
"""
SHORT_LOCK = "lock_timeout_ms=200"
COLUMN = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'messages'::regclass AND attname = $1"


@dataclass(slots=True)
class Load:
    """Senders that repeat each delivery until it is accepted, and what they saw on the way."""

    brand: Brand
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    number: int = 0

    async def send_for_ever(self) -> None:
        while not self.stop.is_set():
            self.number += 1
            key = f"c{self.number}"
            sent = Sent(f"whk_{key}", (said(key, author=f"u{self.number % 50}"),))
            self.brand.sent.append(sent)
            begun = perf_counter()
            while not sent.receipts:
                await self.try_once(sent)
            self.slowest = max(self.slowest, perf_counter() - begun)

    async def try_once(self, sent: Sent) -> None:
        try:
            answer = await self.brand.post(body_of(sent.events), sent.webhook_id)
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return
        self.answers[str(answer.status_code)] += 1
        if answer.status_code == httpx.codes.ACCEPTED:
            sent.receipts.append(answer.json())

    async def more(self, count: int) -> None:
        """Until so many more have been accepted: what has changed has met traffic."""
        wanted = self.answers["202"] + count
        await wait_until(lambda: self.answers["202"] >= wanted, PATIENCE, what="acks go on")


@asynccontextmanager
async def loaded(brand: Brand) -> AsyncIterator[Load]:
    load = Load(brand)
    senders = [asyncio.create_task(load.send_for_ever()) for _ in range(SENDERS)]
    try:
        yield load
    finally:
        load.stop.set()
        await asyncio.gather(*senders)


@asynccontextmanager
async def reading(url: str, table: str) -> AsyncIterator[asyncpg.Connection]:
    """A report that holds its lock until the block ends."""
    connection = await connect(url)
    try:
        async with connection.transaction():
            await connection.fetchval(f"SELECT count(*) FROM {table}")
            yield connection
    finally:
        await connection.close()


async def test_a_release_goes_in_under_load_without_a_failed_ack(
    site: Site, brand: Brand, tmp_path: Path
) -> None:
    """A column and an index come behind a long reader; processes are exchanged one by one."""
    release = next_release(tmp_path)
    old_api, old_worker = await asyncio.gather(site.start_api(), site.start_worker())
    async with loaded(brand) as load:
        await load.more(20)
        async with reading(site.database_url, "messages") as reader:
            migrating = site.launch("migrate", release.command("migrate"))
            async with site.looking() as rows:
                await wait_until(lambda: rows.fetchval(WAITS), PATIENCE, what="it meets the reader")
            await reader.execute(f"SELECT pg_sleep({READER_SECONDS})")
            assert migrating.alive, migrating.words()
            await load.more(20)
            # Whoever reads the table comes between two of its tries.
            await brand.get("/v1/messages")
        await wait_until(lambda: not migrating.alive, PATIENCE, what="the migration ends")
        assert migrating.process.wait() == 0, migrating.words()
        # Old code works on the new schema, and says that it is behind.
        await site.readiness("degraded")
        await load.more(20)
        await exchange(site, release, old_api, old_worker)
        await load.more(20)
    assert set(load.answers) <= {"202", "503", "ReadError", "RemoteProtocolError"}, load.answers
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent), PATIENCE)
        await wait_until(lambda: nothing_waits(rows), PATIENCE)
        assert await rows.fetchval(COLUMN, "mood") == 1
        assert await rows.fetchval("SELECT version_num FROM alembic_version") == REVISION
    assert await read_invalid_indexes(site.database_url) == []
    assert await verdict(site, brand.sent) == []
    figure = f"{dict(load.answers)}, slowest ack {load.slowest:.2f} s"
    print(f"{len(brand.sent)} deliveries over a rolling migration: {figure}")  # noqa: T201


async def exchange(site: Site, release: Release, old_api: Running, old_worker: Running) -> None:
    """New ones start beside the old ones, and only then these end, each in good order."""
    await release.start_api(site)
    assert await old_api.end(PATIENCE) == 0
    worker = site.launch("next-worker", release.command("worker"))
    async with site.looking() as rows:
        alive = "SELECT true FROM processes WHERE pid = $1"
        await wait_until(lambda: rows.fetchval(alive, worker.pid), PATIENCE, what="new worker")
    assert await old_worker.end(PATIENCE) == 0


async def test_a_migration_that_never_gets_its_turn_changes_nothing(
    site: Site, tmp_path: Path
) -> None:
    """It gives up in words, and those who came behind it were let pass each time."""
    release = next_release(tmp_path)
    async with reading(site.database_url, "messages"), reading(site.database_url, "posts") as rows:
        with pytest.raises(CommandError, match="never got its turn"):
            await asyncio.to_thread(
                migrate, site.database_url, patience=1.0, scripts=release.scripts
            )
        # Behind a waiting ALTER TABLE this would wait as well.
        assert await rows.fetchval("SELECT count(*) FROM messages") == 0
    assert await rows_of(site, COLUMN, "mood") == 0
    await asyncio.to_thread(migrate, site.database_url, scripts=release.scripts)
    assert await rows_of(site, COLUMN, "mood") == 1


async def test_without_a_second_try_a_report_of_a_moment_stops_the_release(
    site: Site, tmp_path: Path
) -> None:
    """The protection switched off: the first lock that does not come at once is the end."""
    release = next_release(tmp_path)
    async with reading(site.database_url, "messages"):
        with pytest.raises(CommandError, match="never got its turn"):
            await asyncio.to_thread(
                migrate, site.database_url, patience=0.0, scripts=release.scripts
            )
    assert await rows_of(site, COLUMN, "mood") == 0


async def test_a_migration_that_waits_in_line_keeps_everybody_behind_it_waiting(
    site: Site, brand: Brand, tmp_path: Path
) -> None:
    """The protection switched off: it asks once, for as long as it takes, and readers starve."""
    release = patient(next_release(tmp_path))
    await site.start_api()
    await brand.get("/v1/messages")
    async with reading(site.database_url, "messages"):
        migrating = site.launch("migrate", release.command("migrate"))
        async with site.looking() as rows:
            await wait_until(lambda: rows.fetchval(WAITS), PATIENCE, what="it meets the reader")
        starved = await brand.http.get("/v1/messages")
        assert starved.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert migrating.alive, migrating.words()
    await wait_until(lambda: not migrating.alive, PATIENCE, what="the migration ends")


def patient(release: Release) -> Release:
    """The same release, without the limit on how long it waits for a lock."""
    environment = release.scripts / "env.py"
    written = environment.read_text(encoding="utf-8")
    assert SHORT_LOCK in written
    environment.write_text(written.replace(SHORT_LOCK, "lock_timeout_ms=0"), encoding="utf-8")
    return release


async def test_an_index_whose_building_broke_off_is_named(site: Site) -> None:
    """It is there, it costs every write, and no query uses it."""
    assert await rows_of(site, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    async with reading(site.database_url, "posts"):
        builder = await connect(site.database_url)
        try:
            await builder.execute("SET statement_timeout = '100ms'")
            with pytest.raises(asyncpg.QueryCanceledError):
                await builder.execute("CREATE INDEX CONCURRENTLY ix_broken ON posts (title)")
        finally:
            await builder.close()
    with pytest.raises(CommandError, match="ix_broken"):
        await asyncio.to_thread(migrate, site.database_url)
    async with site.looking() as rows:
        await rows.execute("REINDEX INDEX CONCURRENTLY ix_broken")
    await asyncio.to_thread(migrate, site.database_url)


async def rows_of(site: Site, question: str, *arguments: str) -> int:
    async with site.looking() as rows:
        return int(await rows.fetchval(question, *arguments))
