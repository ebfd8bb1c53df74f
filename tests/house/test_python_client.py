"""The types and calls of the Python client are made from the schema as it is."""

import json
from pathlib import Path
from typing import Any

from services.cli.python_client import write_client

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "python" / "src" / "warmline_client"
SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "services/api/pages/openapi.json").read_text(encoding="utf-8")
)
# Whose bodies are signed or files, and whose answer never ends.
NO_CALLS_OF_JSON = {
    "deliveries.send_delivery",
    "deliveries.send_backfill",
    "calendars.upload_feed",
    "stream.listen",
}


def test_they_are_made_from_the_schema_as_it_is() -> None:
    for name, text in write_client(SCHEMA).items():
        assert (CLIENT / name).read_text(encoding="utf-8") == text, (
            "warmline openapi --python clients/python/src/warmline_client"
        )


def test_every_operation_is_a_call() -> None:
    written = write_client(SCHEMA)["operations.py"].count("@staticmethod")
    operations = {
        operation["operationId"] for item in SCHEMA["paths"].values() for operation in item.values()
    }
    assert operations >= NO_CALLS_OF_JSON
    assert written == len(operations - NO_CALLS_OF_JSON)
