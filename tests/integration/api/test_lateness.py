"""How late the product is, and a paused channel taken up again, over HTTP."""

from datetime import datetime, timedelta

import httpx
import pytest

from services.core.alerts import service as alerts
from services.core.gateways.channels.fake import FakeGateway
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.alerts import Desk

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)


async def test_an_objective_nobody_has_missed_yet_is_met(api: httpx.AsyncClient) -> None:
    told = (await api.get("/v1/lateness")).json()
    assert (told["percent"], told["seconds"]) == (99.0, 60)
    assert (told["rate"], told["met"], told["channels"]) == (None, True, [])


async def test_what_waits_too_long_is_told_by_channel_and_tier(
    api: httpx.AsyncClient, desk: Desk
) -> None:
    """The desk lives an hour ago: what it raised has waited since."""
    desk.clock.at = await real_now(desk) - MINUTE * 60
    channel = await desk.webhook()
    await desk.raised(due_at=desk.clock.at, fire_at=desk.clock.at)
    told = (await api.get("/v1/lateness", params={"minutes": 5})).json()
    (row,) = told["channels"]
    assert (row["channel_id"], row["tier"], row["overdue"]) == (str(channel.id), "urgent", 1)
    assert told["met"] is False


@pytest.mark.parametrize("minutes", [0, 1441])
async def test_a_window_has_bounds(api: httpx.AsyncClient, minutes: int) -> None:
    assert (await api.get("/v1/lateness", params={"minutes": minutes})).status_code == 422


async def test_a_paused_channel_says_why_and_is_taken_up_again(
    api: httpx.AsyncClient, desk: Desk
) -> None:
    channel = await desk.webhook()
    await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.pause_channel(uow, channel.id, "Tired.")
    path = f"/v1/channels/{channel.id}"
    answer = await api.post(f"{path}/resume")
    assert answer.status_code == 200, answer.text
    gateway = FakeGateway()
    await alerts.send_due(desk.database, {"webhook": gateway})
    assert [one.message["type"] for one in gateway.parcels] == ["alert.firing"]
    assert (
        await api.post("/v1/channels/01936f00-0000-7000-8000-000000000000/resume")
    ).status_code == 404


async def real_now(desk: Desk) -> datetime:
    async with Database(desk.database.engine).read(desk.workspace_id) as uow:
        return uow.real_now
