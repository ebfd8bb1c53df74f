"""The collection to click through has every call of the schema, as it is."""

import json
import re
from pathlib import Path
from typing import Any

from services.api.openapi import render
from services.cli.collection import write_collection

FILE = Path(__file__).parents[2] / "docs" / "api" / "collection.postman.json"


def test_it_is_current_and_has_every_call_with_a_body_where_one_is_needed() -> None:
    schema = json.loads(render())
    kept = FILE.read_text(encoding="utf-8")
    assert kept == write_collection(schema), (
        "warmline openapi --collection > docs/api/collection.postman.json"
    )
    requests: list[Any] = [
        each["request"] for folder in json.loads(kept)["item"] for each in folder["item"]
    ]
    found = {(each["method"], each["url"]["raw"]) for each in requests}
    assert found == {
        (method.upper(), "{{host}}" + re.sub(r"\{([^}]+)\}", r":\1", path))
        for path, item in schema["paths"].items()
        for method in item
    }
    assert all(each["body"]["raw"] for each in requests if each["method"] == "PUT")
