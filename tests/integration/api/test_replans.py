"""Re-planning over the API: the look, the confirmation, the progress."""

from typing import Any

import httpx
import pytest

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.desk import replanning
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Workspace
from tests.support import rows as make

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture
async def story(database: Database, workspace: Workspace) -> Any:
    """A comment that deserves a reply, folded into a case with its promises."""
    return await add_open_case(database, workspace)


async def add_open_case(database: Database, workspace: Workspace) -> Any:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow)
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
    return story


async def default_policy_of(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> dict[str, Any]:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
    return await default_policy(api)


async def default_policy(api: httpx.AsyncClient) -> dict[str, Any]:
    policies: list[dict[str, Any]] = (await api.get("/v1/policies")).json()["items"]
    return next(policy for policy in policies if policy["is_default"])


async def hasten(api: httpx.AsyncClient) -> str:
    """Save the default policy with an hour for everything; returns its id."""
    policy = await default_policy(api)
    hour = {
        "first_response_seconds": 3600,
        "next_response_seconds": 3600,
        "resolution_seconds": 7200,
    }
    body = {"name": policy["name"], "targets": dict.fromkeys(policy["targets"], hour)}
    response = await api.put(f"/v1/policies/{policy['id']}", json=body)
    assert response.status_code == 200, response.text
    return str(policy["id"])


@pytest.mark.usefixtures("story")
async def test_a_re_plan_is_looked_at_started_and_done(
    api: httpx.AsyncClient, database: Database
) -> None:
    policy_id = await hasten(api)
    found = (await api.get(f"/v1/policies/{policy_id}/replan")).json()
    assert found["cases"] == found["looked_at"]
    assert found["later_seconds"] == 0
    response = await api.post(
        f"/v1/policies/{policy_id}/replan", json={"confirm_late": found["late"]}
    )
    assert response.status_code == 202, response.text
    assert response.json()["state"] == "waiting"
    await replanning.carry_on(database)
    (done,) = (await api.get(f"/v1/policies/{policy_id}/replans")).json()["items"]
    assert (done["state"], done["done"]) == ("done", found["cases"])
    assert done["finished_at"] is not None


async def test_a_foreign_policy_is_not_found(api: httpx.AsyncClient, workspace: Workspace) -> None:
    foreign = f"/v1/policies/{workspace.id}"
    for response in (
        await api.get(f"{foreign}/replan"),
        await api.post(f"{foreign}/replan"),
        await api.get(f"{foreign}/replans"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.usefixtures("story")
async def test_a_wrong_confirmation_is_refused_with_the_field(api: httpx.AsyncClient) -> None:
    policy = await default_policy(api)
    response = await api.post(f"/v1/policies/{policy['id']}/replan", json={"confirm_late": -1})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/confirm_late"


async def test_a_changed_calendar_moves_open_promises_when_asked_to(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    always = {name: [{"start": "00:00", "end": "24:00"}] for name in DAYS}
    body = {"name": "Desk", "zone": "Asia/Shanghai", "week": always}
    calendar = (await api.post("/v1/calendars", json=body)).json()
    policy = await default_policy_of(api, database, workspace)
    saved = {"name": policy["name"], "targets": policy["targets"], "calendar_id": calendar["id"]}
    assert (await api.put(f"/v1/policies/{policy['id']}", json=saved)).status_code == 200
    await add_open_case(database, workspace)
    path = f"/v1/calendars/{calendar['id']}"
    half = {name: [{"start": "00:00", "end": "12:00"}] for name in DAYS}
    assert (await api.put(path, json=body | {"week": half})).status_code == 200

    found = (await api.get(f"{path}/replan")).json()
    assert (found["cases"], found["clocks"] > 0, found["later_seconds"] > 0) == (1, True, True)
    response = await api.post(f"{path}/replan", json={"confirm_late": found["late"]})
    assert response.status_code == 202, response.text
    (started,) = response.json()["items"]
    assert (started["policy_id"], started["total"]) == (policy["id"], 1)
    await replanning.carry_on(database)
    assert (await api.get(f"{path}/replan")).json()["clocks"] == 0


async def test_a_calendar_nobody_counts_in_moves_nothing(api: httpx.AsyncClient) -> None:
    week = {"monday": [{"start": "09:00", "end": "18:00"}]}
    body = {"name": "Spare", "zone": "Asia/Shanghai", "week": week}
    calendar = (await api.post("/v1/calendars", json=body)).json()
    response = await api.post(f"/v1/calendars/{calendar['id']}/replan")
    assert (response.status_code, response.json()["items"]) == (202, [])


async def test_a_foreign_calendar_is_not_found(
    api: httpx.AsyncClient, workspace: Workspace
) -> None:
    foreign = f"/v1/calendars/{workspace.id}/replan"
    assert (await api.get(foreign)).status_code == 404
    assert (await api.post(foreign)).status_code == 404
