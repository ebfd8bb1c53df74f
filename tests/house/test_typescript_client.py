"""The TypeScript client is made from the schema as it is, out of packages that are pinned."""

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
INSTALLED = CLIENT / "node_modules"
SCHEMA = ROOT / "services" / "api" / "pages" / "openapi.json"


@pytest.mark.skipif(not INSTALLED.exists(), reason="run `npm ci` in clients/typescript")
def test_its_types_are_made_from_the_schema_as_it_is() -> None:
    stamp = (CLIENT / "src" / "schema.d.ts").read_text(encoding="utf-8").partition("\n")[0]
    assert stamp == f"// Made from schema {hashlib.sha256(SCHEMA.read_bytes()).hexdigest()}", (
        "`npm run generate` in clients/typescript"
    )


def test_its_lock_names_no_registry() -> None:
    lock = (CLIENT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
