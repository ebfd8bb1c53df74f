"""Makes a collection of requests out of the schema, for those who try an interface by clicking.

The format is Postman's 2.1, which Bruno, Insomnia and Hoppscotch import as well.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

Told = Mapping[str, Any]

_FORMAT: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_PARAMETER: Final = re.compile(r"\{([^}]+)\}")
_JSON: Final = "application/json"
_HOST: Final = "http://127.0.0.1:8080"
_HOW: Final = "Set `host`, and `key` to one of `warmline keys create --scope read --scope work`."


def collection(schema: Told) -> dict[str, Any]:
    """One folder a tag, one request an operation, with the body its reference shows."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        for method, told in item.items():
            folders.setdefault(told["tags"][0], []).append(_request(schema, method, path, told))
    return {
        "info": {"name": schema["info"]["title"], "schema": _FORMAT, "description": _HOW},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{key}}"}]},
        "variable": [{"key": "host", "value": _HOST}, {"key": "key", "value": ""}],
        "item": [{"name": tag, "item": folders[tag]} for tag in sorted(folders)],
    }


def write_collection(schema: Told) -> str:
    return json.dumps(collection(schema), ensure_ascii=False, indent=1) + "\n"


def _request(schema: Told, method: str, path: str, told: Told) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method.upper(), "url": _address(path, told)}
    if description := told.get("description"):
        request["description"] = description
    if not told.get("security"):
        request["auth"] = {"type": "noauth"}
    content = told.get("requestBody", {}).get("content", {})
    if content:
        media = _JSON if _JSON in content else next(iter(content))
        request["header"] = [{"key": "Content-Type", "value": media}]
        request["body"] = {"mode": "raw", "raw": _example(schema, content[media])}
    return {"name": told["summary"], "request": request}


def _address(path: str, told: Told) -> dict[str, Any]:
    written = _PARAMETER.sub(r":\1", path)
    address: dict[str, Any] = {
        "raw": "{{host}}" + written,
        "host": ["{{host}}"],
        "path": written.strip("/").split("/"),
    }
    asked = [each for each in told.get("parameters", ()) if each["in"] == "query"]
    if asked:
        # What may be left out is there to be switched on.
        address["query"] = [
            {
                "key": each["name"],
                "value": "",
                "disabled": not each.get("required", False),
                **({"description": each["description"]} if each.get("description") else {}),
            }
            for each in asked
        ]
    if names := _PARAMETER.findall(path):
        address["variable"] = [{"key": name, "value": ""} for name in names]
    return address


def _example(schema: Told, content: Told) -> str:
    """What the reference shows: the example of the body, or of its model; else nothing."""
    shown = content.get("example")
    if shown is None and content.get("examples"):
        shown = next(iter(content["examples"].values())).get("value")
    if shown is None:
        shown = next(iter(_model(schema, content.get("schema", {})).get("examples", ())), None)
    if shown is None:
        return ""
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, indent=2)


def _model(schema: Told, told: Told) -> Told:
    for part in (told, *told.get("anyOf", ())):
        if "$ref" in part:
            found: Told = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
            return found
    return told
