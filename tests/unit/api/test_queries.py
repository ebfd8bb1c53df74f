"""Every operation takes the query it publishes and refuses any other; lists give what is wanted."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr

from services.api import queries
from services.api.main import create_app
from services.core.settings import DatabaseSettings, Settings
from tests.support.client import client_of, codes
from tests.support.published import SCHEMA, answer_of
from tests.support.webhooks import is_problem

# Nothing answers there, and nothing is asked: what is refused is refused before.
NOWHERE = DatabaseSettings(url=SecretStr("postgresql://nobody@localhost/nowhere"))
# Whoever calls these adds words of their own, and is not ours to refuse.
FORGIVING = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/v1/sign-in/openid/callback"),
    ("POST", "/v1/sources/{source_id}/deliveries"),
    ("POST", "/v1/sources/{source_id}/backfill"),
}
OPERATIONS = [
    (method.upper(), path, operation)
    for path, item in SCHEMA["paths"].items()
    for method, operation in item.items()
]


@pytest.fixture(scope="module")
def application() -> FastAPI:
    return create_app(Settings().model_copy(update={"database": NOWHERE}))


@pytest.fixture
async def stranger(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(application) as client:
        yield client


def published(operation: dict[str, Any]) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}


def routes(application: FastAPI) -> dict[tuple[str, str], APIRoute]:
    return {
        (method, route.path): route
        for route in application.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


async def test_every_operation_refuses_a_parameter_it_does_not_publish(
    stranger: httpx.AsyncClient,
) -> None:
    for method, path, operation in OPERATIONS:
        if (method, path) in FORGIVING:
            continue
        # With what it knows beside it: one wrong word is enough.
        known = dict.fromkeys(published(operation), "1")
        answer = await stranger.request(method, path, params=known | {"stat": "open"})
        assert is_problem(answer, 422, "invalid_request"), (method, path, answer.text)
        assert answer.json()["errors"][0]["pointer"] == "query/stat", (method, path)
        assert codes(answer) == ["unknown_field"]
        assert "422" in operation["responses"], (method, path)


def test_what_is_published_is_what_is_known_and_only_programs_of_others_are_forgiven(
    application: FastAPI,
) -> None:
    found = routes(application)
    for method, path, operation in OPERATIONS:
        route = found[method, path]
        assert queries.is_strict(route) is ((method, path) not in FORGIVING), path
        assert queries.names_of(route) == published(operation), path


async def test_a_name_that_may_be_a_secret_is_not_repeated(stranger: httpx.AsyncClient) -> None:
    key = "wl_1a2b3c4d_Secret"
    answer = await stranger.get("/v1/cases", params={key: "", "sort_by": "x", "状态": "1"})
    assert is_problem(answer, 422, "invalid_request")
    pointers = [each["pointer"] for each in answer.json()["errors"]]
    assert pointers == ["query", "query/sort_by", "query"]
    assert key not in answer.text
    # What there is instead is told.
    assert "`due_before`" in answer.json()["errors"][0]["detail"]


def test_every_list_and_every_one_thing_publishes_its_fields(application: FastAPI) -> None:
    found = routes(application)
    lists, things = 0, 0
    for method, path, operation in OPERATIONS:
        is_list = method == "GET" and bool(answer_of(operation))
        is_thing = method == "GET" and path.endswith("_id}")
        if not (is_list or is_thing):
            assert queries.FIELDS not in published(operation), path
            continue
        lists, things = lists + is_list, things + is_thing
        (told,) = [each for each in operation["parameters"] if each["name"] == "fields"]
        route = found[method, path]
        rows = queries.rows_of(route)
        assert bool(rows) is is_list, path
        known = frozenset().union(*rows.values()) if rows else queries.fields_of(route)
        assert set(told["schema"]["items"]["enum"]) == known
        assert told["explode"] is False
    assert (lists >= 50, things >= 20) == (True, True)


async def test_a_field_that_is_not_there_is_refused(stranger: httpx.AsyncClient) -> None:
    for wanted in ("id,nonsense", "", "id,", "ID"):
        for place in ("/v1/messages", "/v1/facts", f"/v1/messages/{uuid4()}"):
            answer = await stranger.get(place, params={"fields": wanted})
            assert is_problem(answer, 422, "invalid_request"), wanted
            assert answer.json()["errors"][0]["pointer"] == "query/fields"
