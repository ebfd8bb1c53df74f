"""The TypeScript client is made from the schema as it is, and compiles with its example."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
COMPILER = CLIENT / "node_modules" / "typescript" / "bin" / "tsc"
SCHEMA = ROOT / "services" / "api" / "pages" / "openapi.json"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(
    NODE is None or not COMPILER.exists(), reason="run `npm ci` in clients/typescript"
)


@needs_node
def test_its_types_are_made_from_the_schema_as_it_is() -> None:
    stamp = (CLIENT / "src" / "schema.d.ts").read_text(encoding="utf-8").partition("\n")[0]
    assert stamp == f"// Made from schema {hashlib.sha256(SCHEMA.read_bytes()).hexdigest()}", (
        "`npm run generate` in clients/typescript"
    )


@needs_node
def test_it_compiles_with_its_example() -> None:
    said = subprocess.run(
        [NODE or "node", COMPILER, "--noEmit"],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert said.returncode == 0, said.stdout


def test_its_lock_names_no_registry() -> None:
    lock = (CLIENT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "://" not in lock.replace("https://github.com/sponsors", "").replace(
        "https://opencollective.com", ""
    )
