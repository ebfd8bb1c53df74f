"""Alerts over HTTP: reading, acting, the delivery log and the dead."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.alerts import service as alerts
from services.core.alerts.types import Alert
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit import ids
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace
from tests.support.alerts import NOON, Desk
from tests.support.client import client_of, make_key


@pytest.fixture
def database(database: Database) -> Database:
    """The API lives at the desk's moment, whatever day it is here."""
    return Database(database.engine, FrozenClock(NOON))


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)


async def send(desk: Desk, *answers: Answer) -> None:
    gateway = FakeGateway(answers)
    await alerts.send_due(desk.database, {"webhook": gateway, "console": gateway})


async def ids_of(api: httpx.AsyncClient, **query: Any) -> list[str]:
    response = await api.get("/v1/alerts", params=query)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_an_alert_says_what_it_is_about(api: httpx.AsyncClient, desk: Desk) -> None:
    await desk.webhook()
    desk.clock.at = NOON.replace(minute=2)
    alert = await desk.raised(percent=150)
    response = await api.get(f"/v1/alerts/{alert.id}")
    said = response.json()
    assert response.status_code == 200
    assert {key: said[key] for key in ("step", "severity", "tier", "state", "clock_kind")} == {
        "step": 150,
        "severity": "escalation",
        "tier": "urgent",
        "state": "firing",
        "clock_kind": "first_response",
    }
    assert said["case_id"] == str(alert.case_id)
    assert said["group_key"] == f"case:{alert.case_id}"
    assert said["late_by_seconds"] == 120
    assert said["resolved_at"] is said["acknowledged_by"] is None
    assert said["ladder"]["name"] == "default"


