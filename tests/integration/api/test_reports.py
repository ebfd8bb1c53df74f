"""Reports over HTTP: set up, changed as they were seen, sent at once, and looked back on."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelDraft, ChannelKind
from services.core.gateways.channels.fake import FakeGateway
from services.core.kit.uow import Database
from services.core.reports import rules
from services.core.reports import service as reports
from services.core.workspaces.types import Workspace
from tests.support.webhooks import is_problem

ZONE = "Asia/Shanghai"


@pytest.fixture
async def channel_id(database: Database, workspace: Workspace) -> UUID:
    url = {"url": "https://hooks.example.com/in"}
    async with database.unit(workspace.id) as uow:
        draft = ChannelDraft(name="managers", kind=ChannelKind.WEBHOOK, config=url)
        return (await alerts.create_channel(uow, draft, allow_private=True)).id


@pytest.fixture
def week(channel_id: UUID) -> dict[str, Any]:
    return {"name": "Our week", "kind": "weekly", "channel_id": str(channel_id)}


async def send(database: Database, gateway: FakeGateway) -> int:
    return await reports.send_due(database, {"webhook": gateway}, zone=ZONE)


async def test_a_report_is_created_read_changed_and_deleted(
    api: httpx.AsyncClient, week: dict[str, Any]
) -> None:
    made = await api.post("/v1/reports", json=week)
    assert made.status_code == 201, made.text
    path, report = made.headers["location"], made.json()
    assert (report["on_day"], report["at_hour"], report["language"]) == (1, 9, "zh")
    read = await api.get(path)
    assert read.json() == report
    assert (await api.get("/v1/reports")).json()["items"] == [report]
    seen = {"if-match": read.headers["etag"]}
    month = week | {"name": "Our month", "kind": "monthly", "on_day": 28, "enabled": False}
    changed = await api.put(path, json=month, headers=seen)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["next_at"]) == ("Our month", None)
    assert is_problem(await api.put(path, json=week, headers=seen), 412, "precondition_failed")
    again = await api.put(path, json=month | {"enabled": True})
    # Nine in Shanghai, whose days the workspace has.
    assert "-28T01:00:00" in again.json()["next_at"]
    assert (await api.delete(path)).status_code == 204
    assert is_problem(await api.get(path), 404, "not_found")
    actions = [one["action"] for one in (await api.get("/v1/audit")).json()["items"]]
    assert actions[:2] == ["report.removed", "report.changed"]


async def test_a_change_that_leaves_the_days_alone_moves_nothing(
    api: httpx.AsyncClient, week: dict[str, Any]
) -> None:
    report = (await api.post("/v1/reports", json=week)).json()
    path = f"/v1/reports/{report['id']}"
    renamed = (await api.put(path, json=week | {"name": "Weekly"})).json()
    assert renamed["next_at"] == report["next_at"]
    later = (await api.put(path, json=week | {"at_hour": 10})).json()
    assert later["next_at"] != report["next_at"]


async def test_what_cannot_be_sent_is_refused_by_its_field(
    api: httpx.AsyncClient, week: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = (await api.post("/v1/reports", json=week)).headers["location"]
    for call in ("POST /v1/reports", f"PUT {path}"):
        method, place = call.split()
        eighth = await api.request(method, place, json=week | {"on_day": 8, "name": "Other"})
        assert is_problem(eighth, 422, "invalid_request")
        assert eighth.json()["errors"][0]["pointer"] == "/on_day"
        nowhere = week | {"channel_id": str(uuid4()), "name": "Other"}
        assert is_problem(await api.request(method, place, json=nowhere), 404, "not_found")
    assert is_problem(await api.post("/v1/reports", json=week), 409, "report.name_taken")
    monkeypatch.setattr(rules, "MOST_REPORTS", 1)
    other = await api.post("/v1/reports", json=week | {"name": "Other"})
    assert is_problem(other, 409, "report.too_many")


async def test_the_last_week_is_sent_at_once_and_once_more(
    api: httpx.AsyncClient,
    database: Database,
    week: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing was ever said here, so there are no numbers to wait for.
    monkeypatch.setattr(rules, "PATIENCE", timedelta(0))
    gateway = FakeGateway()
    report = (await api.post("/v1/reports", json=week | {"enabled": False})).json()
    path = f"/v1/reports/{report['id']}"
    for times in (1, 2):
        issue = await api.post(f"{path}/send")
        assert (issue.status_code, issue.json()["state"]) == (202, "waiting")
        twice = await api.post(f"{path}/send")
        assert is_problem(twice, 409, "report.under_way")
        assert await send(database, gateway) == 1
        assert len(gateway.parcels) == times
        (told,) = (await api.get(f"{path}/issues")).json()["items"]
        assert (told["state"], told["attempts"], told["next_at"]) == ("sent", 1, None)
        assert told["first_day"] == issue.json()["first_day"]
    # Another parcel: who keeps a list of what came takes both.
    assert len({parcel.id for parcel in gateway.parcels}) == 2
    assert (await api.get(path)).json() == report


async def test_issues_come_page_by_page(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, week: dict[str, Any]
) -> None:
    path = (await api.post("/v1/reports", json=week)).headers["location"]
    issue = (await api.post(f"{path}/send")).json()
    async with database.unit(workspace.id) as uow:
        await uow.execute(
            "INSERT INTO report_issues SELECT workspace_id, report_id, first_day - 7 * n,"
            " until_day - 7 * n, parcel_id, 'sent', 1, opened_at, NULL, opened_at, ''"
            " FROM report_issues, generate_series(1, 4) AS n"
        )
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await api.get(f"{path}/issues", params=query)).json()
        seen += [one["first_day"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == 5
    assert seen == sorted(set(seen), reverse=True)
    assert seen[0] == issue["first_day"]
