"""The test clock over HTTP: off by default, and nobody's but a sandbox's."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.sandbox import service as sandbox
from services.core.sandbox.clock import clock_for
from services.core.settings import SandboxSettings, Settings
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key

CLOCK = "/v1/sandbox/clock"
DAY = 86_400


@pytest.fixture
async def playground(
    database: Database, workspace: Workspace, wakeups: RecordedWakeups
) -> AsyncIterator[httpx.AsyncClient]:
    """An installation with sandboxes; `workspace` is none until it is made one."""
    drifting = Database(database.engine, clock_for(sandboxes=True))
    settings = Settings(sandbox=SandboxSettings(enabled=True))
    app = create_app(settings, database=drifting, wakeups=wakeups)
    async with client_of(app, await make_key(database, workspace.id)) as client:
        yield client


async def make_sandbox(database: Database, workspace: Workspace) -> None:
    async with database.unit(workspace.id) as uow:
        await sandbox.make_sandbox(uow)


def moment(clock: dict[str, Any], name: str = "now") -> datetime:
    return datetime.fromisoformat(clock[name])


async def test_it_is_not_there_unless_the_installation_says_so(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await make_sandbox(database, workspace)
    for answer in (await api.get(CLOCK), await api.post(CLOCK, json={"advance_seconds": 1})):
        assert (answer.status_code, answer.json()["code"]) == (404, "sandbox.off")


async def test_where_it_is_off_a_sandbox_lives_in_everybodys_time(
    playground: httpx.AsyncClient, api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await make_sandbox(database, workspace)
    moved = (await playground.post(CLOCK, json={"advance_seconds": DAY})).json()
    assert moment((await playground.get("/v1/summary")).json(), "as_of") >= moment(moved)
    assert moment((await api.get("/v1/summary")).json(), "as_of") < moment(moved)


async def test_a_real_workspace_has_everybodys_time(playground: httpx.AsyncClient) -> None:
    for answer in (
        await playground.get(CLOCK),
        await playground.post(CLOCK, json={"advance_seconds": 1}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "sandbox.real_workspace")


async def test_a_sandbox_is_moved_by_seconds_or_to_a_moment_and_only_forward(
    playground: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    wakeups: RecordedWakeups,
) -> None:
    await make_sandbox(database, workspace)
    began = (await playground.get(CLOCK)).json()
    assert (began["ahead_seconds"], began["now"]) == (0, began["real_now"])
    moved = (await playground.post(CLOCK, json={"advance_seconds": DAY})).json()
    assert moved["ahead_seconds"] == DAY
    assert moment(moved) - moment(moved, "real_now") == timedelta(days=1)
    assert "sla" in wakeups.woken
    further = moment(moved) + timedelta(hours=1)
    there = (await playground.post(CLOCK, json={"now": further.isoformat()})).json()
    assert moment(there) == further
    back = await playground.post(CLOCK, json={"now": began["now"]})
    assert (back.status_code, back.json()["code"]) == (409, "sandbox.backwards")
    assert (await playground.get(CLOCK)).json()["ahead_seconds"] == there["ahead_seconds"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"now": "2099-01-01T00:00:00Z"},
        {"now": "2026-12-01T00:00:00Z", "advance_seconds": 1},
        {"advance_seconds": -1},
        {"advance_seconds": 400 * DAY},
        {"advance_seconds": 1.5},
    ],
)
async def test_a_move_that_says_nothing_or_too_much_is_refused(
    playground: httpx.AsyncClient, database: Database, workspace: Workspace, body: dict[str, Any]
) -> None:
    await make_sandbox(database, workspace)
    assert (await playground.post(CLOCK, json=body)).status_code == 422
    assert (await playground.get(CLOCK)).json()["ahead_seconds"] == 0


async def test_keys_and_secrets_live_by_everybodys_time(
    playground: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    """A year ahead, a key made for an hour still opens, and one that is revoked is dead at once."""
    await make_sandbox(database, workspace)
    await playground.post(CLOCK, json={"advance_seconds": 365 * DAY})
    clock = (await playground.get(CLOCK)).json()
    soon = (moment(clock, "real_now") + timedelta(hours=1)).isoformat()
    body = {"name": "an hour", "scopes": ["read"], "expires_at": soon}
    made = await playground.post("/v1/keys", json=body)
    assert made.status_code == 201, made.text
    assert moment(made.json(), "created_at") < moment(clock)
    caller = await workspaces.authenticate(database, made.json()["key"])
    assert caller.may(Scope.READ)
    assert (await playground.delete(f"/v1/keys/{made.json()['id']}")).status_code == 204
    (listed,) = [
        key
        for key in (await playground.get("/v1/keys")).json()["items"]
        if key["id"] == made.json()["id"]
    ]
    assert moment(listed, "revoked_at") < moment(clock)
