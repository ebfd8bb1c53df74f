"""What counts as breaking for clients, one small schema against another."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from services.cli.breaking import breaking_changes, compact

Change = Callable[[dict[str, Any]], object]

BASE: dict[str, Any] = {
    "paths": {
        "/v1/cases": {
            "get": {
                "summary": "List cases",
                "parameters": [
                    {
                        "name": "tier",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "string", "enum": ["urgent", "routine"]},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Fine.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Case"}}
                        },
                    },
                    "404": {"description": "No such case."},
                },
            },
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Body"}}
                    },
                },
                "responses": {"201": {"content": {}}},
            },
        },
    },
    "components": {
        "schemas": {
            "Case": {
                "title": "Case",
                "type": "object",
                "required": ["id", "title"],
                "properties": {
                    "id": {"type": "string"},
                    "title": {"type": "string", "enum": ["one"]},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "children": {"type": "array", "items": {"$ref": "#/components/schemas/Case"}},
                },
            },
            "Body": {
                "type": "object",
                "required": ["text"],
                "additionalProperties": False,
                "properties": {
                    "text": {"type": "string", "maxLength": 100},
                    "count": {"type": ["integer", "null"], "minimum": 1},
                    "member": {"anyOf": [{"type": "string", "format": "uuid"}, {"const": "none"}]},
                },
            },
            "Unused": {"type": "object"},
        }
    },
}


def case(schema: dict[str, Any]) -> Any:
    return schema["components"]["schemas"]["Case"]


def body(schema: dict[str, Any]) -> Any:
    return schema["components"]["schemas"]["Body"]


def calls(schema: dict[str, Any]) -> Any:
    return schema["paths"]["/v1/cases"]


def field(name: str, **told: Any) -> Change:
    return lambda schema: body(schema)["properties"].update({name: told})


def given(name: str, **told: Any) -> Change:
    return lambda schema: case(schema)["properties"].update({name: told})


def rename_model(schema: dict[str, Any]) -> None:
    renamed = json.loads(json.dumps(schema).replace("schemas/Case", "schemas/Matter"))
    renamed["components"]["schemas"]["Matter"] = renamed["components"]["schemas"].pop("Case")
    schema.update(renamed)


def need_parameter(schema: dict[str, Any]) -> None:
    told = {"name": "zone", "in": "query", "required": True, "schema": {"type": "string"}}
    calls(schema)["get"]["parameters"].append(told)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it["paths"].clear(), "GET /v1/cases is gone"),
        (lambda it: calls(it).pop("post"), "POST /v1/cases is gone"),
        (lambda it: calls(it)["get"]["responses"].pop("200"), "no longer answers 200"),
        (
            lambda it: calls(it)["get"]["responses"]["200"].update(content={"text/csv": {}}),
            "application/json is gone",
        ),
        (need_parameter, "query zone is required now"),
        (
            lambda it: calls(it)["get"]["parameters"][0].update(required=True),
            "query tier is required now",
        ),
        (lambda it: calls(it)["get"]["parameters"].clear(), "query tier is no longer taken"),
        (
            lambda it: calls(it)["get"]["parameters"][0]["schema"].update(enum=["urgent"]),
            'query tier: "routine" is no longer taken',
        ),
        (
            lambda it: calls(it)["post"]["requestBody"].update(required=True),
            "a body is required now",
        ),
        (lambda it: calls(it)["post"].pop("requestBody"), "no body is taken any more"),
        (lambda it: body(it)["required"].append("count"), "body: count is required now"),
        (lambda it: body(it)["properties"].pop("count"), "body: count is no longer taken"),
        (field("text", type="string", maxLength=99), "body.text: maxLength is 99 now"),
        (
            field("text", type="string", maxLength=100, minLength=1),
            "body.text: minLength is 1 now",
        ),
        (
            field("text", type="string", maxLength=100, pattern="^a"),
            "body.text: pattern is ^a now",
        ),
        (
            field("text", type="string", maxLength=100, enum=["a"]),
            "body.text: any other value is no longer taken",
        ),
        (field("text", type="integer"), "body.text: string is no longer taken"),
        (field("count", type="integer", minimum=1), "body.count: null is no longer taken"),
        (
            field("member", anyOf=[{"type": "string", "format": "uuid"}]),
            "body.member",
        ),
        (lambda it: case(it)["properties"].pop("note"), "200: note is gone"),
        (lambda it: case(it)["required"].remove("title"), "200: title may be missing now"),
        (given("id", type="integer"), "200.id: it may be integer now"),
        (
            given("id", anyOf=[{"type": "string"}, {"type": "null"}]),
            "200.id: it may be null now",
        ),
        (given("children", type="array", items={"type": "string"}), "200.children[]: it may be"),
    ],
)
def test_what_a_client_trips_over_is_said(change: Change, said: str) -> None:
    new = copy.deepcopy(BASE)
    change(new)
    found = breaking_changes(BASE, new)
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["paths"].update({"/v1/more": {"get": {"responses": {}}}}),
        lambda it: calls(it)["get"]["responses"].update({"202": {}}),
        lambda it: calls(it)["get"]["responses"].pop("404"),
        lambda it: calls(it)["get"].update(summary="Another word"),
        lambda it: calls(it)["get"]["parameters"][0]["schema"]["enum"].append("spam"),
        lambda it: body(it)["required"].clear(),
        lambda it: body(it).pop("additionalProperties"),
        field("text", type=["string", "null"], maxLength=200),
        field("new", type="string"),
        given("title", type="string", enum=["one", "two"]),
        given("new", type="string"),
        given("note", type="string"),
        rename_model,
    ],
)
def test_what_only_adds_breaks_nothing(change: Change) -> None:
    new = copy.deepcopy(BASE)
    change(new)
    assert breaking_changes(BASE, new) == []


def test_a_baseline_keeps_what_counts_and_nothing_people_read() -> None:
    kept = compact(BASE)
    assert "Fine." not in kept
    assert "Unused" not in kept
    # A field may be called what prose is called elsewhere.
    assert '"title":{"enum":["one"]' in kept
    assert breaking_changes(json.loads(kept), BASE) == []
    assert breaking_changes(BASE, json.loads(kept)) == []
