"""Rotas, teams and contacts over HTTP: in versions, overridden, asked, refused with reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, codes, make_key

NOWHERE = "01936a2e-4f00-7000-8000-00000000dead"
NIGHTS = [{"start": "00:00", "end": "09:00"}, {"start": "21:00", "end": "24:00"}]


async def join(api: httpx.AsyncClient, handle: str, **more: Any) -> str:
    response = await api.post("/v1/members", json={"handle": handle, "name": handle.title()} | more)
    member_id: str = response.json()["id"]
    return member_id


def draft(*members: str, **changes: Any) -> dict[str, Any]:
    layer = {"name": "first", "member_ids": list(members), "first_on": "2026-01-05"}
    return {"name": "Nights", "zone": "Asia/Shanghai", "layers": [layer]} | changes


async def create(api: httpx.AsyncClient, *members: str, **changes: Any) -> dict[str, Any]:
    response = await api.post("/v1/rotas", json=draft(*members, **changes))
    assert response.status_code == 201, response.text
    rota: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/rotas/{rota['id']}"
    assert response.headers["etag"] == '"1"'
    return rota


def ahead(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def on_call(api: httpx.AsyncClient, rota: dict[str, Any], at: str | None = None) -> Any:
    query = {} if at is None else {"at": at}
    response = await api.get(f"/v1/rotas/{rota['id']}/on-call", params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_rota_is_kept_in_versions_as_it_was_written(api: httpx.AsyncClient) -> None:
    lin, mei = await join(api, "lin"), await join(api, "mei")
    week = {"monday": NIGHTS}
    layer = {"name": "first", "member_ids": [lin, mei], "first_on": "2026-01-05", "week": week}
    rota = await create(api, layers=[layer], cover=week)
    assert rota["layers"][0] | {"week": None} == layer | {
        "handover": "00:00",
        "turn_days": 7,
        "week": None,
    }
    assert rota["layers"][0]["week"]["monday"] == NIGHTS == rota["cover"]["monday"]
    place = f"/v1/rotas/{rota['id']}"
    second = await api.put(place, json=draft(mei, name="Days"))
    assert (second.status_code, second.json()["version"]) == (200, 2)
    assert second.headers["etag"] == '"2"'
    assert (await api.get(place)).json() == second.json()
    versions = (await api.get(f"{place}/versions")).json()["items"]
    assert [version["name"] for version in versions] == ["Nights", "Days"]
    assert [each["name"] for each in (await api.get("/v1/rotas")).json()["items"]] == ["Days"]


async def test_an_archived_rota_is_gone_and_its_name_is_free(api: httpx.AsyncClient) -> None:
    lin = await join(api, "lin")
    rota = await create(api, lin)
    assert (await api.post("/v1/rotas", json=draft(lin))).json()["code"] == "rota.name_taken"
    assert (await api.delete(f"/v1/rotas/{rota['id']}")).status_code == 204
    assert (await api.get(f"/v1/rotas/{rota['id']}")).status_code == 404
    assert (await api.get(f"/v1/rotas/{rota['id']}/on-call")).status_code == 404
    assert (await api.get("/v1/rotas")).json()["items"] == []
    await create(api, lin)


async def test_who_is_on_call_is_told_by_name_at_any_moment(api: httpx.AsyncClient) -> None:
    lin, mei = await join(api, "lin"), await join(api, "mei")
    rota = await create(api, lin, mei)
    first = await on_call(api, rota, "2026-01-05T00:00:00+08:00")
    assert (first["name"], first["member_id"], first["layer"]) == ("Lin", lin, "first")
    assert first["end"] == "2026-01-11T16:00:00Z"
    assert (await on_call(api, rota, "2026-01-12T00:00:00+08:00"))["name"] == "Mei"
    before = await on_call(api, rota, "2026-01-04T23:59:59+08:00")
    assert (before["name"], before["member_id"]) == (None, None)
    assert (await on_call(api, rota))["name"] in {"Lin", "Mei"}


async def test_shifts_fill_a_range_without_holes(api: httpx.AsyncClient) -> None:
    rota = await create(api, await join(api, "lin"), await join(api, "mei"))
    query = {"from": "2026-01-01T00:00:00+08:00", "to": "2026-02-01T00:00:00+08:00"}
    shifts = (await api.get(f"/v1/rotas/{rota['id']}/shifts", params=query)).json()["items"]
    assert len(shifts) == 5
    assert shifts[0]["member_id"] is None
    assert [each["start"] for each in shifts[1:]] == [each["end"] for each in shifts[:-1]]
    fortnight = (await api.get(f"/v1/rotas/{rota['id']}/shifts")).json()["items"]
    assert len(fortnight) == 3


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"}, "beyond_limit"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "inverted"),
    ],
)
async def test_a_range_nobody_can_look_at_is_refused(
    api: httpx.AsyncClient, query: dict[str, str], code: str
) -> None:
    rota = await create(api, await join(api, "lin"))
    response = await api.get(f"/v1/rotas/{rota['id']}/shifts", params=query)
    assert (response.status_code, codes(response)) == (422, [code])


async def test_gaps_are_warned_of_and_do_not_stand_in_the_way(api: httpx.AsyncClient) -> None:
    lin = await join(api, "lin")
    days = {day: [{"start": "09:00", "end": "18:00"}] for day in ("monday", "tuesday")}
    layer = {"name": "first", "member_ids": [lin], "first_on": "2026-01-05", "week": days}
    rota = await create(api, layers=[layer])
    assert {gap["reason"] for gap in rota["gaps"]} == {"nobody_planned"}
    covered = await api.put(f"/v1/rotas/{rota['id']}", json=draft(layers=[layer], cover=days))
    assert covered.json()["gaps"] == []
    assert (await api.get("/v1/rotas/gaps")).json()["items"] == []
    await api.patch(f"/v1/members/{lin}", json={"active": False})
    gaps = (await api.get("/v1/rotas/gaps", params={"days": 7})).json()["items"]
    assert {(gap["rota_name"], gap["reason"]) for gap in gaps} == {("Nights", "away")}
    assert (await api.get("/v1/rotas/gaps", params={"days": 93})).status_code == 422


async def test_an_override_takes_over_until_it_is_ended(api: httpx.AsyncClient) -> None:
    lin, mei = await join(api, "lin"), await join(api, "mei")
    rota = await create(api, lin)
    place = f"/v1/rotas/{rota['id']}/overrides"
    body = {"member_id": mei, "ends_at": ahead(hours=2), "note": "swapped"}
    made = await api.post(place, json=body)
    assert made.status_code == 201, made.text
    assert (await on_call(api, rota))["name"] == "Mei"
    overlapping = await api.post(place, json=body | {"member_id": lin})
    assert (overlapping.status_code, codes(overlapping)) == (422, ["overlap"])
    assert [each["note"] for each in (await api.get(place)).json()["items"]] == ["swapped"]
    assert (await api.delete(f"{place}/{made.json()['id']}")).status_code == 204
    assert (await on_call(api, rota))["name"] == "Lin"
    again = await api.delete(f"{place}/{made.json()['id']}")
    assert (again.status_code, again.json()["code"]) == (409, "rota.override_over")


async def test_an_override_to_come_is_taken_back_whole(api: httpx.AsyncClient) -> None:
    lin = await join(api, "lin")
    rota = await create(api, lin)
    place = f"/v1/rotas/{rota['id']}/overrides"
    body = {"member_id": lin, "starts_at": ahead(days=1), "ends_at": ahead(days=2)}
    made = await api.post(place, json=body)
    assert (await api.delete(f"{place}/{made.json()['id']}")).status_code == 204
    assert (await api.get(place)).json()["items"] == []
    assert (await api.delete(f"{place}/{made.json()['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"member_id": NOWHERE}, "/member_id"),
        ({"ends_at": "2026-01-01T00:00:00Z"}, "/ends_at"),
        ({"starts_at": "2026-01-01T00:00:00Z"}, "/starts_at"),
    ],
)
async def test_an_override_that_cannot_be_is_refused(
    api: httpx.AsyncClient, changes: dict[str, str], pointer: str
) -> None:
    lin = await join(api, "lin")
    rota = await create(api, lin)
    body = {"member_id": lin, "ends_at": ahead(days=1)} | changes
    response = await api.post(f"/v1/rotas/{rota['id']}/overrides", json=body)
    assert response.status_code == 422
    assert pointer in {problem["pointer"] for problem in response.json()["errors"]}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"zone": "Asia/Atlantis"}, "/zone"),
        ({"layers": []}, "/layers"),
        ({"cover": {}}, "/cover"),
    ],
)
async def test_a_rota_that_cannot_be_is_refused(
    api: httpx.AsyncClient, changes: dict[str, Any], pointer: str
) -> None:
    response = await api.post("/v1/rotas", json=draft(await join(api, "lin"), **changes))
    assert response.status_code == 422
    assert [problem["pointer"] for problem in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"member_ids": []}, "/layers/0/member_ids"),
        ({"member_ids": [NOWHERE]}, "/layers/0/member_ids/0"),
        ({"turn_days": 0}, "/layers/0/turn_days"),
        ({"handover": "24:00"}, "/layers/0/handover"),
        ({"first_on": "2026-02-30"}, "/layers/0/first_on"),
        ({"first_on": "2100-01-01"}, "/layers/0/first_on"),
    ],
)
async def test_a_layer_that_cannot_be_is_refused(
    api: httpx.AsyncClient, changes: dict[str, Any], pointer: str
) -> None:
    body = draft(await join(api, "lin"))
    body["layers"][0] |= changes
    response = await api.post("/v1/rotas", json=body)
    assert response.status_code == 422
    assert [problem["pointer"] for problem in response.json()["errors"]] == [pointer]


async def test_a_team_is_changed_as_a_whole(api: httpx.AsyncClient) -> None:
    lin, mei = await join(api, "lin"), await join(api, "mei")
    made = await api.post("/v1/teams", json={"name": "Care", "member_ids": [mei, lin]})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    place = f"/v1/teams/{made.json()['id']}"
    assert made.headers["location"] == place
    assert sorted(made.json()["member_ids"]) == sorted([lin, mei])
    changed = await api.put(place, json={"name": "Care", "member_ids": [mei]})
    assert (changed.json()["member_ids"], changed.headers["etag"]) == ([mei], '"2"')
    assert (await api.get(place)).json() == changed.json()
    assert (await api.get("/v1/teams")).json()["items"] == [changed.json()]
    taken = await api.post("/v1/teams", json={"name": "Care"})
    assert (taken.status_code, taken.json()["code"]) == (409, "team.name_taken")
    unknown = await api.put(place, json={"name": "Care", "member_ids": [NOWHERE]})
    assert (unknown.status_code, codes(unknown)) == (422, ["not_found"])
    assert (await api.delete(place)).status_code == 204
    assert (await api.get(place)).status_code == 404


@pytest.mark.parametrize("kind", ["rota", "team"])
async def test_what_a_ladder_names_is_not_archived_under_it(
    api: httpx.AsyncClient, kind: str
) -> None:
    lin = await join(api, "lin")
    body = draft(lin) if kind == "rota" else {"name": "Care", "member_ids": [lin]}
    named = (await api.post(f"/v1/{kind}s", json=body)).json()["id"]
    step = {"percent": 100, "audience": [{"kind": kind, "id": named}]}
    ladder = await api.post("/v1/ladders", json={"name": "Nights", "steps": [step]})
    assert ladder.status_code == 201, ladder.text
    refused = await api.delete(f"/v1/{kind}s/{named}")
    assert (refused.status_code, refused.json()["code"]) == (409, f"{kind}.in_use")
    assert "Nights" in refused.json()["detail"]
    assert (await api.delete(f"/v1/ladders/{ladder.json()['id']}")).status_code == 204
    assert (await api.delete(f"/v1/{kind}s/{named}")).status_code == 204


async def test_contacts_are_replaced_and_never_written_to_the_trail(
    api: httpx.AsyncClient,
) -> None:
    lin = await join(api, "lin")
    place = f"/v1/members/{lin}/contacts"
    first = await api.put(place, json={"slack": "U024BE7LH", "dingtalk": "13800138000"})
    assert first.json()["dingtalk"] == "13800138000"
    second = await api.put(place, json={"feishu": "ou_8f3c1d2e4b5a"})
    assert second.json()["slack"] is None
    assert (await api.get(place)).json() == second.json()
    bad = await api.put(place, json={"wecom": "@all", "slack": "U024BE7LH"})
    assert bad.status_code == 422
    assert [problem["pointer"] for problem in bad.json()["errors"]] == ["/wecom"]
    assert (await api.get(place)).json() == second.json()
    assert (await api.get(f"/v1/members/{NOWHERE}/contacts")).status_code == 404
    trail = (await api.get("/v1/audit")).json()["items"]
    kept = [each["detail"] for each in trail if each["action"] == "member.contacts_changed"]
    assert kept == [{"kinds": ["feishu"]}, {"kinds": ["dingtalk", "slack"]}]


async def test_every_change_is_kept_in_the_trail(api: httpx.AsyncClient) -> None:
    lin = await join(api, "lin")
    rota = await create(api, lin)
    place = f"/v1/rotas/{rota['id']}"
    await api.put(place, json=draft(lin))
    made = await api.post(f"{place}/overrides", json={"member_id": lin, "ends_at": ahead(hours=1)})
    await api.delete(f"{place}/overrides/{made.json()['id']}")
    await api.delete(place)
    trail = (await api.get("/v1/audit")).json()["items"]
    assert [each["action"] for each in trail if each["subject_kind"] == "rota"] == [
        "rota.archived",
        "rota.override_ended",
        "rota.overridden",
        "rota.changed",
        "rota.created",
    ]


async def test_a_moderators_key_overrides_but_does_not_write_rotas(
    app: FastAPI, api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    lin = await join(api, "lin")
    rota = await create(api, lin)
    key = await make_key(database, workspace.id, Scope.WORK)
    async with client_of(app, key) as worker:
        swap = {"member_id": lin, "ends_at": ahead(hours=1)}
        made = await worker.post(f"/v1/rotas/{rota['id']}/overrides", json=swap)
        assert made.status_code == 201
        refused = await worker.post("/v1/rotas", json=draft(lin, name="Mine"))
        assert refused.status_code == 403
