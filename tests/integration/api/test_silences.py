"""Silences, inhibitions and quiet hours over HTTP: made, tried out, ended, refused with reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.alerts.models import AlertStepRow
from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, codes, make_key
from tests.support.quiet import QuietDesk
from tests.support.rows import add_row

ROUTINE = {"tier_at_most": "routine"}


def later(**parts: float) -> str:
    return (datetime.now(UTC) + timedelta(**parts)).isoformat()


def silence(**parts: Any) -> dict[str, Any]:
    return {"conditions": ROUTINE, "until": later(hours=1), "reason": "直播中"} | parts


async def made(api: httpx.AsyncClient, **parts: Any) -> dict[str, Any]:
    response = await api.post("/v1/silences", json=silence(**parts))
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/silences/{found['id']}"
    return found


async def test_a_silence_is_made_read_listed_and_ended(api: httpx.AsyncClient) -> None:
    one = await made(api)
    assert (one["state"], one["conditions"]["tier_at_most"]) == ("active", "routine")
    assert one["created_by"] == "test"
    coming = await made(api, **{"from": later(hours=2), "until": later(hours=3)})
    assert coming["state"] == "upcoming"
    assert (await api.get(f"/v1/silences/{one['id']}")).json()["reason"] == "直播中"
    first = (await api.get("/v1/silences", params={"limit": 1})).json()
    second = (await api.get("/v1/silences", params={"cursor": first["next_cursor"]})).json()
    listed = [each["id"] for each in first["items"] + second["items"]]
    assert listed == [coming["id"], one["id"]]
    ended = (await api.post(f"/v1/silences/{one['id']}/end")).json()
    assert (ended["state"], ended["ended_by"]) == ("expired", "test")
    assert (await api.post(f"/v1/silences/{one['id']}/end")).status_code == 409
    active = (await api.get("/v1/silences", params={"state": "active"})).json()["items"]
    assert active == []


async def test_a_silence_may_be_said_in_minutes(api: httpx.AsyncClient) -> None:
    body = {"conditions": ROUTINE, "minutes": 90, "reason": "直播中"}
    one = (await api.post("/v1/silences", json=body)).json()
    begins, ends = (datetime.fromisoformat(one[name]) for name in ("from", "until"))
    assert ends - begins == timedelta(minutes=90)
    coming = (await api.post("/v1/silences", json=body | {"from": later(hours=2)})).json()
    assert coming["state"] == "upcoming"
    for wrong, pointer in (
        (silence(minutes=90), "/until"),
        ({"conditions": ROUTINE, "reason": "直播中"}, "/until"),
        (body | {"minutes": 0}, "/minutes"),
        (body | {"minutes": 43_201}, "/minutes"),
    ):
        refused = await api.post("/v1/silences", json=wrong)
        assert refused.status_code == 422
        assert pointer in {each["pointer"] for each in refused.json()["errors"]}


async def test_a_preview_says_what_would_be_held(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    alert = await QuietDesk(database, workspace).alert(tier="routine")
    response = await api.post("/v1/silences/preview", json=silence())
    assert response.json() == {
        "matching": 1,
        "looked_at": 1,
        "is_whole": True,
        "alert_ids": [str(alert.id)],
    }
    assert (await api.get("/v1/silences")).json()["items"] == []


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"until": None}, "/until"),
        ({"until": "tomorrow"}, "/until"),
        ({"until": "2026-11-21T08:00:00"}, "/until"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"conditions": {}}, "/conditions"),
        ({"conditions": None}, "/conditions"),
        ({"conditions": {"tier_at_most": "urgent"}}, "/conditions/tier_at_most"),
        ({"conditions": {"weather": "rain"}}, "/conditions/weather"),
        ({"conditions": {"post_id": "p1"}}, "/conditions/post_id"),
        ({"conditions": {"post_id": str(uuid4())}}, "/conditions/post_id"),
        ({"conditions": {"case_id": str(uuid4())}}, "/conditions/case_id"),
        ({"conditions": {"group": "x" * 201}}, "/conditions/group"),
        ({"everything": "yes"}, "/everything"),
        ({"everything": True}, "/everything"),
        ({"reason": ""}, "/reason"),
        ({"reason": "   "}, "/reason"),
        ({"reason": "长" * 10_000}, "/reason"),
        ({"from": "2026-01-01T00:00:00Z"}, "/from"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(
    api: httpx.AsyncClient, parts: dict[str, Any], wrong: str
) -> None:
    for path in ("/v1/silences", "/v1/silences/preview"):
        response = await api.post(path, json=silence(**parts))
        assert response.status_code == 422, response.text
        assert wrong in {each["pointer"] for each in response.json()["errors"]}


async def test_a_silence_without_an_end_or_longer_than_a_month_is_refused(
    api: httpx.AsyncClient,
) -> None:
    body = silence()
    del body["until"]
    assert codes(await api.post("/v1/silences", json=body)) == ["missing"]
    long = await api.post("/v1/silences", json=silence(until=later(days=31)))
    assert codes(long) == ["beyond_limit"]


async def test_who_may_read_may_not_silence(
    api: httpx.AsyncClient, app: Any, database: Database, workspace: Workspace
) -> None:
    one = await made(api)
    async with client_of(app, await make_key(database, workspace.id, Scope.READ)) as reader:
        assert (await reader.post("/v1/silences/preview", json=silence())).status_code == 200
        assert (await reader.post("/v1/silences", json=silence())).status_code == 403
        assert (await reader.post(f"/v1/silences/{one['id']}/end")).status_code == 403


async def test_what_a_silence_held_goes_on_at_once_when_it_is_ended(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    one = await made(api)
    ahead = datetime(2028, 1, 1, tzinfo=UTC)
    desk = QuietDesk(database, workspace)
    held, resting = [await desk.alert(tier="routine", climb_at=ahead) for _ in range(2)]
    async with database.unit(workspace.id) as uow:
        for alert, reason in ((held, "silence"), (resting, "quiet_hours")):
            step = {"alert_id": alert.id, "position": 0, "round": 0, "outcome": "explained"}
            times = {"due_at": uow.now, "done_at": uow.now, "late_by_seconds": 0}
            said = {"reason": reason, "detail": {"id": one["id"]}}
            await add_row(uow, AlertStepRow, step | times | said)
    await api.post(f"/v1/silences/{one['id']}/end")
    async with database.read(workspace.id) as uow:
        rows = await uow.execute("SELECT id, climb_at <= now() AS is_due FROM alerts")
        assert {row.id: row.is_due for row in rows} == {held.id: True, resting.id: False}


async def test_an_inhibition_is_made_changed_and_taken_away(api: httpx.AsyncClient) -> None:
    body = {"name": "Mine", "source": {"severity_at_least": "escalation"}, "same": "follower"}
    response = await api.post("/v1/inhibitions", json=body)
    assert response.status_code == 201, response.text
    path = response.headers["location"]
    assert response.json()["target"] == dict.fromkeys(
        ("kind", "category", "rule_id", "tier_at_most", "severity_at_most")
    )
    changed = await api.put(path, json=body | {"enabled": False})
    assert changed.json()["enabled"] is False
    built_in, own = (await api.get("/v1/inhibitions")).json()["items"]
    assert (built_in["is_built_in"], own["id"]) == (True, response.json()["id"])
    assert (await api.get(path)).json() == own
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    refused = await api.delete(f"/v1/inhibitions/{built_in['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "inhibition.built_in")


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"source": {}}, "/source"),
        ({"source": {"rule_id": str(uuid4())}}, "/source/rule_id"),
        ({"target": {"rule_id": str(uuid4())}}, "/target/rule_id"),
        ({"same": "planet"}, "/same"),
        ({"name": ""}, "/name"),
    ],
)
async def test_an_inhibition_that_cannot_be_is_refused(
    api: httpx.AsyncClient, parts: dict[str, Any], wrong: str
) -> None:
    body = {"name": "Mine", "source": {"crisis": True}, "same": "post"} | parts
    response = await api.post("/v1/inhibitions", json=body)
    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [wrong]


async def test_quiet_hours_are_saved_and_shown_as_they_were_written(
    api: httpx.AsyncClient,
) -> None:
    assert (await api.get("/v1/quiet-hours")).json()["spans"] == []
    night = {"start": "22:00", "end": "08:00", "days": ["friday", "saturday"]}
    body = {"zone": "Asia/Shanghai", "spans": [night]}
    saved = await api.put("/v1/quiet-hours", json=body)
    assert saved.status_code == 200, saved.text
    assert saved.json()["spans"] == [night]
    assert (await api.get("/v1/quiet-hours")).json() == saved.json()
    evening = {"zone": "UTC", "spans": [{"start": "22:00", "end": "00:00"}]}
    (span,) = (await api.put("/v1/quiet-hours", json=evening)).json()["spans"]
    assert (span["end"], len(span["days"])) == ("24:00", 7)


@pytest.mark.parametrize(
    ("spans", "zone", "code"),
    [
        ([{"start": "00:00", "end": "24:00"}], "UTC", "never_end"),
        ([{"start": "22:00", "end": "22:00"}], "UTC", "empty"),
        ([{"start": "22:00", "end": "08:00", "days": ["someday"]}], "UTC", "invalid"),
        ([], "Mars/Base", "unknown_zone"),
        ([{"start": "24:00", "end": "08:00"}], "UTC", "string_pattern_mismatch"),
        ([{"start": "22:00", "end": "08:00"}] * 21, "UTC", "too_long"),
    ],
)
async def test_quiet_hours_that_cannot_be_are_refused(
    api: httpx.AsyncClient, spans: list[Any], zone: str, code: str
) -> None:
    response = await api.put("/v1/quiet-hours", json={"zone": zone, "spans": spans})
    assert (response.status_code, codes(response)) == (422, [code])
