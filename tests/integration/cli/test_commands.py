"""Commands that end by themselves: what they print, and how they end when something is wrong."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.cli.migrate import read_revision
from services.core.health.service import expected_revision
from tests.support.commands import warmline, warmline_from_nothing
from tests.support.db import run_sql, url_of
from tests.support.servers import ServerAddress


@pytest.fixture
async def empty_database(postgres_server: ServerAddress) -> AsyncIterator[str]:
    name = f"warmline_cli_{uuid4().hex[:8]}"
    await run_sql(postgres_server.url, f'CREATE DATABASE "{name}"')
    yield url_of(postgres_server.url, name)
    await run_sql(postgres_server.url, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_help_names_the_commands_and_ends_well() -> None:
    told = warmline_from_nothing("--help")
    assert told.returncode == 0
    for command in ("up", "demo", "simulate", "replay", "doctor", "keys", "triage", "bench"):
        assert command in told.stdout


@pytest.mark.parametrize(
    "typed",
    [
        ("nonsense",),
        ("up", "--port", "many"),
        ("replay", "--delivery", "seven"),
        ("replay",),
        ("simulate", "--source", "s", "--secret", "whsec_AAAA", "--scenario", "paradise"),
        ("openapi", "--check", "no-such-file.json"),
    ],
)
def test_misuse_is_told_on_stderr_and_ends_with_2(typed: tuple[str, ...]) -> None:
    told = warmline_from_nothing(*typed)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr
    assert "Traceback" not in told.stderr


def test_a_database_that_is_away_is_a_sentence() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    told = warmline_from_nothing("migrate", WARMLINE__DATABASE__URL=nowhere)
    assert told.returncode == 1
    assert "Nothing answers" in told.stderr
    assert "Traceback" not in told.stderr


async def test_migrating_twice_changes_nothing_and_says_so(empty_database: str) -> None:
    first = warmline("migrate", WARMLINE__DATABASE__URL=empty_database)
    assert (first.returncode, first.stderr) == (0, "")
    assert await read_revision(empty_database) == expected_revision()
    second = warmline("migrate", WARMLINE__DATABASE__URL=empty_database)
    assert second.returncode == 0
    assert "already" in second.stdout


async def test_a_schema_from_the_future_is_left_alone(empty_database: str) -> None:
    await run_sql(
        empty_database,
        "CREATE TABLE alembic_version (version_num text)",
        "INSERT INTO alembic_version VALUES ('9999')",
    )
    told = warmline("migrate", WARMLINE__DATABASE__URL=empty_database)
    assert told.returncode == 1
    assert "newer Warmline" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_doctor_calls_an_empty_database_broken_and_says_what_to_do(
    empty_database: str,
) -> None:
    told = warmline("doctor", WARMLINE__DATABASE__URL=empty_database)
    assert told.returncode == 1
    assert "warmline migrate" in told.stdout


def test_the_schema_is_json_and_compared_with_a_file(tmp_path: Path) -> None:
    printed = warmline("openapi")
    assert printed.returncode == 0
    assert "/v1/cases" in json.loads(printed.stdout)["paths"]
    kept = tmp_path / "openapi.json"
    kept.write_text(printed.stdout, encoding="utf-8")
    assert warmline("openapi", "--check", kept).returncode == 0
    kept.write_text(printed.stdout.replace("/v1/cases", "/v1/cakes"), encoding="utf-8")
    differs = warmline("openapi", "--check", kept)
    assert differs.returncode == 1
    assert "/v1/cakes" in differs.stderr


async def test_replaying_in_an_unknown_workspace_is_refused(database_url: str) -> None:
    told = warmline(
        "replay", "--state", "quarantined", "--workspace", "nowhere",
        WARMLINE__DATABASE__URL=database_url,
    )  # fmt: skip
    assert told.returncode == 1
    assert "nowhere" in told.stderr
