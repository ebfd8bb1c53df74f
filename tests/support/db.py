"""Databases for tests: migrated once by Alembic, cloned, and emptied between tests."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.models import Base
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.fact_checks import ANNOUNCED, undeclared
from tests.support.servers import ServerAddress

ROOT = Path(__file__).parents[2]
# Far faster than TRUNCATE, which makes a new file for each table and index. Our code commits by
# itself, so a savepoint around a test would not be the truth.
EMPTY = "SET LOCAL session_replication_role = replica; " + "".join(
    f"DELETE FROM {table.name}; " for table in Base.metadata.sorted_tables
)


def url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def migrate(url: str, revision: str = "head") -> None:
    """Run the real migrations; from a thread, because Alembic's environment runs its own loop."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url)


async def run_sql(url: str, *statements: str) -> None:
    connection = await connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def cloned_database(server: str, template: str) -> AsyncIterator[str]:
    """A database of one's own with the schema, for whoever starts processes on it: its address."""
    name = f"warmline_{uuid4().hex}"
    await run_sql(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield url_of(server, name)
    finally:
        await run_sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def template_database(postgres_server: ServerAddress) -> AsyncIterator[str]:
    """The name of a migrated database nobody is connected to."""
    name = f"warmline_template_{os.getpid()}_{uuid4().hex[:8]}"
    await run_sql(postgres_server.url, f'CREATE DATABASE "{name}"')
    await asyncio.to_thread(migrate, url_of(postgres_server.url, name))
    yield name
    await run_sql(postgres_server.url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def database_url(
    postgres_server: ServerAddress, template_database: str
) -> AsyncIterator[str]:
    """A superuser's address of the database the tests of this process share."""
    async with cloned_database(postgres_server.url, template_database) as url:
        yield url


@pytest.fixture(scope="session")
async def superuser(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def _engine_database(database_url: str) -> AsyncIterator[Database]:
    database = Database(create_engine(database_url, pool_size=20))
    yield database
    await database.close()


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, _engine_database: Database, superuser: asyncpg.Connection
) -> AsyncIterator[Database]:
    """An empty, migrated database, entered as the role of everyday work.

    Facts announced in it must be as the catalogue promises, in every test that makes up none.
    """
    await superuser.execute(EMPTY)
    # A new one each time: what is remembered about keys and sources is remembered by database.
    yield Database(_engine_database.engine)
    if request.node.get_closest_marker("made_up_facts") is None:
        announced = await superuser.fetch(ANNOUNCED)
        broken = undeclared(tuple(row) for row in announced)
        assert not broken, "\n".join(broken)


@pytest.fixture
async def workspace(database: Database) -> Workspace:
    return await workspaces.create_workspace(database, "Test brand", slug="test-brand")
