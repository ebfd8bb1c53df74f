"""Makes the types and the calls of the Python client out of the schema."""

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Told = Mapping[str, Any]

_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"
_PARAMETER: Final = re.compile(r"\{([^}]+)\}")
_LINE: Final = 60
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_HEAD: Final = """\
\"\"\"{}

Written by `warmline openapi --python`; a change made here is lost.
\"\"\"

from __future__ import annotations

"""
_MODELS: Final = (
    _HEAD.format("What goes in and out, as the schema tells it; at run time plain dictionaries.")
    + "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n"
)
_OPERATIONS: Final = (
    _HEAD.format("Every call of the interface, by the group it stands in; `send` makes it.")
    + """\
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from warmline_client import models
from warmline_client.patience import Call, Page
"""
)


def write_client(schema: Told) -> dict[str, str]:
    """The texts of two modules, by file name."""
    shapes = schema["components"]["schemas"]
    models = "".join(_model(shapes, name) for name in sorted(shapes, key=_name_of))
    groups: dict[str, list[str]] = {}
    for path, item in schema["paths"].items():
        for method, told in item.items():
            group, _, name = told["operationId"].partition(".")
            if _fits(told):
                call = _operation(shapes, method, path, told, name)
                groups.setdefault(group, []).append(call)
    classes = (_group(group, groups[group]) for group in sorted(groups))
    return {"models.py": _MODELS + models, "operations.py": _OPERATIONS + "".join(classes)}


def _fits(told: Told) -> bool:
    """Signed webhooks, files to upload and streams are no calls of JSON."""
    body = told.get("requestBody", {}).get("content", {_JSON: None})
    signed = any(each["name"] == "webhook-id" for each in told.get("parameters", ()))
    return _JSON in body and not signed and _STREAM not in str(told["responses"])


def _group(group: str, calls: list[str]) -> str:
    return f"\n\nclass {_camel(group)}:" + "".join(calls)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _name_of(name: str) -> str:
    """Where two models have one name, the module tells them apart: `RulesConditionsBody`."""
    *modules, last = name.split("__") if name.startswith("services__") else [name]
    home = [each for each in modules if each != "types"]
    return _camel(home[-1] if home else "") + last


def _page_of(shapes: Told, name: str) -> str | None:
    """What a page has pages of; pages are one generic type."""
    told = shapes[name].get("properties", {})
    if "Page_" not in name or set(told) != {"items", "next_cursor"}:
        return None
    return _type(shapes, told["items"]["items"], "models.")


def _type(shapes: Told, told: Told, prefix: str = "") -> str:
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        page = _page_of(shapes, name)
        return f"{prefix}{_name_of(name)}" if page is None else f"Page[{page}]"
    if "enum" in told or "const" in told:
        values = told.get("enum", [told.get("const")])
        return f"Literal[{', '.join(_quoted(value) for value in values)}]"
    for choice in ("anyOf", "oneOf"):
        if choice in told:
            found = [_type(shapes, each, prefix) for each in told[choice]]
            return " | ".join(dict.fromkeys(found))
    if told.get("type") == "array":
        return f"list[{_type(shapes, told.get('items', {}), prefix)}]"
    if told.get("type") == "object":
        inside = told.get("additionalProperties")
        of = _type(shapes, inside, prefix) if isinstance(inside, dict) else "Any"
        return f"dict[str, {of}]"
    return "None" if told.get("type") == "null" else _PLAIN.get(told.get("type", ""), "Any")


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _model(shapes: Told, name: str) -> str:
    told, called = shapes[name], _name_of(name)
    if _page_of(shapes, name) is not None:
        return ""
    if "properties" not in told:
        # In quotes: an alias is read at once, and may name what comes below.
        return f"\n{called}: TypeAlias = {_quoted(_type(shapes, told).replace(chr(34), chr(39)))}\n"
    fields = dict(_fields(shapes, told))
    if not any(keyword.iskeyword(each) for each in fields):
        lines = "".join(f"    {each}: {kind}\n" for each, kind in fields.items())
        return f"\n\nclass {called}(TypedDict):\n{lines}"
    pairs = "".join(
        f"        {_quoted(each)}: {_quoted(kind.replace(chr(34), chr(39)))},\n"
        for each, kind in fields.items()
    )
    return f"\n{called} = TypedDict(\n    {_quoted(called)},\n    {{\n{pairs}    }},\n)\n"


def _fields(shapes: Told, told: Told) -> Iterator[tuple[str, str]]:
    needed = told.get("required", ())
    for name, part in told["properties"].items():
        kind = _type(shapes, part)
        yield name, kind if name in needed else f"NotRequired[{kind}]"


def _operation(shapes: Told, method: str, path: str, told: Told, name: str) -> str:
    asked = [each for each in told.get("parameters", ()) if each["in"] == "query"]
    arguments = [f"{each}: UUID | str" for each in _PARAMETER.findall(path)]
    given = [f'"{method.upper()}"', f'f"{path}"' if "{" in path else f'"{path}"']
    body = told.get("requestBody")
    if body is not None:
        kind = _type(shapes, body["content"][_JSON]["schema"], "models.").removesuffix(" | None")
        arguments.append(f"body: {kind}" if body.get("required") else f"body: {kind} | None = None")
        given.append("body=body")
    if asked:
        arguments.append("*")
        arguments += [_argument(shapes, each) for each in asked]
        pairs = [f'"{each["name"]}": {_safe(each["name"])}' for each in asked]
        given.append(f"params={{{_listed(pairs)}}}")
    if any(each["name"] == "Idempotency-Key" for each in told.get("parameters", ())):
        given.append("once=True")
    return (
        f"\n    @staticmethod\n    def {_safe(name)}({_listed(arguments)})"
        f" -> Call[{_answer(shapes, told)}]:\n"
        f'        """{told["summary"].rstrip("?.")}."""\n'
        f"        return Call({_listed(given)})\n"
    )


def _listed(parts: list[str]) -> str:
    """In a line, or one below the other where that would be a long one."""
    line = ", ".join(parts)
    if len(line) <= _LINE:
        return line
    return "".join(f"\n            {each}," for each in parts) + "\n        "


def _argument(shapes: Told, asked: Told) -> str:
    kind = _type(shapes, asked["schema"], "models.")
    for spelled, meant in (("date-time", "datetime"), ("date", "date"), ("uuid", "UUID")):
        if f"'{spelled}'" in str(asked["schema"]):
            kind = f"{meant} | {kind}"
    kind = re.sub(r"\blist\[", "Sequence[", kind)
    left_out = "" if asked.get("required") else " | None = None"
    return f"{_safe(asked['name'])}: {kind.removesuffix(' | None')}{left_out}"


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")


def _answer(shapes: Told, told: Told) -> str:
    for status, response in told["responses"].items():
        if status.startswith("2"):
            content = response.get("content", {})
            if _JSON in content:
                return _type(shapes, content[_JSON].get("schema", {}), "models.")
            return "str" if content else "None"
    return "None"
