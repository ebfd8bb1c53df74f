"""Nobody overwrites what he did not see: ETags and If-Match on everything people edit."""

import asyncio
from typing import Final, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.published import SCHEMA
from tests.support.webhooks import is_problem
from tests.support.worlds import World, make_world

FAILED: Final = "precondition_failed"
CASE: Final = "/v1/cases/{case_id}"
STALE: Final = {"if-match": '"stale"'}
# Nothing to read is there: a key, a secret, a turn and an address are only made and ended.
WITHOUT_READING: Final = frozenset(
    {
        "keys.revoke_key",
        "rotas.end_override",
        "sources.revoke_secret",
    }
)
# Only for somebody who signed in; ended, not edited.
OF_A_SESSION: Final = ("/v1/me", "/v1/sign-in", "/v1/session", "/v1/invitations")
# A workspace has none until it names one.
NOT_THERE: Final = "identity_provider."
# Who is looking at a case changes nothing of it.
NO_ACTS: Final = ("/presence",)


class Change(NamedTuple):
    name: str
    method: str
    path: str
    read_at: str


def edition(answer: httpx.Response) -> str:
    """Figures that are told beside a thing may move between two looks; what is edited does not."""
    return str(answer.headers.get("etag", "")).partition("-")[0].strip('"')


def changes() -> list[Change]:
    found = []
    for path, item in SCHEMA["paths"].items():
        for method, told in item.items():
            if path.endswith(NO_ACTS) or path.startswith(OF_A_SESSION):
                continue
            is_act = path.startswith(f"{CASE}/")
            if method in {"put", "patch", "delete"} or (method == "post" and is_act):
                read_at = CASE if is_act else path
                found.append(Change(told["operationId"], method.upper(), path, read_at))
    return found


CHANGES: Final = changes()
SEEN_BEFORE: Final = [each for each in CHANGES if "get" in SCHEMA["paths"].get(each.read_at, {})]


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database, "Mine")


def test_whatever_is_changed_can_be_read_first() -> None:
    blind = {each.name for each in CHANGES} - {each.name for each in SEEN_BEFORE}
    assert blind == WITHOUT_READING


async def test_every_change_of_what_was_changed_meanwhile_is_412_and_changes_nothing(
    app: FastAPI, world: World
) -> None:
    wrong = {}
    async with client_of(app, world.key) as client:
        for each in SEEN_BEFORE:
            seen = await client.get(each.read_at.format(**world.ids))
            refused = await client.request(
                each.method, each.path.format(**world.ids), headers=STALE, json={}
            )
            if each.name.startswith(NOT_THERE) and seen.status_code == refused.status_code == 404:
                continue
            known = seen.status_code == 200 and edition(refused) == edition(seen)
            if not (known and is_problem(refused, 412, "precondition_failed")):
                wrong[each.name] = (seen.status_code, refused.status_code, refused.text[:200])
    assert wrong == {}


async def test_every_change_of_what_was_seen_is_let_through(app: FastAPI, world: World) -> None:
    wrong = {}
    async with client_of(app, world.key) as client:
        for each in SEEN_BEFORE:
            seen = await client.get(each.read_at.format(**world.ids))
            if seen.status_code != 200:
                continue  # taken away by the change before
            answer = await client.request(
                each.method,
                each.path.format(**world.ids),
                headers={"if-match": seen.headers["etag"]},
                json={},
            )
            if answer.status_code in {400, 412, 500}:
                wrong[each.name] = answer.text[:200]
    assert wrong == {}


async def test_of_two_who_saw_the_same_one_is_told_that_he_came_second(
    api: httpx.AsyncClient,
) -> None:
    made = await api.post("/v1/teams", json={"name": "Care"})
    place = made.headers["location"]
    seen = {"if-match": (await api.get(place)).headers["etag"]}
    answers = await asyncio.gather(
        *(api.put(place, json={"name": f"Care {n}"}, headers=seen) for n in range(4))
    )
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]
    (winner,) = (each for each in answers if each.status_code == 200)
    now = await api.get(place)
    assert (now.json()["name"], now.json()["version"]) == (winner.json()["name"], 2)


async def test_of_two_who_act_on_the_case_they_saw_one_does(app: FastAPI, world: World) -> None:
    place = CASE.format(**world.ids)
    async with client_of(app, world.key) as client:
        seen = {"if-match": (await client.get(place)).headers["etag"]}
        answers = await asyncio.gather(
            *(client.post(f"{place}/resolve", json={}, headers=seen) for _ in range(2))
        )
        assert sorted(each.status_code for each in answers) == [200, 412]
        (done,) = (each for each in answers if each.status_code == 200)
        again = {"if-match": done.headers["etag"]}
        assert (await client.post(f"{place}/reopen", headers=again)).status_code == 200


