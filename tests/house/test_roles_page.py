"""The page of who may do what is what the routes ask for."""

import json
from pathlib import Path

from services.api.openapi import render
from services.api.roles import write_page

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == write_page(json.loads(render())), (
        "A route is new, or asks for something else: `warmline roles > docs/roles.md`"
    )
