"""Examples of answers: what somebody wrote, else what the names of the fields suggest."""

from typing import Any

from services.api.examples import show, write

SHAPES: dict[str, Any] = {
    "Color": {"type": "string", "enum": ["red", "brown"]},
    "Mood": {"type": "string", "enum": ["positive", "negative"]},
    "Owner": {"type": "object", "properties": {"name": {"type": "string"}}},
    "Written": {"type": "object", "properties": {}, "examples": [{"bark": "loud"}]},
    "Deep": {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Deep?"}}},
    "Deep?": {"type": "array", "items": {"$ref": "#/components/schemas/Deep"}},
}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(told: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [told, {"type": "null"}]}


def test_a_field_says_what_its_name_and_kind_suggest() -> None:
    text, time = {"type": "string"}, {"type": "string", "format": "date-time"}
    fields = {
        "handle": (text, "lily"),
        "unheard_of": (text, "…"),
        "due_at": (time, "2026-11-21T10:15:04Z"),
        "opened_at": (time, "2026-11-21T08:15:04Z"),
        "day": ({"type": "string", "format": "date"}, "2026-11-21"),
        "key": ({"type": "string", "format": "uuid"}, "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11"),
        "code": ({"type": "string", "pattern": "^x$"}, "…"),
        "budget_seconds": ({"type": "integer"}, 7200),
        "text": ({"type": "integer", "minimum": 3}, 3),
        "rate": ({"type": "number"}, 0.5),
        "enabled": ({"type": "boolean"}, True),
        "hidden": ({"type": "boolean"}, False),
        "color": (ref("Color"), "red"),
        "sentiment": (ref("Mood"), "negative"),
        "kind": ({"const": "dog"}, "dog"),
        "anything": ({}, None),
        "detail": ({"type": "object"}, {}),
        "details": ({"type": "array", "items": {"type": "object"}}, []),
        "two": ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        "owner": (maybe(ref("Owner")), {"name": "Lily"}),
        "email": (maybe(text), "lin@example.com"),
        "note": (maybe(text), None),
        "shade": (maybe(ref("Color")), None),
        "either": ({"oneOf": [ref("Written"), ref("Owner")]}, {"bark": "loud"}),
    }
    model = {"properties": {name: told for name, (told, _) in fields.items()}}
    assert write(SHAPES, model) == {name: wanted for name, (_, wanted) in fields.items()}


def test_what_holds_itself_ends_somewhere() -> None:
    assert str(write(SHAPES, ref("Deep"))).count("inner") < 10


def test_only_good_answers_without_an_example_get_one() -> None:
    def json_of(**more: Any) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": ref("Owner")} | more}}

    bare, kept, bad = json_of(), json_of(example={"name": "Mine"}), json_of()
    csv: dict[str, Any] = {"content": {"text/csv": {}}}
    show(SHAPES, {"responses": {"200": bare, "201": kept, "202": csv, "204": {}, "404": bad}})
    assert bare["content"]["application/json"]["example"] == {"name": "Lily"}
    assert kept["content"]["application/json"]["example"] == {"name": "Mine"}
    assert "example" not in bad["content"]["application/json"]
    assert csv == {"content": {"text/csv": {}}}