async def test_the_list_filters_and_pages(api: httpx.AsyncClient, desk: Desk) -> None:
    made = [str((await desk.raised(percent=percent)).id) for percent in (80, 100, 100)][::-1]
    assert await ids_of(api) == made
    assert await ids_of(api, severity="warning") == made[2:]
    assert await ids_of(api, state="resolved") == []
    first = (await api.get("/v1/alerts", params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == made[:2]
    rest = (await api.get("/v1/alerts", params={"cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in rest["items"]] == made[2:]
    assert rest["next_cursor"] is None


async def test_a_bad_filter_or_cursor_is_refused(api: httpx.AsyncClient) -> None:
    assert code(await api.get("/v1/alerts?state=loud")) == (422, "invalid_request")
    assert code(await api.get("/v1/alerts?cursor=abc")) == (422, "invalid_cursor")
    assert code(await api.get("/v1/dead-letters?cursor=abc")) == (422, "invalid_cursor")


async def test_acknowledging_answers_for_the_case(api: httpx.AsyncClient, desk: Desk) -> None:
    case_id = ids.new_id()
    first, second = await desk.raised(case_id=case_id), await desk.raised(case_id=case_id)
    response = await api.post(f"/v1/alerts/{first.id}/acknowledge", json={"note": "mine"})
    assert response.status_code == 200
    said = response.json()
    assert (said["state"], said["note"], said["acknowledged_by"]) == (
        "acknowledged",
        "mine",
        "test",
    )
    assert said["acknowledged_at"]
    assert (await api.get(f"/v1/alerts/{second.id}")).json()["state"] == "acknowledged"


async def test_acts_need_no_body(api: httpx.AsyncClient, desk: Desk) -> None:
    alert = await desk.raised()
    for act, state in (
        ("acknowledge", "acknowledged"),
        ("renotify", "acknowledged"),
        ("resolve", "resolved"),
        ("resolve", "resolved"),
    ):
        response = await api.post(f"/v1/alerts/{alert.id}/{act}")
        assert (response.status_code, response.json()["state"]) == (200, state)
    said = (await api.get(f"/v1/alerts/{alert.id}")).json()
    assert (said["resolution"], said["resolved_by"]) == ("by hand", "test")


async def test_a_resolved_alert_is_not_sent_again(api: httpx.AsyncClient, desk: Desk) -> None:
    alert = await desk.raised()
    await api.post(f"/v1/alerts/{alert.id}/resolve")
    refused = await api.post(f"/v1/alerts/{alert.id}/renotify")
    assert code(refused) == (409, "alerts.resolved")


async def test_renotifying_wakes_the_senders(
    api: httpx.AsyncClient, desk: Desk, wakeups: RecordedWakeups
) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await api.post(f"/v1/alerts/{alert.id}/renotify")
    assert "alerts" in wakeups.woken


async def test_the_delivery_log_tells_every_attempt(api: httpx.AsyncClient, desk: Desk) -> None:
    await desk.webhook("ops")
    alert = await desk.raised()
    await send(desk, Answer(status_code=503, detail="busy"))
    (entry,) = (await api.get(f"/v1/alerts/{alert.id}/deliveries")).json()["items"]
    assert (entry["state"], entry["purpose"], entry["channel_name"]) == (
        "pending",
        "firing",
        "ops",
    )
    assert (entry["waits_for"], entry["waits_until"]) == ("retry", entry["next_at"])
    (attempt,) = entry["attempts"]
    assert (attempt["outcome"], attempt["status_code"], attempt["detail"]) == (
        "retryable",
        503,
        "busy",
    )


async def dead_letter(api: httpx.AsyncClient, desk: Desk) -> tuple[Alert, str]:
    await desk.webhook()
    alert = await desk.raised()
    await send(desk, Answer(status_code=410))
    (letter,) = (await api.get("/v1/dead-letters")).json()["items"]
    assert (letter["state"], letter["next_at"]) == ("dead", None)
    return alert, letter["id"]


async def test_a_dead_letter_is_redriven(api: httpx.AsyncClient, desk: Desk) -> None:
    alert, letter_id = await dead_letter(api, desk)
    done = await api.post(f"/v1/dead-letters/{letter_id}/redrive")
    assert (done.status_code, done.json()) == (200, {"queued": 1, "cancelled": 0})
    assert (await api.get("/v1/dead-letters")).json()["items"] == []
    await send(desk)
    assert await desk.states(alert) == ["firing sent"]
    assert code(await api.post(f"/v1/dead-letters/{letter_id}/redrive")) == (404, "not_found")


async def test_all_dead_letters_are_redriven_at_once(api: httpx.AsyncClient, desk: Desk) -> None:
    alert, _ = await dead_letter(api, desk)
    assert (await api.post("/v1/dead-letters/redrive")).json() == {"queued": 1, "cancelled": 0}
    assert await desk.states(alert) == ["firing pending"]


async def test_dead_letters_of_a_channel_or_a_time_are_redriven(
    api: httpx.AsyncClient, desk: Desk
) -> None:
    await dead_letter(api, desk)
    (letter,) = (await api.get("/v1/dead-letters")).json()["items"]
    written = datetime.fromisoformat(letter["created_at"])
    path, a_second = "/v1/dead-letters/redrive", timedelta(seconds=1)
    missed = [
        {"since": (written + a_second).isoformat()},
        {"until": written.isoformat()},
        {"channel_id": letter["channel_id"], "until": (written - a_second).isoformat()},
    ]
    for body in missed:
        assert (await api.post(path, json=body)).json()["queued"] == 0, body
    nobodys = await api.post(path, json={"channel_id": str(uuid4())})
    assert code(nobodys) == (404, "not_found")
    body = {"channel_id": letter["channel_id"], "since": written.isoformat()}
    assert (await api.post(path, json=body)).json() == {"queued": 1, "cancelled": 0}


async def test_dead_letters_are_paged_and_filtered(api: httpx.AsyncClient, desk: Desk) -> None:
    channel = await desk.webhook()
    for _ in range(3):
        await desk.raised()
    await send(desk, *[Answer(status_code=404)] * 3)
    first = (await api.get("/v1/dead-letters", params={"limit": 2})).json()
    rest = (await api.get("/v1/dead-letters", params={"cursor": first["next_cursor"]})).json()
    seen = [item["id"] for item in first["items"] + rest["items"]]
    assert (len(seen), seen) == (3, sorted(seen, reverse=True))
    for channel_id, count in ((channel.id, 3), (uuid4(), 0)):
        query = {"channel_id": str(channel_id)}
        assert len((await api.get("/v1/dead-letters", params=query)).json()["items"]) == count


async def test_another_workspaces_alert_is_not_found(
    api: httpx.AsyncClient, database: Database
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    alert = await Desk(database, other).raised()
    assert code(await api.get(f"/v1/alerts/{alert.id}")) == (404, "not_found")
    assert code(await api.get(f"/v1/alerts/{alert.id}/deliveries")) == (404, "not_found")
    for act in ("acknowledge", "resolve", "renotify"):
        assert code(await api.post(f"/v1/alerts/{alert.id}/{act}")) == (404, "not_found")
    assert await ids_of(api) == []


async def test_reading_is_not_working(
    app: Any, database: Database, workspace: Workspace, desk: Desk
) -> None:
    alert = await desk.raised()
    key = await make_key(database, workspace.id, Scope.READ)
    async with client_of(app, key) as reader:
        assert (await reader.get("/v1/alerts")).status_code == 200
        for path in (f"/v1/alerts/{alert.id}/acknowledge", "/v1/dead-letters/redrive"):
            assert (await reader.post(path)).status_code == 403
