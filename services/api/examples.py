"""Writes into the published schema what an answer may look like, where nobody wrote one by hand."""

from collections.abc import Mapping
from typing import Any, Final

_Told = Mapping[str, Any]

_JSON: Final = "application/json"
_DEEPEST: Final = 7
_FORMATS: Final = {
    "uuid": "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11",
    "date-time": "2026-11-21T08:15:04Z",
    "date": "2026-11-21",
}
# What a field of this name usually says. What may be null and is not here, is null.
_WORDS: Final[Mapping[str, Any]] = {
    "active": True,
    "actor_kind": "member",
    "budget_seconds": 7200,
    "code": "not_found",
    "csrf_token": "mZ0q…",
    "decided_by": "engine",
    "due_at": "2026-11-21T10:15:04Z",
    "email": "lin@example.com",
    "enabled": True,
    "engine": "linear",
    "excerpt": "用了三天烂脸了…",
    "external_id": "c1",
    "handle": "lily",
    "key": "wl_3f9c…",
    "name": "Lily",
    "needs_reply": True,
    "next_due_at": "2026-11-21T10:15:04Z",
    "ok": True,
    "paused_seconds": 0,
    "platform": "xiaohongshu",
    "prefix": "wl_3f9c",
    "reopened": 0,
    "secret": "whsec_MfKQ…",
    "sentiment": "negative",
    "slug": "default",
    "target_due_at": "2026-11-21T10:15:04Z",
    "text": "用了三天烂脸了,要求退款",
    "title": "新品来了",
    "token": "Jf2_…",
    "tz": "Asia/Shanghai",
    "url": "https://example.com/warmline",
    "zone": "Asia/Shanghai",
}
_PLAIN: Final[Mapping[str, Any]] = {
    "string": "…",
    "integer": 1,
    "number": 0.5,
    "boolean": False,
}


def show(shapes: _Told, operation: _Told) -> None:
    """Give each good answer of JSON an example; `shapes` are the schema's models."""
    for status, response in operation["responses"].items():
        media = response.get("content", {}).get(_JSON)
        if status.startswith("2") and media and not {"example", "examples"} & set(media):
            media["example"] = write(shapes, media.get("schema", {}))


def write(shapes: _Told, told: _Told, name: str = "", depth: int = 0) -> Any:
    """A value the schema takes: the written example, else what its field's name suggests."""
    if "$ref" in told:
        return write(shapes, shapes[told["$ref"].rpartition("/")[2]], name, depth)
    if told.get("examples"):
        return told["examples"][0]
    if "const" in told or "enum" in told:
        values = told.get("enum", [told.get("const")])
        return _WORDS[name] if _WORDS.get(name) in values else values[0]
    choices = told.get("anyOf") or told.get("oneOf")
    if choices:
        return _choose(shapes, choices, name, depth)
    if "properties" in told:
        return {
            field: write(shapes, part, field, depth + 1)
            for field, part in told["properties"].items()
        }
    return _plain(shapes, told, name, depth)


def _choose(shapes: _Told, choices: list[_Told], name: str, depth: int) -> Any:
    real = [each for each in choices if each.get("type") != "null"]
    said = _fits(real[0], name) or (_is_object(shapes, real[0]) and depth < _DEEPEST)
    if len(real) < len(choices) and not said:
        return None
    return write(shapes, real[0], name, depth)


def _is_object(shapes: _Told, told: _Told) -> bool:
    return "$ref" in told and "properties" in shapes[told["$ref"].rpartition("/")[2]]


def _plain(shapes: _Told, told: _Told, name: str, depth: int) -> Any:
    kind = told.get("type", "")
    if kind == "array":
        return _list(shapes, told, name, depth)
    if kind == "object":
        return {}
    if _fits(told, name):
        return _WORDS[name]
    if kind == "string" and told.get("format") in _FORMATS:
        return _FORMATS[told["format"]]
    return told.get("minimum", _PLAIN.get(kind))


def _list(shapes: _Told, told: _Told, name: str, depth: int) -> list[Any]:
    inside = told.get("items", {})
    least = told.get("minItems", 0)
    anything = inside.get("type") == "object" and "properties" not in inside
    if not least and (depth >= _DEEPEST or anything):
        return []
    return [write(shapes, inside, name, depth + 1)] * max(least, 1)


def _fits(told: _Told, name: str) -> bool:
    """Whether the word of this name is of the kind that is asked for."""
    word, kind = _WORDS.get(name), told.get("type")
    if isinstance(word, bool):
        return kind == "boolean"
    if isinstance(word, int):
        return kind == "integer"
    if word is None or kind != "string":
        return False
    if told.get("format") == "date-time":
        return name.endswith("_at")
    return "format" not in told and "pattern" not in told
