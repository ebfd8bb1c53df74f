"""Months of raw deliveries come and go by themselves, on a database of the test's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.core.intake import service as intake
from services.core.kit import ids
from services.core.kit.clock import FrozenClock
from services.core.kit.db import ConnectionLimits, create_engine
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from tests.support.db import cloned_database, connect
from tests.support.factories import comment, incoming, make_source
from tests.support.servers import ServerAddress

KEEP = timedelta(days=90)
START = datetime(2027, 3, 15, tzinfo=UTC)
PARTITIONS = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'deliveries'::regclass ORDER BY relname
"""


class House:
    """An empty installation whose database time the test moves."""

    def __init__(self, database: Database, clock: FrozenClock, rows: asyncpg.Connection) -> None:
        self.database = database
        self.clock = clock
        self.rows = rows

    async def partitions(self) -> list[str]:
        return [row["relname"] for row in await self.rows.fetch(PARTITIONS)]

    async def upkeep(self) -> list[date]:
        """What the worker's stage does."""
        await intake.ensure_partitions(self.database)
        dropped = await intake.drop_old(self.database, KEEP)
        while await intake.forget_old(self.database, KEEP):
            pass
        return dropped

    async def deliver(self, at: datetime, state: str = "processed") -> UUID:
        """One delivery that came in then, and came to this state."""
        source = (await self.rows.fetchrow("SELECT workspace_id, id FROM sources")) or {}
        async with self.database.unit(source["workspace_id"]) as uow:
            (receipt,) = await intake.accept(uow, [incoming(source["id"], comment())])
        found, moved = receipt.delivery_id, _id_at(at)
        for table, column in (("deliveries", "id"), ("journal", "delivery_id")):
            await self.rows.execute(
                f"UPDATE {table} SET {column} = $1, received_at = $2 WHERE {column} = $3",
                moved,
                at,
                found,
            )
        await self.rows.execute(
            "UPDATE journal SET state = $1 WHERE delivery_id = $2", state, moved
        )
        await self.rows.execute(
            "UPDATE delivery_keys SET delivery_id = $1, seen_at = $2 WHERE delivery_id = $3",
            moved,
            at,
            found,
        )
        return moved

    async def count(self, table: str) -> int:
        return int(await self.rows.fetchval(f"SELECT count(*) FROM {table}"))


def _id_at(moment: datetime) -> UUID:
    return UUID(int=ids.first_id_at(moment).int | uuid4().int & 0xFFFF_FFFF)


@asynccontextmanager
async def opened_house(server: str, template: str) -> AsyncIterator[House]:
    async with cloned_database(server, template) as url:
        rows, clock = await connect(url), FrozenClock(START)
        limits = ConnectionLimits(lock_timeout_ms=500)
        database = Database(create_engine(url, limits=limits, pool_size=2), clock)
        try:
            brand = await workspaces.create_workspace(database, "Brand", slug="brand")
            await make_source(database, brand.id)
            yield House(database, clock, rows)
        finally:
            await rows.close()
            await database.close()


@pytest.fixture
async def house(postgres_server: ServerAddress, template_database: str) -> AsyncIterator[House]:
    async with opened_house(postgres_server.url, template_database) as opened:
        yield opened


async def test_there_is_room_for_this_month_and_two_more(house: House) -> None:
    await house.upkeep()
    expected = ["deliveries_202703", "deliveries_202704", "deliveries_202705"]
    assert set(expected) <= set(await house.partitions())
    house.clock.advance(timedelta(days=31))
    await house.upkeep()
    assert "deliveries_202706" in await house.partitions()
    indexes = await house.rows.fetchval(
        "SELECT count(*) FROM pg_index WHERE indrelid = 'deliveries_202706'::regclass"
    )
    assert indexes == 2


async def test_a_month_is_made_while_others_read_and_write_the_table(house: House) -> None:
    """An open transaction that has read and written deliveries does not hold a new month up.

    Only the default partition must be free, and nobody's rows are there.
    """
    reader = house.rows
    async with reader.transaction():
        await reader.execute("SELECT * FROM ONLY deliveries")
        await reader.execute("LOCK TABLE ONLY deliveries IN ROW EXCLUSIVE MODE")
        await intake.ensure_partitions(house.database)
        assert "deliveries_202705" in await house.partitions()


async def test_two_workers_make_one_month(house: House) -> None:
    both = (intake.ensure_partitions(house.database) for _ in range(2))
    ended = await asyncio.gather(*both, return_exceptions=True)
    # The second may have found the first one slow, and tries again later.
    assert {type(one) for one in ended} <= {type(None), UnavailableError}
    await intake.ensure_partitions(house.database)
    assert "deliveries_202705" in await house.partitions()


async def test_what_came_before_its_month_had_a_place_moves_into_it(house: House) -> None:
    strayed = await house.deliver(START + timedelta(days=200))
    assert await house.count("deliveries_default") == 1
    house.clock.at = START + timedelta(days=200)
    await intake.ensure_partitions(house.database)
    assert await house.count("deliveries_default") == 0
    assert await house.rows.fetchval("SELECT id FROM deliveries_202710") == strayed


async def test_a_month_goes_90_days_after_its_end_with_all_that_was_known_of_it(
    house: House,
) -> None:
    await house.upkeep()
    old = await house.deliver(START)
    young = await house.deliver(START + timedelta(days=40))
    # March ends, and 90 days after its last day it is still there.
    house.clock.at = datetime(2027, 6, 29, 23, 59, tzinfo=UTC)
    await house.upkeep()
    assert "deliveries_202703" in await house.partitions()
    assert await house.count("journal") == 2
    house.clock.at = datetime(2027, 6, 30, 0, 1, tzinfo=UTC)
    assert date(2027, 3, 1) in await house.upkeep()
    assert "deliveries_202703" not in await house.partitions()
    kept = await house.rows.fetch("SELECT delivery_id FROM journal")
    assert [row["delivery_id"] for row in kept] == [young] != [old]
    # The ids of events are kept 90 days from when they were seen.
    assert await house.count("delivery_keys") == 2
    assert await house.upkeep() == []


async def test_ids_are_known_for_90_days_however_short_bodies_are_kept(house: House) -> None:
    await house.deliver(START)
    house.clock.at = START + timedelta(days=89)
    await intake.forget_old(house.database, timedelta(days=1))
    assert await house.count("delivery_keys") == 2
    house.clock.at = START + timedelta(days=90, seconds=1)
    await intake.forget_old(house.database, timedelta(days=1))
    assert await house.count("delivery_keys") == 0


@pytest.mark.parametrize("state", ["pending", "quarantined"])
async def test_a_month_in_which_something_is_unfinished_stays(house: House, state: str) -> None:
    await house.upkeep()
    await house.deliver(START, state=state)
    house.clock.advance(timedelta(days=200))
    assert date(2027, 3, 1) not in await house.upkeep()
    assert await house.count("deliveries_202703") == 1
    assert await house.count("journal") == 1
    await house.rows.execute("UPDATE journal SET state = 'processed'")
    assert date(2027, 3, 1) in await house.upkeep()
    assert await house.count("journal") == 0


async def test_dropping_gives_way_to_who_reads_and_is_tried_again(house: House) -> None:
    await house.upkeep()
    house.clock.advance(timedelta(days=200))
    async with house.rows.transaction():
        await house.rows.execute("SELECT * FROM deliveries")
        with pytest.raises(UnavailableError):
            await intake.drop_old(house.database, KEEP)
    assert date(2027, 3, 1) in await intake.drop_old(house.database, KEEP)
