"""The page of bad input names tests; every one of them is there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "bad-input.md").read_text(encoding="utf-8")


def test_every_test_the_page_names_exists() -> None:
    files = list(TESTS.rglob("test_*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    defined = set(re.findall(r"def (test_\w+)", text)) | {path.name for path in files}
    named = set(re.findall(r"`(?:[\w/]+/)?(test_\w+(?:\.py)?)`", PAGE))
    assert len(named) > 50
    assert named - defined == set()