async def test_one_case_takes_what_the_list_takes_and_its_tag_is_good_for_a_change(
    app: FastAPI, world: World
) -> None:
    place, query = CASE.format(**world.ids), {"include": "clocks,last_message,follower"}
    async with client_of(app, world.key) as client:
        cases = (await client.get("/v1/cases", params=query)).json()["items"]
        (listed,) = (each for each in cases if each["id"] == world.ids["case_id"])
        assert (await client.get(place)).json()["included"] is None
        unknown = await client.get(place, params={"include": "nonsense"})
        assert is_problem(unknown, 422, "invalid_request")
        query["fields"] = "id,tier,included"
        seen = await client.get(place, params=query)
        assert seen.json() == {name: listed[name] for name in ("id", "tier", "included")}
        assert seen.json()["included"]["follower"]
        known = {"if-none-match": seen.headers["etag"]}
        assert (await client.get(place, params=query, headers=known)).status_code == 304

        mine = {"if-match": seen.headers["etag"]}
        assert (await client.post(f"{place}/resolve", headers=mine)).status_code == 200
        refused = await client.post(f"{place}/reopen", headers=mine)
        assert is_problem(refused, 412, FAILED)
        now = {"if-match": (await client.get(place, params=query)).headers["etag"]}
        assert (await client.post(f"{place}/reopen", headers=now)).status_code == 200


async def test_what_belongs_to_a_thing_changes_how_it_looks_and_not_what_it_is(
    app: FastAPI, world: World
) -> None:
    place, query = CASE.format(**world.ids), {"include": "follower"}
    async with client_of(app, world.key) as client:
        seen = await client.get(place, params=query)
        person = seen.json()["included"]["follower"]
        change = {"advocate": not person["advocate"]}
        assert (await client.patch(f"/v1/followers/{person['id']}", json=change)).is_success
        known = {"if-none-match": seen.headers["etag"]}
        anew = await client.get(place, params=query, headers=known)
        assert anew.json()["included"]["follower"]["advocate"] is change["advocate"]
        mine = {"if-match": seen.headers["etag"]}
        assert (await client.post(f"{place}/resolve", headers=mine)).status_code == 200


async def test_without_if_match_the_last_one_wins(api: httpx.AsyncClient) -> None:
    place = (await api.post("/v1/teams", json={"name": "Care"})).headers["location"]
    for name in ("One", "Two"):
        assert (await api.put(place, json={"name": name})).status_code == 200
    any_state = {"if-match": "*"}
    assert (await api.put(place, json={"name": "Three"}, headers=any_state)).status_code == 200


async def test_a_weak_tag_is_no_reason_to_change_anything(api: httpx.AsyncClient) -> None:
    place = (await api.post("/v1/teams", json={"name": "Care"})).headers["location"]
    weak = {"if-match": "W/" + (await api.get(place)).headers["etag"]}
    assert is_problem(await api.put(place, json={"name": "X"}, headers=weak), 412, FAILED)
    several = {"if-match": f'"other", {(await api.get(place)).headers["etag"]}'}
    assert (await api.put(place, json={"name": "X"}, headers=several)).status_code == 200


@pytest.mark.parametrize("sent", ["", "1", '"1', '"a" "b"', "*, *", 'w/"1"'])
async def test_what_is_no_tag_is_400(api: httpx.AsyncClient, sent: str) -> None:
    place = (await api.post("/v1/teams", json={"name": "Care"})).headers["location"]
    answer = await api.put(place, json={"name": "X"}, headers={"if-match": sent})
    assert is_problem(answer, 400, "bad_entity_tag")


async def test_a_condition_on_what_has_no_tag_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/teams", json={"name": "Care"}, headers={"if-match": "*"})
    assert is_problem(answer, 412, "precondition_failed")
    assert "etag" not in answer.headers


async def test_whoever_has_it_already_is_told_so_without_it(api: httpx.AsyncClient) -> None:
    place = (await api.post("/v1/teams", json={"name": "Care"})).headers["location"]
    for address in (place, "/v1/teams", "/v1/cases"):
        first = await api.get(address)
        known = {"if-none-match": f'"other", {first.headers["etag"]}'}
        second = await api.get(address, headers=known)
        assert (second.status_code, second.content) == (304, b""), address
        assert second.headers["etag"] == first.headers["etag"]
    await api.put(place, json={"name": "Other"})
    assert (await api.get(place, headers=known)).status_code == 200
    assert (await api.get("/v1/teams")).headers["etag"].startswith("W/")


async def test_a_key_that_may_change_but_not_read_may_still_say_what_it_saw(
    app: FastAPI, database: Database, workspace: Workspace, api: httpx.AsyncClient
) -> None:
    place = (await api.post("/v1/teams", json={"name": "Care"})).headers["location"]
    tag = (await api.get(place)).headers["etag"]
    async with client_of(app, await make_key(database, workspace.id, Scope.MANAGE)) as client:
        assert (await client.get(place)).status_code == 403
        answer = await client.put(place, json={"name": "X"}, headers={"if-match": tag})
        assert answer.status_code == 200
