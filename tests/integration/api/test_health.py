import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from services.api.main import create_app
from services.core.gateways.wakeups.live import RedisWakeups
from services.core.health import service as health
from services.core.health.types import AuditLimits, CheckState, ProcessInfo
from services.core.kit.clock import FrozenClock, host_now
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.settings import RedisSettings, Settings
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.client import client_of
from tests.support.db import connect, run_sql
from tests.support.queries import counted_queries
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


async def states_of(database: Database) -> dict[str, CheckState]:
    return {check.name: check.state for check in (await health.examine(database)).checks}


async def test_a_process_lives_without_a_key_and_without_a_database() -> None:
    async with client_of(
        create_app(Settings(), database=Database(create_engine(NOWHERE)))
    ) as client:
        response = await client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


async def test_everything_well_is_ready(database: Database, valkey_server: ServerAddress) -> None:
    await health.beat(database, worker())
    await health.look(database, AuditLimits())
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
    await health.look(database, AuditLimits())
    status, word, states = await ready(anonymous)
    assert (status, word) == (200, "degraded")
    assert states.pop("redis") == "degraded"
    assert states == {"database": "ok", "schema": "ok", "worker": "ok", "auditor": "ok"}


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
    assert (await states_of(frozen))["worker"] is CheckState.DEGRADED
    await health.beat(frozen, worker())
    assert (await states_of(frozen))["worker"] is CheckState.OK
    clock.advance(timedelta(seconds=16))
    assert (await states_of(frozen))["worker"] is CheckState.DEGRADED


async def test_an_auditor_that_fell_silent_degrades(database: Database) -> None:
    clock = FrozenClock(host_now())
    frozen = Database(database.engine, clock)
    await health.beat(frozen, worker())
    assert (await states_of(frozen))["auditor"] is CheckState.DEGRADED
    await health.look(frozen, AuditLimits(interval=10))
    clock.advance(timedelta(seconds=32))
    assert (await states_of(frozen))["auditor"] is CheckState.OK
    clock.advance(timedelta(seconds=1))
    assert (await states_of(frozen))["auditor"] is CheckState.DEGRADED


async def test_a_stage_that_stands_still_is_named(
    anonymous: httpx.AsyncClient, database: Database
) -> None:
    stages = {"intake": {"handled": 0, "failures": 0, "still": 41.0}}
    await health.beat(database, worker(report={"stages": stages}))
    await health.look(database, AuditLimits(stall=40))
    response = await anonymous.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert "h:1" in response.json()["checks"]["stage:intake"]["detail"]


async def test_the_ages_of_what_waits_are_told(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        channel = await make.add_channel(uow)
        long_ago = uow.now - timedelta(seconds=500)
        await make.add_journal(uow, source.id, received_at=uow.now - timedelta(seconds=100))
        # Held by a worker, so its next moment is ahead; it is the oldest all the same.
        held = {"received_at": long_ago, "next_at": uow.now + timedelta(hours=1), "token": 1}
        await make.add_journal(uow, source.id, **held)
        await make.add_timer(uow, uuid4(), uuid4(), fire_at=uow.now - timedelta(seconds=200))
        await make.add_outbox(
            uow, channel_id=channel.id, created_at=uow.now - timedelta(seconds=300)
        )
    ages = (await anonymous.get("/readyz")).json()["ages"]
    assert 500 <= ages["delivery"] < 600
    assert 200 <= ages["timer"] < 300
    assert 300 <= ages["outbox"] < 400


async def test_what_a_channel_that_is_off_holds_is_not_late(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        channel = await make.add_channel(uow, enabled=False)
        await make.add_outbox(
            uow, channel_id=channel.id, created_at=uow.now - timedelta(seconds=300)
        )
    assert (await anonymous.get("/readyz")).json()["ages"]["outbox"] == 0


async def test_asking_often_looks_once_a_second_at_most(
    anonymous: httpx.AsyncClient, database: Database
) -> None:
    await anonymous.get("/readyz")
    with counted_queries(database) as sent:
        await anonymous.get("/readyz")
    assert not sent


async def test_a_database_that_swallows_questions_is_told_in_time(
    database: Database, database_url: str
) -> None:
    """A table is locked, as a hanging disk would; the answer does not wait for it."""
    locking = await connect(database_url)
    try:
        async with locking.transaction(), client_of(create_app(Settings(), database=database)) as c:
            await locking.execute("LOCK TABLE processes IN ACCESS EXCLUSIVE MODE")
            async with asyncio.timeout(10):
                status, word, states = await ready(c)
    finally:
        await locking.close()
    assert (status, word, states["database"]) == (503, "unready", "failed")


async def test_a_process_of_another_kind_is_no_worker(database: Database) -> None:
    await health.beat(database, worker(kind="api"))
    assert (await states_of(database))["worker"] is CheckState.DEGRADED


async def test_a_beat_renews_the_row_and_a_farewell_ends_it(database: Database) -> None:
    process = worker(report={"claimed": 1})
    await health.beat(database, process)
    await health.beat(database, process)
    assert await health.count_alive(database) == 1
    await health.farewell(database, process)
    assert await health.count_alive(database) == 0


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
