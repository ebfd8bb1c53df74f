"""Saved views: everybody's and one's own, and what is on them now."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.main import create_app
from services.core.kit.uow import Database
from services.core.settings import Settings
from services.core.views import rules
from services.core.workspaces.types import Workspace
from tests.support.client import client_of, make_key
from tests.support.line import Line, comment
from tests.support.people import browser_of, come_in, make_person
from tests.support.webhooks import is_problem
from tests.support.worlds import World, make_world

URGENT = {"name": "Urgent", "where": {"in": "cases", "tier": ["urgent"]}}


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database, "Mine")


@pytest.fixture
async def mine(app: FastAPI, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, world.key) as client:
        yield client


async def save(client: httpx.AsyncClient, name: str = "A view", **where: Any) -> Any:
    answer = await client.post("/v1/views", json={"name": name, "where": where})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def look(client: httpx.AsyncClient, view: Any, **query: Any) -> Any:
    answer = await client.get(f"/v1/views/{view['id']}/items", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_view_is_saved_read_changed_and_deleted(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/views", json=URGENT)
    view = made.json()
    path = made.headers["location"]
    assert view["where"]["in"] == "cases"
    assert (view["where"]["tier"], view["shared"], view["built_in"]) == (["urgent"], True, False)
    read = await api.get(path)
    assert read.json() == view
    changed = {"name": "Said", "where": {"in": "messages", "needs_reply": True}}
    stale = await api.put(path, json=changed, headers={"if-match": '"99"'})
    assert is_problem(stale, 412, "precondition_failed")
    answer = await api.put(path, json=changed, headers={"if-match": read.headers["etag"]})
    assert (answer.json()["name"], answer.json()["version"]) == ("Said", 2)
    listed = (await api.get("/v1/views", params={"kind": "messages"})).json()["items"]
    assert [each["id"] for each in listed] == [view["id"]]
    assert (await api.delete(path)).status_code == 204
    assert is_problem(await api.get(path), 404, "not_found")


async def test_each_kind_of_view_shows_its_list(mine: httpx.AsyncClient, world: World) -> None:
    source_id = world.ids["source_id"]
    found = {
        "cases": await look(mine, await save(mine, "c", **{"in": "cases", "source_id": source_id})),
        "messages": await look(
            mine, await save(mine, "m", **{"in": "messages", "kind": "comment"})
        ),
        "followers": await look(mine, await save(mine, "f", **{"in": "followers"})),
    }
    lists = {kind: (await mine.get(f"/v1/{kind}")).json()["items"] for kind in found}
    for kind, page in found.items():
        assert page["of"] == kind
        assert page[kind] == lists[kind]
        assert [other for other in found if other != kind and page[other] is not None] == []


async def test_conditions_leave_out_what_does_not_meet_them(mine: httpx.AsyncClient) -> None:
    everything = (await look(mine, await save(mine, "all", **{"in": "cases"})))["cases"]
    (case,) = everything
    none = [
        {"assignee_id": "none"},
        {"state": ["resolved"]},
        {"due_before": "2001-01-01T00:00:00Z"},
        {"text": "极光蓝"},
    ]
    for place, where in enumerate(none):
        view = await save(mine, str(place), **{"in": "cases"}, **where)
        assert (await look(mine, view))["cases"] == [], where
    view = await save(mine, "hers", **{"in": "cases", "assignee_id": case["assignee"]["id"]})
    assert (await look(mine, view))["cases"] == everything


async def test_a_page_of_one_view_does_not_go_on_in_another(line: Line) -> None:
    await line.hear(comment("c1"), comment("c2", minutes=5, author="mia"))
    key = await make_key(line.database, line.workspace_id)
    async with client_of(create_app(Settings(), database=line.database), key) as client:
        one = await save(client, "one", **{"in": "messages"})
        two = await save(client, "two", **{"in": "messages"})
        first = await look(client, one, limit=1)
        rest = await look(client, one, cursor=first["next_cursor"])
        assert first["messages"] + rest["messages"] == (await look(client, two))["messages"]
        query = {"cursor": first["next_cursor"]}
        foreign = await client.get(f"/v1/views/{two['id']}/items", params=query)
        assert is_problem(foreign, 422, "invalid_cursor")


async def test_when_something_is_due_is_counted_from_when_somebody_looks(line: Line) -> None:
    await line.hear(comment("c1"))
    key = await make_key(line.database, line.workspace_id)
    async with client_of(create_app(Settings(), database=line.database), key) as client:
        view = await save(client, "soon", **{"in": "cases", "due_within_minutes": 5})
        assert (await look(client, view))["cases"] == []
        (case,) = (await client.get("/v1/cases")).json()["items"]
        line.clock.at = datetime.fromisoformat(case["next_due_at"]) - timedelta(minutes=4)
        assert (await look(client, view))["cases"] == [case]


async def test_ones_own_views_are_nobody_elses(
    app: FastAPI, api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    lin = await make_person(database, workspace.id, "lin")
    wu = await make_person(database, workspace.id, "wu")
    own = URGENT | {"shared": False}
    async with browser_of(app) as hers, browser_of(app) as his:
        await come_in(hers, lin)
        await come_in(his, wu)
        made = await hers.post("/v1/views", json=own)
        path = made.headers["location"]
        assert (await hers.get(path)).json()["shared"] is False
        assert (await his.post("/v1/views", json=own)).status_code == 201
        for other in (his, api):
            assert made.json() not in (await other.get("/v1/views")).json()["items"]
            assert is_problem(await other.get(path), 404, "not_found")
            assert is_problem(await other.get(f"{path}/items"), 404, "not_found")
            assert is_problem(await other.put(path, json=URGENT), 404, "not_found")
            assert is_problem(await other.delete(path), 404, "not_found")
        assert is_problem(await hers.post("/v1/views", json=own), 409, "view.name_taken")
    refused = await api.post("/v1/views", json=own)
    assert refused.json()["code"] == "not_signed_in"


async def test_views_that_come_with_warmline_are_there_and_stay_as_they_are(
    app: FastAPI, mine: httpx.AsyncClient, database: Database, world: World
) -> None:
    listed = (await mine.get("/v1/views")).json()["items"]
    # Before those that were saved.
    assert [each["built_in"] for each in listed] == [True, True, True, True, False]
    items = listed[:4]
    for each in items:
        path = f"/v1/views/{each['id']}"
        assert (await mine.get(path)).json() == each
        assert is_problem(await mine.put(path, json=URGENT), 409, "view.built_in")
        assert is_problem(await mine.delete(path), 409, "view.built_in")
    own = items[-1]
    nobody = await mine.get(f"/v1/views/{own['id']}/items")
    assert nobody.json()["code"] == "not_signed_in"
    wu = await make_person(database, world.workspace_id, "wu")
    case = world.ids["case_id"]
    async with browser_of(app) as browser:
        await come_in(browser, wu)
        assert (await look(browser, own))["cases"] == []
        body = {"member_id": str(wu.member.id)}
        assert (await browser.post(f"/v1/cases/{case}/assign", json=body)).status_code == 200
        assert [each["id"] for each in (await look(browser, own))["cases"]] == [case]


@pytest.mark.parametrize(
    ("where", "pointer"),
    [
        ({"in": "cases", "due_within_minutes": 5, "due_before": "2027-01-01T00:00:00Z"}, "/where"),
        ({"in": "cases", "colour": "red"}, "/where/colour"),
        ({"in": "cases", "tier": ["huge"]}, "/where/tier/0"),
        ({"in": "posts"}, "/where"),
        ({"tier": ["urgent"]}, "/where"),
        ({"in": "messages", "state": ["open"]}, "/where/state"),
    ],
)
async def test_conditions_that_cannot_be_are_refused(
    api: httpx.AsyncClient, where: Any, pointer: str
) -> None:
    refused = await api.post("/v1/views", json={"name": "x", "where": where})
    assert is_problem(refused, 422, "invalid_request")
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]


async def test_a_workspace_has_so_many_views_and_names_are_unique(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.post("/v1/views", json=URGENT)
    assert is_problem(await api.post("/v1/views", json=URGENT), 409, "view.name_taken")
    monkeypatch.setattr(rules, "MOST_VIEWS", 1)
    more = URGENT | {"name": "More"}
    assert is_problem(await api.post("/v1/views", json=more), 409, "view.too_many")


@pytest.mark.parametrize("name", ["source_id", "assignee_id", "follower_id"])
async def test_a_view_of_what_is_not_there_is_not_saved(api: httpx.AsyncClient, name: str) -> None:
    where = {"in": "cases", name: str(uuid4())}
    refused = await api.post("/v1/views", json={"name": "x", "where": where})
    assert is_problem(refused, 404, "not_found")


async def test_what_an_unknown_view_looks_at_is_not_found(api: httpx.AsyncClient) -> None:
    assert is_problem(await api.get(f"/v1/views/{UUID(int=9)}/items"), 404, "not_found")
