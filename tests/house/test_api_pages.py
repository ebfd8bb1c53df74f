"""The guide is whole: every call a front end may need has a page, and no page makes one up."""

import json
import re
from typing import Any

from tests.support.guide import DOCS, operations_named, plain, steps

FILE = DOCS.parent / "services/api/pages/openapi.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
GUIDE = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "api").glob("*.md")}
NO_JOB = {"README.md", "changes.md"}
# What no page of a person calls, and why.
NOT_FOR_PEOPLE = {
    "POST /v1/sources/{}/deliveries": "producers send it signed: docs/webhook.md",
    "POST /v1/sources/{}/backfill": "producers send it signed: docs/webhook.md",
    "GET /v1/sign-in/openid/callback": "the identity provider sends the browser there",
    "GET /v1/sandbox/clock": "tests of promises move time: docs/api.md",
    "POST /v1/sandbox/clock": "tests of promises move time: docs/api.md",
}


def published() -> set[str]:
    return {
        plain(f"{method.upper()} {path}")
        for path, item in SCHEMA["paths"].items()
        for method in item
    }


def test_every_operation_is_on_a_page_and_every_one_named_exists() -> None:
    named = {operation for text in GUIDE.values() for operation in operations_named(text)}
    assert published() - named - set(NOT_FOR_PEOPLE) == set(), (
        "Name it on the page of its job, in a table or a sentence: `GET /v1/…`."
    )
    assert named - published() == set()
    assert set(NOT_FOR_PEOPLE) <= published()


def test_every_page_is_in_the_index_with_commands_of_its_own() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", GUIDE["README.md"]))
    assert set(GUIDE) - {"README.md"} == linked
    for name in set(GUIDE) - NO_JOB:
        assert list(steps(DOCS / "api" / name)), name


def test_every_link_between_pages_leads_to_a_heading() -> None:
    for name, text in GUIDE.items():
        for target, _, anchor in re.findall(r"\]\(([^)#:\s]*)(#([^)\s]*))?\)", text):
            page = (DOCS / "api" / (target or name)).resolve()
            assert page.exists(), f"{name}: {target}"
            if anchor and page.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {anchor_of(each) for each in headings}, (
                    f"{name}: {target}#{anchor}"
                )


def anchor_of(heading: str) -> str:
    """As code forges make it: lower case, dashes for spaces, punctuation left out."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_operation_is_told_whole() -> None:
    for path, item in SCHEMA["paths"].items():
        for method, operation in item.items():
            call = f"{method.upper()} {path}"
            assert operation.get("description"), call
            for status, response in operation["responses"].items():
                assert response["description"], call
                answer = response.get("content", {}).get("application/json")
                if answer is not None and status.startswith("2"):
                    assert {"example", "examples"} & set(answer), call
            if operation.get("security") and operation["operationId"].split(".")[0] != "me":
                assert operation.get("x-required-scope"), call
