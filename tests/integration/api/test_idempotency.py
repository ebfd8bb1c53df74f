"""With an `Idempotency-Key` a POST is done once, however often and at once it is sent."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from services.core.idempotency import service as idempotency
from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.webhooks import is_problem

KEY = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


async def names(api: httpx.AsyncClient) -> list[str]:
    return [team["name"] for team in (await api.get("/v1/teams")).json()["items"]]


async def test_sent_again_it_is_answered_as_before_and_done_once(api: httpx.AsyncClient) -> None:
    first = await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)
    again = await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await names(api) == ["Care"]


async def test_sixteen_at_once_are_done_once(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(api.post("/v1/teams", json={"name": "Care"}, headers=KEY) for _ in range(16))
    )
    done = [each for each in answers if each.status_code == 201]
    fresh = [each for each in done if "idempotency-replayed" not in each.headers]
    assert len(fresh) == 1
    assert {each.content for each in done} == {fresh[0].content}
    # On a slow machine some wait longer than for any lock, and are told to ask again.
    late = [each for each in answers if each.status_code != 201]
    assert all(each.status_code in {409, 503} and each.headers["retry-after"] for each in late)
    assert await names(api) == ["Care"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/teams", {"name": "Others"}), ("/v1/members", {"handle": "lin", "name": "Lin"})],
)
async def test_a_key_stands_for_one_call_only(
    api: httpx.AsyncClient, path: str, body: dict[str, str]
) -> None:
    await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)
    answer = await api.post(path, json=body, headers=KEY)
    assert is_problem(answer, 409, "idempotency.reused")
    assert await names(api) == ["Care"]


async def test_what_was_refused_is_judged_anew(api: httpx.AsyncClient) -> None:
    await api.post("/v1/teams", json={"name": "Care"})
    taken = await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)
    assert taken.status_code == 409
    (team,) = (await api.get("/v1/teams")).json()["items"]
    await api.put(f"/v1/teams/{team['id']}", json={"name": "Other"})
    assert (await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)).status_code == 201


async def test_the_keys_of_two_callers_and_two_workspaces_are_two(
    app: FastAPI, database: Database, workspace: Workspace, api: httpx.AsyncClient
) -> None:
    await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)
    async with client_of(app, await make_key(database, workspace.id, Scope.ADMIN)) as other:
        answer = await other.post("/v1/teams", json={"name": "Night"}, headers=KEY)
        assert answer.status_code == 201


async def test_a_secret_is_not_told_twice_nor_kept(
    api: httpx.AsyncClient, database: Database
) -> None:
    body = {"name": "Front end", "scopes": ["read"]}
    first = await api.post("/v1/keys", json=body, headers=KEY)
    again = await api.post("/v1/keys", json=body, headers=KEY)
    assert is_problem(again, 409, "idempotency.answer_not_kept")
    async with database.system() as uow:
        rows = await uow.execute("SELECT status, body FROM idempotent_calls")
        assert [tuple(row) for row in rows] == [(201, None)]
    listed = (await api.get("/v1/keys")).json()["items"]
    assert [each["id"] for each in listed].count(first.json()["id"]) == 1


@pytest.mark.parametrize("sent", ["a b", "a" * 256, "ключ"])
async def test_what_is_no_key_is_400(api: httpx.AsyncClient, sent: str) -> None:
    headers = {"idempotency-key": sent.encode()}
    answer = await api.post("/v1/teams", json={"name": "Care"}, headers=headers)
    assert is_problem(answer, 400, "idempotency.bad_key")
    assert await names(api) == []


async def test_a_call_of_yesterday_is_forgotten(api: httpx.AsyncClient, database: Database) -> None:
    await api.post("/v1/teams", json={"name": "Care"}, headers=KEY)
    assert await idempotency.forget(database) == 0
    async with database.system() as uow:
        await uow.execute("UPDATE idempotent_calls SET made_at = now() - interval '25 hours'")
    taken = await api.post("/v1/teams", json={"name": "Night"}, headers=KEY)
    assert taken.status_code == 201
    async with database.system() as uow:
        await uow.execute("UPDATE idempotent_calls SET made_at = now() - interval '25 hours'")
    assert await idempotency.forget(database) == 1


async def test_whoever_hung_up_before_the_answer_asks_again_and_gets_it(
    app: FastAPI, api: httpx.AsyncClient, database: Database
) -> None:
    """The first caller is gone wherever the call then was; the second is told what came of it."""
    for pause in (0.0, 0.005, 0.02, 0.05):
        name = f"Care {pause}"
        headers = {"idempotency-key": name.replace(" ", "-")}
        call = asyncio.create_task(api.post("/v1/teams", json={"name": name}, headers=headers))
        await asyncio.wait([call], timeout=pause)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        again = await api.post("/v1/teams", json={"name": name}, headers=headers)
        assert again.status_code == 201
        assert (await names(api)).count(name) == 1
