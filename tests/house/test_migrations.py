"""Migrations go up, agree with the models, go down to nothing, and come up again."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from tests.support.db import ROOT, connect, migrate, run_sql, url_of
from tests.support.servers import ServerAddress

LEFT = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1"


@pytest.fixture
async def empty_database(postgres_server: ServerAddress) -> AsyncIterator[str]:
    name = f"warmline_migrations_{uuid4().hex}"
    await run_sql(postgres_server.url, f'CREATE DATABASE "{name}"')
    yield url_of(postgres_server.url, name)
    await run_sql(postgres_server.url, f'DROP DATABASE "{name}" WITH (FORCE)')


def config_for(url: str) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config


async def count_tables(url: str) -> int:
    connection = await connect(url)
    try:
        return int(await connection.fetchval(LEFT, "alembic_version"))
    finally:
        await connection.close()


async def test_they_go_up_and_down_and_up_again(empty_database: str) -> None:
    await asyncio.to_thread(migrate, empty_database)
    assert await count_tables(empty_database) > 0
    await asyncio.to_thread(command.downgrade, config_for(empty_database), "base")
    assert await count_tables(empty_database) == 0
    await asyncio.to_thread(migrate, empty_database)
    await asyncio.to_thread(command.check, config_for(empty_database))


async def test_a_difference_from_the_models_is_found(empty_database: str) -> None:
    await asyncio.to_thread(migrate, empty_database)
    await run_sql(empty_database, "ALTER TABLE members DROP COLUMN email")
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        await asyncio.to_thread(command.check, config_for(empty_database))
