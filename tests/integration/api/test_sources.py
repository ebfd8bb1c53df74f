"""Sources are registered, changed and closed; their secrets are shown once and rotate."""

from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, codes, make_key
from tests.support.factories import RegisteredSource, body_of, comment

NEW = {"name": "Main account", "platform": "xiaohongshu", "own_accounts": ["brand"]}


@pytest.fixture
async def created(api: httpx.AsyncClient) -> dict[str, str]:
    response = await api.post("/v1/sources", json=NEW)
    assert response.status_code == 201
    document: dict[str, str] = response.json()
    return document


async def send(api: httpx.AsyncClient, workspace: Workspace, source_id: str, secret: str) -> int:
    source = RegisteredSource(workspace.id, source_id, secret)
    body = body_of(comment())
    response = await api.post(
        f"/v1/sources/{source_id}/deliveries", content=body, headers=source.headers(body)
    )
    return response.status_code


async def test_a_new_source_shows_its_secret_once(
    api: httpx.AsyncClient, created: dict[str, str]
) -> None:
    assert created["secret"].startswith("whsec_")
    for path in (f"/v1/sources/{created['id']}", "/v1/sources"):
        assert created["secret"].removeprefix("whsec_") not in (await api.get(path)).text


async def test_a_source_reads_back_as_it_was_registered(
    api: httpx.AsyncClient, created: dict[str, str]
) -> None:
    seen = (await api.get(f"/v1/sources/{created['id']}")).json()
    assert {name: seen[name] for name in NEW} == NEW
    assert len(seen["secrets"]) == 1


async def test_only_the_fields_that_are_sent_change(
    api: httpx.AsyncClient, created: dict[str, str]
) -> None:
    response = await api.patch(f"/v1/sources/{created['id']}", json={"name": "Second account"})
    assert response.status_code == 200
    assert response.json()["name"] == "Second account"
    assert response.json()["own_accounts"] == ["brand"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "platform": "x"},
        {"name": "a", "platform": 1},
        {"name": "a", "platform": "x", "own_accounts": "brand"},
        {"name": "a", "platform": "x", "workspace_id": str(uuid4())},
        {"name": "a", "platform": "x", "id": str(uuid4())},
        {"name": "a" * 201, "platform": "x"},
    ],
)
async def test_a_source_that_cannot_be_is_refused(
    api: httpx.AsyncClient, body: dict[str, object]
) -> None:
    response = await api.post("/v1/sources", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"
    assert codes(response)


async def test_sources_are_listed_page_by_page_and_each_once(api: httpx.AsyncClient) -> None:
    for number in range(5):
        await api.post("/v1/sources", json=NEW | {"name": f"Account {number}"})
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/sources", params=query)).json()
        seen += [source["name"] for source in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"Account {number}" for number in range(5)]


async def test_a_closed_source_is_gone_and_its_webhooks_are_refused(
    api: httpx.AsyncClient, workspace: Workspace, created: dict[str, str]
) -> None:
    assert (await api.delete(f"/v1/sources/{created['id']}")).status_code == 204
    assert await send(api, workspace, created["id"], created["secret"]) == 401
    assert (await api.get(f"/v1/sources/{created['id']}")).status_code == 404
    assert (await api.delete(f"/v1/sources/{created['id']}")).status_code == 404
    assert (await api.get("/v1/sources")).json()["items"] == []


async def test_both_secrets_sign_during_a_rotation(
    api: httpx.AsyncClient, workspace: Workspace, created: dict[str, str]
) -> None:
    response = await api.post(f"/v1/sources/{created['id']}/secrets")
    assert response.status_code == 201
    assert await send(api, workspace, created["id"], created["secret"]) == 202
    assert await send(api, workspace, created["id"], response.json()["secret"]) == 202


async def test_the_old_secret_is_told_to_end_after_the_overlap(
    api: httpx.AsyncClient, created: dict[str, str]
) -> None:
    await api.post(f"/v1/sources/{created['id']}/secrets", json={"overlap_seconds": 600})
    new, old = (await api.get(f"/v1/sources/{created['id']}")).json()["secrets"]
    assert new["expires_at"] is None
    ends = datetime.fromisoformat(old["expires_at"]) - datetime.fromisoformat(new["created_at"])
    assert ends == timedelta(seconds=600)


async def test_without_an_overlap_the_old_secret_ends_at_once(
    api: httpx.AsyncClient, workspace: Workspace, created: dict[str, str]
) -> None:
    await api.post(f"/v1/sources/{created['id']}/secrets", json={"overlap_seconds": 0})
    assert await send(api, workspace, created["id"], created["secret"]) == 401


async def test_never_more_than_two_secrets_live(
    api: httpx.AsyncClient, workspace: Workspace, created: dict[str, str]
) -> None:
    second = (await api.post(f"/v1/sources/{created['id']}/secrets")).json()
    third = (await api.post(f"/v1/sources/{created['id']}/secrets")).json()
    live = (await api.get(f"/v1/sources/{created['id']}")).json()["secrets"]
    assert [secret["id"] for secret in live] == [third["id"], second["id"]]
    assert await send(api, workspace, created["id"], created["secret"]) == 401


async def test_a_deleted_secret_signs_nothing_any_more(
    api: httpx.AsyncClient, workspace: Workspace, created: dict[str, str]
) -> None:
    new = (await api.post(f"/v1/sources/{created['id']}/secrets")).json()
    path = f"/v1/sources/{created['id']}/secrets/{new['id']}"
    assert (await api.delete(path)).status_code == 204
    assert await send(api, workspace, created["id"], new["secret"]) == 401
    assert await send(api, workspace, created["id"], created["secret"]) == 202
    assert (await api.delete(path)).status_code == 404


@pytest.mark.parametrize("overlap", [-1, 604_801, 1.5, "60", True, None])
async def test_an_overlap_is_a_whole_number_of_seconds_up_to_a_week(
    api: httpx.AsyncClient, created: dict[str, str], overlap: object
) -> None:
    path = f"/v1/sources/{created['id']}/secrets"
    assert (await api.post(path, json={"overlap_seconds": overlap})).status_code == 422


async def test_every_change_is_on_the_trail_without_a_secret(
    api: httpx.AsyncClient, created: dict[str, str]
) -> None:
    path = f"/v1/sources/{created['id']}"
    await api.patch(path, json={"name": "x"})
    new = (await api.post(f"{path}/secrets")).json()
    await api.delete(f"{path}/secrets/{new['id']}")
    await api.delete(path)
    trail = await api.get("/v1/audit", params={"subject_id": created["id"]})
    assert [entry["action"] for entry in trail.json()["items"]] == [
        "source.deleted",
        "source.secret_revoked",
        "source.secret_rotated",
        "source.changed",
        "source.created",
    ]
    assert {entry["actor_label"] for entry in trail.json()["items"]} == {"test"}
    assert created["secret"] not in trail.text
    assert new["secret"] not in trail.text


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WORK, Scope.INGEST, Scope.METRICS])
async def test_registering_takes_the_scope_manage(
    app: object, database: Database, workspace: Workspace, scope: Scope
) -> None:
    key = await make_key(database, workspace.id, scope)
    async with client_of(app, key) as client:
        response = await client.post("/v1/sources", json=NEW)
    assert (response.status_code, response.json()["code"]) == (403, "missing_scope")
