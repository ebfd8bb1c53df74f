"""A key opens what it was made for, and nothing tells a stranger why it does not."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import structlog
from fastapi import FastAPI

from services.core.kit.brief import MAX_AGE_SECONDS
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.errors import BadKeyError
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.webhooks import is_problem

WHO = "/v1/workspace"


async def test_a_new_key_is_shown_once_and_opens_the_door(
    api: httpx.AsyncClient, app: FastAPI, workspace: Workspace
) -> None:
    response = await api.post("/v1/keys", json={"name": "dashboard", "scopes": ["read"]})
    assert response.status_code == 201
    key = response.json()["key"]
    assert key.startswith(f"wl_{response.json()['prefix']}_")
    assert key not in (await api.get("/v1/keys")).text
    async with client_of(app, key) as client:
        assert (await client.get(WHO)).json()["id"] == str(workspace.id)


async def test_only_a_hash_of_a_key_is_stored(database: Database, workspace: Workspace) -> None:
    key = await make_key(database, workspace.id)
    async with database.system() as uow:
        row = (await uow.execute("SELECT * FROM api_keys")).one()
    assert bytes(row.secret_hash) == hashlib.sha256(key.encode()).digest()
    assert key.rpartition("_")[2] not in str(tuple(row))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wl_abcdefgh_" + "x" * 40,
        "Bearer wl_abcdefgh",
        "Bearer wl_１２３４５６７８_" + "x" * 40,
        "Bearer wl_abcdefgh_" + "²" * 40,
        "Bearer \x00",
        "Bearer wl_" + "x" * 1_000_000,
        "Basic d2w6d2w=",
    ],
    ids=lambda header: repr(header)[:30],
)
async def test_a_key_that_is_none_is_401_with_one_and_the_same_body(
    anonymous: httpx.AsyncClient, header: str | None
) -> None:
    headers = [] if header is None else [(b"authorization", header.encode())]
    response = await anonymous.get(WHO, headers=headers)
    assert is_problem(response, 401, "bad_key")
    assert response.headers["www-authenticate"] == "Bearer"
    missing = await anonymous.get(WHO)
    assert response.json() | {"request_id": ""} == missing.json() | {"request_id": ""}


async def test_a_right_prefix_with_a_wrong_secret_is_401(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id)
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    response = await anonymous.get(WHO, headers={"authorization": f"Bearer {wrong}"})
    assert is_problem(response, 401, "bad_key")


async def test_a_key_sent_twice_or_in_the_address_opens_nothing(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id)
    bearer = (b"authorization", f"Bearer {key}".encode())
    assert (await anonymous.get(WHO, headers=[bearer])).status_code == 200
    assert (await anonymous.get(WHO, headers=[bearer, bearer])).status_code == 401
    for name in ("key", "api_key", "access_token", "authorization"):
        in_address = await anonymous.get(WHO, params={name: key})
        assert in_address.status_code == 422
        assert key not in in_address.text


async def test_a_revoked_key_is_refused_within_a_second(
    api: httpx.AsyncClient, app: FastAPI
) -> None:
    created = (await api.post("/v1/keys", json={"name": "x", "scopes": ["read"]})).json()
    async with client_of(app, created["key"]) as client:
        assert (await client.get(WHO)).status_code == 200
        assert (await api.delete(f"/v1/keys/{created['id']}")).status_code == 204
        async with asyncio.timeout(MAX_AGE_SECONDS + 5):
            while (await client.get(WHO)).status_code == 200:
                continue
        assert is_problem(await client.get(WHO), 401, "bad_key")
    assert (await api.delete(f"/v1/keys/{created['id']}")).status_code == 204


async def test_an_expired_key_is_refused(
    api: httpx.AsyncClient, app: FastAPI, database: Database, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id)
    async with database.system() as uow:
        await uow.execute(
            "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE prefix = :prefix",
            {"prefix": key.split("_")[1]},
        )
    async with client_of(app, key) as client:
        assert is_problem(await client.get(WHO), 401, "bad_key")


async def test_a_lookup_is_remembered_for_less_than_a_second(
    database: Database, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id)
    await workspaces.authenticate(database, key)
    async with database.system() as uow:
        await uow.execute("UPDATE api_keys SET revoked_at = now()")
    # Still remembered: a busy key does not ask the database each time.
    await workspaces.authenticate(database, key)


async def test_using_a_key_leaves_a_trace(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await api.get(WHO)
    (key,) = (await api.get("/v1/keys")).json()["items"]
    assert key["last_used_at"] is not None


@pytest.mark.parametrize(
    ("scope", "call", "body"),
    [
        (Scope.WORK, "GET /v1/sources", None),
        (Scope.READ, "POST /v1/members", {"handle": "a", "name": "A"}),
        (Scope.MANAGE, "POST /v1/keys", {"name": "a", "scopes": ["admin"]}),
        (Scope.MANAGE, "GET /v1/keys", None),
        (Scope.READ, "GET /v1/audit", None),
        (Scope.METRICS, "GET /v1/workspace", None),
    ],
)
async def test_a_key_of_another_scope_is_403(
    api: httpx.AsyncClient, app: FastAPI, scope: Scope, call: str, body: object
) -> None:
    made = await api.post("/v1/keys", json={"name": "narrow", "scopes": [scope]})
    async with client_of(app, made.json()["key"]) as client:
        response = await client.request(*call.split(), json=body)
    assert is_problem(response, 403, "missing_scope")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "scopes": "read"},
        {"name": "", "scopes": ["read"]},
        {"name": "a", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "a", "scopes": ["read"], "expires_at": "20000-01-01T00:00:00Z"},
        {"name": "a", "scopes": ["read"], "expires_at": "2030-01-01T00:00:00"},
        {"name": "a", "scopes": ["read"], "expires_at": 4_000_000_000},
        {"name": "a", "scopes": ["read"], "secret_hash": "x"},
        {"name": "a\0b", "scopes": ["read"]},
    ],
)
async def test_a_key_that_cannot_be_is_422(api: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert (await api.post("/v1/keys", json=body)).status_code == 422


async def test_a_key_may_end_and_belong_to_a_member(api: httpx.AsyncClient) -> None:
    member = (await api.post("/v1/members", json={"handle": "lin", "name": "林夏"})).json()
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"name": "a", "scopes": ["work"], "member_id": member["id"], "expires_at": ends}
    assert (await api.post("/v1/keys", json=body)).status_code == 201
    stranger = body | {"member_id": str(uuid4())}
    assert (await api.post("/v1/keys", json=stranger)).status_code == 404


async def test_no_line_of_the_log_holds_a_key(
    api: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    with structlog.testing.capture_logs() as lines:
        created = (await api.post("/v1/keys", json={"name": "x", "scopes": ["read"]})).json()
        await anonymous.get(WHO, params={"key": created["key"]})
        await anonymous.get(WHO, headers={"authorization": f"Bearer {created['key']}"})
        await anonymous.get(f"/v1/{created['key']}")
    assert len(lines) >= 4
    assert created["key"].rpartition("_")[2] not in str(lines)


async def test_every_key_is_on_the_trail(api: httpx.AsyncClient) -> None:
    created = (await api.post("/v1/keys", json={"name": "x", "scopes": ["read"]})).json()
    for _ in range(2):
        await api.delete(f"/v1/keys/{created['id']}")
    trail = (await api.get("/v1/audit", params={"subject_id": created["id"]})).json()["items"]
    assert [entry["action"] for entry in trail] == ["key.revoked", "key.created"]


async def test_a_rotated_key_opens_beside_its_successor_for_a_while(
    api: httpx.AsyncClient, app: FastAPI, database: Database
) -> None:
    old = (await api.post("/v1/keys", json={"name": "x", "scopes": ["read"]})).json()
    path = f"/v1/keys/{old['id']}/rotation"
    new = (await api.post(path, json={"overlap_hours": 1})).json()
    assert (new["name"], new["scopes"], new["expires_at"]) == ("x", ["read"], None)
    for key in (old["key"], new["key"]):
        async with client_of(app, key) as client:
            assert (await client.get(WHO)).status_code == 200
    listed = {each["id"]: each for each in (await api.get("/v1/keys")).json()["items"]}
    ends = datetime.fromisoformat(listed[old["id"]]["expires_at"])
    assert timedelta() < ends - datetime.now(UTC) <= timedelta(hours=1)
    # At once, and then there is nothing left to rotate.
    assert (await api.post(path, json={"overlap_hours": 0})).status_code == 201
    with pytest.raises(BadKeyError):
        await workspaces.authenticate(Database(database.engine), old["key"])
    assert is_problem(await api.post(path, json={}), 404, "not_found")
