"""Two worlds beside each other, made once a test process and put back for every test that asks."""

from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy import Table

from services.core.kit.uow import Database
from services.core.models import Base
from tests.support.worlds import World, make_world

# References, row-level security and what fires on rows were all kept when the rows were made.
_AS_THEY_WERE = "SET LOCAL session_replication_role = replica; SET LOCAL TimeZone = 'UTC'; "


@dataclass(slots=True)
class Kept:
    """What is made by the first test that asks, and the SQL that puts it back for the others."""

    pair: tuple[World, World] | None = None
    rows: str = ""


async def all_rows(connection: asyncpg.Connection) -> str:
    """SQL that fills an empty database with every row this one holds."""
    tables = {table.name: _written(table) for table in Base.metadata.sorted_tables}
    asked = " UNION ALL ".join(
        f"SELECT '{name}', array_agg(kept)::text FROM {name} AS kept" for name in tables
    )
    return _AS_THEY_WERE + "".join(
        f"INSERT INTO {name} ({tables[name]}) OVERRIDING SYSTEM VALUE SELECT {tables[name]}"
        f" FROM unnest($kept${rows}$kept$::{name}[]); "
        for name, rows in await connection.fetch(asked)
        if rows is not None
    )


def _written(table: Table) -> str:
    """Its columns, but for those that Postgres itself makes of others."""
    return ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)


@pytest.fixture(scope="session")
def _kept_pair() -> Kept:
    return Kept()


@pytest.fixture
async def _pair(
    database: Database, superuser: asyncpg.Connection, _kept_pair: Kept
) -> tuple[World, World]:
    if _kept_pair.pair is None:
        _kept_pair.pair = await make_world(database, "Theirs"), await make_world(database, "Mine")
        _kept_pair.rows = await all_rows(superuser)
    else:
        await superuser.execute(_kept_pair.rows)
    return _kept_pair.pair


@pytest.fixture
def theirs(_pair: tuple[World, World]) -> World:
    return _pair[0]


@pytest.fixture
def mine(_pair: tuple[World, World]) -> World:
    return _pair[1]
