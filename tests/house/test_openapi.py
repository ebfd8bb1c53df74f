"""The published schema is a file of the project; a change of it is seen, and meant."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from services.api.openapi import render

FILE = Path(__file__).parents[2] / "services/api/pages/openapi.json"
METHODS = {"get", "post", "put", "patch", "delete"}


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render())
    return found


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in schema()["paths"].items()
        for method, operation in item.items()
    ]


def test_the_file_is_what_the_code_publishes() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), (
        "The HTTP interface changed. If that is meant:"
        " warmline openapi > services/api/pages/openapi.json"
    )


def test_every_operation_says_what_it_is_under_its_own_name() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))
    for call, operation in operations():
        assert operation.get("summary"), call
        assert operation.get("tags"), call
        assert set(schema()["paths"][call.split(" ")[1]]) <= METHODS


def test_every_operation_but_the_open_ones_wants_a_key() -> None:
    without = {call for call, operation in operations() if not operation.get("security")}
    assert without <= {
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "POST /v1/sources/{source_id}/deliveries",
        "POST /v1/sources/{source_id}/backfill",
        # How people get in and out: by what they know, held back by counting their guesses.
        "POST /v1/sign-in",
        "POST /v1/sign-in/invitation",
        "POST /v1/sign-out",
        # The signed link is the key: a browser fetches the file by it.
        "GET /v1/exports/file",
        # A browser on its way to the provider and back; beginnings are counted by address.
        "GET /v1/sign-in/openid",
        "GET /v1/sign-in/openid/callback",
        # Reads the key by itself, because it outlives the request's unit of work.
        "GET /v1/stream",
    }


def test_every_refusal_is_a_problem_and_every_reference_leads_somewhere() -> None:
    for call, operation in operations():
        for status, response in operation["responses"].items():
            if int(status) >= 400 and call != "GET /readyz":
                assert list(response.get("content", {})) == ["application/problem+json"], call
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema())))
    assert referred <= set(schema()["components"]["schemas"])


def test_what_a_person_writes_has_an_example() -> None:
    schemas = schema()["components"]["schemas"]
    bodies = {
        content["schema"].get("$ref", "").rpartition("/")[2]
        for _, operation in operations()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    created = {name for name in bodies if name.endswith("Body")}
    assert {name for name in created if not schemas[name].get("examples")} == set()
