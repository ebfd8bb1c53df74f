"""Clients written for the last release go on working, unless somebody said why not."""

import json
from pathlib import Path

from services.api.openapi import render
from services.cli.breaking import breaking_changes

BASELINE = Path(__file__).parents[2] / "docs" / "api" / "v1-baseline.json"


def test_nothing_breaks_for_clients_of_the_last_release() -> None:
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    assert len(kept["paths"]) > 100
    assert breaking_changes(kept, json.loads(render())) == [], (
        "docs/api/changes.md says what to do when that is meant"
    )
