"""Whatever comes in, the answer is a problem with a code, never a 500 and never an echo."""

import json
from uuid import uuid4

import httpx
import pytest
import structlog
from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.client import client_of, make_key
from tests.support.db import run_sql
from tests.support.webhooks import is_problem

UNKNOWN = "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"[" * 50_000, 400, "invalid_json"),
        (b'{"name":NaN}', 400, "invalid_json"),
        (b'{"name":1e999}', 400, "invalid_json"),
        (b'{"name":' + b"9" * 5_000 + b"}", 400, "invalid_json"),
        (b'{"name":"a","name":"b"}', 400, "invalid_json"),
        (b"\xff", 400, "invalid_json"),
        (json.dumps({"name": "a"}).encode("utf-16"), 400, "invalid_json"),
        (b'{"name":"\\ud83d","platform":"x"}', 422, "invalid_request"),
        (b'{"name":"a\\u0000","platform":"x"}', 422, "invalid_request"),
        (b'{"\\ud83d":"a"}', 422, "invalid_request"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b'"text"', 422, "invalid_request"),
        (b"", 422, "invalid_request"),
        (b"{}", 422, "invalid_request"),
        (b" " * (512 * 1024 + 1), 413, "too_large"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_a_bad_body_is_told_apart_and_never_a_500(
    api: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    response = await api.post("/v1/sources", content=body, headers=JSON)
    assert is_problem(response, status, code)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ],
)
async def test_a_body_of_another_kind_is_415(
    api: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    response = await api.post("/v1/sources", content=b'{"name":"a"}', headers=headers)
    assert is_problem(response, 415, "unsupported_media")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "limit=%D9%A1x",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "A" * 3_000,
        "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "cursor=%F0%9F%98%80",
    ],
)
async def test_a_bad_page_is_422(api: httpx.AsyncClient, query: str) -> None:
    response = await api.get(f"/v1/sources?{query}")
    assert response.status_code == 422
    assert response.json()["code"] in {"invalid_request", "invalid_cursor"}


@pytest.mark.parametrize("limit", ["201", "1000000000", "9" * 300])
async def test_a_page_longer_than_200_is_read_as_200(api: httpx.AsyncClient, limit: str) -> None:
    assert (await api.get("/v1/sources", params={"limit": limit})).status_code == 200


async def test_a_cursor_of_another_list_is_refused(api: httpx.AsyncClient) -> None:
    for handle in ("a", "b"):
        await api.post("/v1/members", json={"handle": handle, "name": handle})
    page = (await api.get("/v1/members", params={"limit": 1})).json()
    response = await api.get("/v1/sources", params={"cursor": page["next_cursor"]})
    assert is_problem(response, 422, "invalid_cursor")


@pytest.mark.parametrize("path", ["/v2", "/v2/sources", "/v1/nothing", "/v1/sources/", "/v1/%00"])
async def test_an_unknown_address_is_404(api: httpx.AsyncClient, path: str) -> None:
    assert is_problem(await api.get(path), 404, "not_found")


@pytest.mark.parametrize("thing", ["x", "0", "%20", "null", "' OR 1=1", "1" * 5_000, UNKNOWN])
async def test_what_is_no_id_names_nothing(api: httpx.AsyncClient, thing: str) -> None:
    for path in ("/v1/sources", "/v1/deliveries", "/v1/members"):
        assert is_problem(await api.get(f"{path}/{thing}"), 404, "not_found")


async def test_a_method_that_is_not_there_is_405(api: httpx.AsyncClient) -> None:
    response = await api.put("/v1/sources", json={})
    assert is_problem(response, 405, "method_not_allowed")
    assert "GET" in response.headers["allow"]


async def test_an_unknown_field_is_refused_without_its_name(api: httpx.AsyncClient) -> None:
    marker = "hush_4711"
    body = {"name": marker, "platform": 7, marker: marker}
    response = await api.post("/v1/sources", json=body)
    assert is_problem(response, 422, "invalid_request")
    assert marker not in response.text
    assert {problem["code"] for problem in response.json()["errors"]} == {
        "unknown_field",
        "string_type",
    }


