from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.gateways.wakeups.live import RedisWakeups
from services.core.health import service as health
from services.core.health.types import CheckState, ProcessInfo
from services.core.kit.clock import FrozenClock, host_now
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.settings import RedisSettings, Settings
from tests.support.client import client_of
from tests.support.db import run_sql
from tests.support.servers import ServerAddress

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def worker(**changes: object) -> ProcessInfo:
    values = {"id": uuid4(), "kind": "worker", "host": "h", "pid": 1, "started_at": host_now()}
    return ProcessInfo(**(values | changes))


async def ready(client: httpx.AsyncClient) -> tuple[int, str, dict[str, str]]:
    response = await client.get("/readyz")
    body = response.json()
    states = {name: check["state"] for name, check in body["checks"].items()}
    return response.status_code, body["status"], states


async def test_a_process_lives_without_a_key_and_without_a_database() -> None:
    async with client_of(
        create_app(Settings(), database=Database(create_engine(NOWHERE)))
    ) as client:
        response = await client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


async def test_everything_well_is_ready(database: Database, valkey_server: ServerAddress) -> None:
    await health.beat(database, worker())
    settings = Settings(redis=RedisSettings(url=SecretStr(valkey_server.url)))
    app = create_app(settings, database=database)
    async with client_of(app) as client:
        status, word, states = await ready(client)
    await app.state.warmline.wakeups.close()
    assert (status, word) == (200, "ready")
    assert set(states.values()) == {"ok"}


async def test_without_redis_it_is_degraded_and_still_ready(
    anonymous: httpx.AsyncClient, database: Database
) -> None:
    await health.beat(database, worker())
    status, word, states = await ready(anonymous)
    assert (status, word) == (200, "degraded")
    assert states == {"redis": "degraded", "database": "ok", "schema": "ok", "worker": "ok"}


async def test_a_redis_that_does_not_answer_degrades(database: Database) -> None:
    settings = Settings(redis=RedisSettings(url=SecretStr("redis://127.0.0.1:1")))
    wakeups = RedisWakeups("redis://127.0.0.1:1")
    async with client_of(create_app(settings, database=database, wakeups=wakeups)) as client:
        _, word, states = await ready(client)
    await wakeups.close()
    assert word == "degraded"
    assert states["redis"] == "degraded"


async def test_a_worker_silent_for_a_quarter_of_a_minute_degrades(database: Database) -> None:
    clock = FrozenClock(host_now())
    frozen = Database(database.engine, clock)
    settings = Settings(redis=RedisSettings(url=SecretStr("redis://127.0.0.1:1")))
    async with client_of(
        create_app(settings, database=frozen, wakeups=RecordedWakeups())
    ) as client:
        assert (await ready(client))[2]["worker"] == "degraded"
        await health.beat(frozen, worker())
        assert (await ready(client))[1] == "ready"
        clock.advance(timedelta(seconds=16))
        assert (await ready(client))[2]["worker"] == "degraded"


async def test_a_process_of_another_kind_is_no_worker(database: Database) -> None:
    await health.beat(database, worker(kind="api"))
    _, checks = await health.examine(database)
    assert {check.name: check.state for check in checks}["worker"] is CheckState.DEGRADED


async def test_a_beat_renews_the_row_and_a_farewell_ends_it(database: Database) -> None:
    process = worker(report={"claimed": 1})
    await health.beat(database, process)
    await health.beat(database, process)
    assert (await health.read_totals(database)).workers_alive == 1
    await health.farewell(database, process)
    assert (await health.read_totals(database)).workers_alive == 0


async def test_processes_silent_for_a_day_are_forgotten(database: Database) -> None:
    clock = FrozenClock(host_now())
    frozen = Database(database.engine, clock)
    await health.beat(frozen, worker())
    clock.advance(timedelta(days=1, seconds=1))
    await health.beat(frozen, worker())
    async with frozen.system() as uow:
        assert (await uow.execute("SELECT count(*) FROM processes")).scalar_one() == 1


async def test_without_a_database_it_is_not_ready() -> None:
    async with client_of(
        create_app(Settings(), database=Database(create_engine(NOWHERE)))
    ) as client:
        status, word, states = await ready(client)
    assert (status, word) == (503, "unready")
    assert states["database"] == "failed"


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [
        ("UPDATE alembic_version SET version_num = 'next'", "degraded", "degraded"),
        ("DELETE FROM alembic_version", "failed", "unready"),
    ],
)
async def test_a_schema_of_another_release_is_told(
    anonymous: httpx.AsyncClient, database_url: str, change: str, state: str, word: str
) -> None:
    await run_sql(database_url, change)
    try:
        found = await ready(anonymous)
    finally:
        revision = health.expected_revision()
        await run_sql(
            database_url,
            "DELETE FROM alembic_version",
            f"INSERT INTO alembic_version VALUES ('{revision}')",
        )
    assert found[1] == word
    assert found[2]["schema"] == state
