"""Clients written for the last release go on working, unless somebody said why not."""

import json
from pathlib import Path

import pytest

from services.api.openapi import render
from services.cli.breaking import breaking_changes
from services.cli.openapi import check_breaking
from services.cli.terminal import BadInputError, CommandError

BASELINE = Path(__file__).parents[2] / "docs" / "api" / "v1-baseline.json"


def test_nothing_breaks_for_clients_of_the_last_release() -> None:
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    assert len(kept["paths"]) > 100
    assert breaking_changes(kept, json.loads(render())) == [], (
        "docs/api/changes.md says what to do when that is meant"
    )


def test_the_command_says_what_breaks_and_what_it_cannot_read(tmp_path: Path) -> None:
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    kept["paths"]["/v1/tea"] = {"get": {"responses": {}}}
    older = tmp_path / "older.json"
    older.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(CommandError, match="GET /v1/tea is gone"):
        check_breaking(older)
    older.write_text("{}", encoding="utf-8")
    with pytest.raises(BadInputError, match="cannot be read"):
        check_breaking(older)