async def test_a_refusal_says_where_it_is_wrong_and_what_would_be_right(
    api: httpx.AsyncClient,
) -> None:
    snooze = f"/v1/cases/{UNKNOWN}/snooze"
    mistyped = await api.post(snooze, json={"untill": "2027-01-01T00:00:00Z"})
    assert [(each["pointer"], each["detail"]) for each in mistyped.json()["errors"]] == [
        ("/until", "Field required"),
        ("/untill", "There is no such field."),
    ]
    bare = await api.post(snooze)
    assert [each["detail"] for each in bare.json()["errors"]] == ["A JSON body is wanted."]
    mine = await api.get("/v1/cases", params={"assignee_id": "me", "due_before": "today"})
    told = [(each["pointer"], each["detail"]) for each in mine.json()["errors"]]
    assert told[:2] == [
        ("query/assignee_id", "This is no id."),
        ("query/assignee_id", "Input should be 'none'"),
    ]
    assert "such as 2026-11-22T17:00:00+08:00" in told[2][1]
    assert "/openapi.json" in (await api.get("/v1/case")).json()["detail"]
    assert "`Allow`" in (await api.post("/v1/cases", json={})).json()["detail"]
    assert "misspelt" in (await api.get("/v1/cases/undefined")).json()["detail"]


async def test_every_answer_has_an_id_and_safe_headers(api: httpx.AsyncClient) -> None:
    for response in (await api.get("/v1/sources"), await api.get("/nothing")):
        assert len(response.headers["x-request-id"]) == 32
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("sent", "kept"), [("trace-1.2:3", True), ("x" * 65, False), ("a b", False), ("é", False)]
)
async def test_a_sane_request_id_is_kept_and_lands_on_the_trail(
    api: httpx.AsyncClient, sent: str, kept: bool
) -> None:
    headers = [(b"x-request-id", sent.encode())]
    response = await api.post("/v1/members", json={"handle": "a", "name": "A"}, headers=headers)
    told = response.headers["x-request-id"]
    assert (told == sent) is kept
    (entry,) = (await api.get("/v1/audit", params={"subject_id": response.json()["id"]})).json()[
        "items"
    ]
    assert entry["request_id"] == told


async def test_a_mistake_of_ours_is_a_500_that_tells_only_its_id(
    app: FastAPI, database: Database, workspace: Workspace
) -> None:
    async def stumble() -> None:
        raise RuntimeError("secret-4711")

    app.add_api_route("/v1/stumble", stumble)
    with structlog.testing.capture_logs() as lines:
        async with client_of(app, await make_key(database, workspace.id)) as client:
            response = await client.get("/v1/stumble")
    assert is_problem(response, 500, "internal")
    assert "secret-4711" not in response.text
    assert any(line["event"] == "request.failed" for line in lines)


async def test_a_failing_commit_is_not_answered_as_done(
    api: httpx.AsyncClient, database_url: str
) -> None:
    """The commit comes before the answer: what Postgres refuses last is still refused."""
    await run_sql(
        database_url,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'at commit' USING ERRCODE = '53100'; END $$",
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON members "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    try:
        response = await api.post("/v1/members", json={"handle": "a", "name": "A"})
    finally:
        await run_sql(database_url, "DROP TRIGGER refuse ON members", "DROP FUNCTION refuse()")
    assert is_problem(response, 503, "unavailable")
    assert (await api.get("/v1/members")).json()["items"] == []


async def test_the_log_names_the_route_never_the_path_or_query(api: httpx.AsyncClient) -> None:
    thing = str(uuid4())
    with structlog.testing.capture_logs() as lines:
        await api.get(f"/v1/sources/{thing}", params={"note": "hush-4711"})
        await api.get(f"/v1/sources/{thing}")
    refused, missing = [line for line in lines if line["event"] == "request"]
    assert (refused["route"], refused["status"]) == ("/v1/sources/{source_id}", 422)
    assert (missing["route"], missing["status"]) == ("/v1/sources/{source_id}", 404)
    assert thing not in str(lines)
    assert "hush-4711" not in str(lines)
