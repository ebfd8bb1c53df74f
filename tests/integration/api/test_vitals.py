"""How a community does is told to Prometheus by whoever may know of it, and to nobody else."""

from collections.abc import Mapping

import httpx
import pytest

from services.api.main import create_app
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.metrics import service as metrics
from services.core.settings import MetricsSettings, Settings
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope
from tests.support.client import client_of, make_key
from tests.support.line import Line, comment, reply

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
FAMILIES = ("warmline_attainment", "warmline_reply_rate", "warmline_negative_share")


@pytest.fixture
async def told(line: Line) -> Line:
    await line.hear(comment("c1"))
    await line.hear(reply("r1", "c1", minutes=30))
    await line.tick(3 * 60)
    await metrics.catch_up(line.database, line.workspace_id, zone="UTC")
    return line


async def vitals(
    database: Database, key: str | None, *, open_to_all: bool = True, workspaces: bool = False
) -> Mapping[str, float]:
    settings = Settings(metrics=MetricsSettings(open=open_to_all, workspaces=workspaces))
    async with client_of(create_app(settings, database=database), key) as client:
        text = await read(client)
    lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith(FAMILIES)]
    # Boards and rules find the families even where nothing is told.
    assert all(f"# TYPE {family} gauge" in text for family in FAMILIES)
    return {name: float(value) for name, _, value in lines}


async def read(client: httpx.AsyncClient) -> str:
    response = await client.get("/metrics")
    assert response.status_code == 200, response.text
    return response.text


async def test_a_key_is_told_of_its_own_workspace_alone(told: Line) -> None:
    other = await workspaces.create_workspace(told.database, "Other", slug="other")
    mine = await make_key(told.database, told.workspace_id, Scope.METRICS)
    theirs = await make_key(told.database, other.id, Scope.METRICS)
    reader = await make_key(told.database, told.workspace_id, Scope.READ)
    for open_to_all in (True, False):
        found = await vitals(told.database, mine, open_to_all=open_to_all)
        labels = f'day="today",tier="all",workspace="{told.workspace_id}"'
        assert {name: found[f"{name}{{{labels}}}"] for name in FAMILIES} == {
            "warmline_attainment": 1,
            "warmline_reply_rate": 1,
            "warmline_negative_share": 1,
        }
        assert f"warmline_attainment{{{labels.replace('all', 'urgent')}}}" in found
        assert await vitals(told.database, theirs, open_to_all=open_to_all) == {}
    assert await vitals(told.database, None) == await vitals(told.database, reader) == {}


async def test_whoever_may_read_is_told_of_all_where_the_settings_say_so(told: Line) -> None:
    found = await vitals(told.database, None, workspaces=True)
    assert found
    assert all(str(told.workspace_id) in name for name in found)


async def test_they_are_left_out_while_the_database_is_away(told: Line) -> None:
    key = await make_key(told.database, told.workspace_id, Scope.METRICS)
    away = Database(create_engine(NOWHERE))
    assert await vitals(away, key) == await vitals(away, None, workspaces=True) == {}
