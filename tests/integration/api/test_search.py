from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.queries import counted_queries
from tests.support.webhooks import is_problem


async def search(api: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    response = await api.get("/v1/search", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_what_was_said_is_found_with_its_place_and_in_pages(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        lily = await make.add_follower(uow, source.id, handle="Lily_W", name="莉莉")
        case = await make.add_case(uow, source.id, follower_id=lily.id)
        said = [
            await make.add_message(
                uow,
                source.id,
                case_id=case.id,
                author_id=lily.id,
                text="用了😀烂脸",
                occurred_at=uow.now - timedelta(days=30 * month),
            )
            for month in range(3)
        ]
    with counted_queries(database) as queries:
        page = await search(api, q="烂脸", limit=2)
    assert len(queries) <= 8
    hit = page["items"][0]
    assert (hit["kind"], hit["message"]["id"]) == ("message", str(said[0].id))
    assert hit["highlights"] == [{"field": "text", "start": 3, "end": 5}]
    rest = await search(api, q="烂脸", limit=2, cursor=page["next_cursor"])
    found = [each["message"]["id"] for each in page["items"] + rest["items"]]
    assert found == [str(each.id) for each in said]
    assert rest["next_cursor"] is None

    (in_cases,) = (await search(api, q="烂脸", **{"in": "cases"}))["items"]
    assert in_cases["case"]["id"] == str(case.id)
    assert in_cases["message"]["id"] == str(said[0].id)
    (who,) = (await search(api, q="@lily", **{"in": "followers"}))["items"]
    assert who["follower"]["handle"] == "Lily_W"
    assert who["highlights"] == [{"field": "handle", "start": 0, "end": 4}]
    assert (await search(api, q="烂脸", tier="routine"))["items"] == []
    assert len((await search(api, q="烂脸", kind="comment", source_id=source.id))["items"]) == 3

    # A cursor of one search is none of another kind.
    query = {"q": "烂脸", "in": "cases", "cursor": page["next_cursor"]}
    assert is_problem(await api.get("/v1/search", params=query), 422, "invalid_cursor")


@pytest.mark.parametrize("question", ["脸", "a", "!!!", "%", "_", "*", "\\", "，。", "  "])
async def test_what_is_no_question_is_refused_and_never_read_as_a_pattern(
    api: httpx.AsyncClient, question: str
) -> None:
    response = await api.get("/v1/search", params={"q": question})
    assert is_problem(response, 422, "search.nothing_to_look_for")


@pytest.mark.parametrize("question", ["", "a" * 10_000])
async def test_a_question_that_is_empty_or_a_book_is_refused(
    api: httpx.AsyncClient, question: str
) -> None:
    response = await api.get("/v1/search", params={"q": question})
    assert is_problem(response, 422, "invalid_request")
