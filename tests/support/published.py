"""The published schema, from the file it is served from; `tests/house` holds it to the code.

Writing it anew takes seconds, and tests ask for it while they are collected, in every process.
"""

import json
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[2] / "services/api/pages/openapi.json"
SCHEMA: Final[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def query_of(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parameters of its query by their names."""
    told = operation.get("parameters", ())
    return {each["name"]: each for each in told if each["in"] == "query"}


def orders_of(operation: dict[str, Any]) -> list[str]:
    """What its `sort` may be; nothing where there is one order only."""
    schema = query_of(operation).get("sort", {}).get("schema", {})
    orders: list[str] = _followed(schema).get("enum", [])
    return orders


def answer_of(operation: dict[str, Any]) -> dict[str, Any]:
    """Of a list, what its answer is; nothing for what is no list.

    A list says where it goes on, on its last page too.
    """
    told = operation.get("responses", {}).get("200", {}).get("content", {})
    model = _followed(told.get("application/json", {}).get("schema", {}))
    leads_on = {"next_cursor", "next_after"} & set(model.get("properties", {}))
    return model if leads_on else {}


def _followed(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = SCHEMA["components"]["schemas"][name] if name else schema
    return found
