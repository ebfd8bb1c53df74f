"""Facts for those who poll: every one once, in order, and an honest word when some are gone."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.catalogue import CATALOGUE
from services.core.stream.types import Fact
from services.core.workspaces.types import Workspace
from tests.support.webhooks import is_problem

pytestmark = pytest.mark.made_up_facts


async def happen(database: Database, workspace: Workspace, *kinds: str) -> None:
    async with database.unit(workspace.id) as uow:
        await stream.announce(uow, [Fact(kind, "case", uuid4()) for kind in kinds])
    await stream.publish(database)


async def read(api: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    response = await api.get("/v1/facts", params=asked)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


async def test_pages_follow_each_other_without_loss(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await happen(database, workspace, *["case.opened"] * 5)
    seen, after, more = [], 0, True
    while more:
        page = await read(api, after=after, limit=2)
        seen += [fact["seq"] for fact in page["items"]]
        after, more = page["next_after"], page["more"]
    assert seen == [1, 2, 3, 4, 5]
    assert await read(api, after=after) == {"items": [], "next_after": 5, "more": False}


async def test_only_the_kinds_asked_for_come_and_the_number_moves_on(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await happen(database, workspace, "case.opened", "alert.raised", "case.resolved")
    for kinds in ("case.", "case.*"):
        page = await read(api, kinds=kinds)
        assert [fact["kind"] for fact in page["items"]] == ["case.opened", "case.resolved"]
    page = await read(api, kinds="case.opened", fields="seq,kind")
    assert page["items"] == [{"seq": 1, "kind": "case.opened"}]
    page = await read(api, kinds="team.")
    assert (page["items"], page["next_after"]) == ([], 3)


async def test_a_number_that_is_too_old_or_of_another_stream_is_answered_410(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await happen(database, workspace, *["case.opened"] * 4)
    async with database.system() as uow:
        await uow.execute("DELETE FROM facts WHERE seq <= 2")
        await uow.execute("UPDATE stream_heads SET first_kept_seq = 3")
    response = await api.get("/v1/facts", params={"after": 1})
    assert is_problem(response, 410, "facts.gap")
    assert "after=2" in response.json()["detail"]
    assert len((await read(api, after=2))["items"]) == 2
    response = await api.get("/v1/facts", params={"after": 99})
    assert is_problem(response, 410, "facts.gap")
    assert "after=4" in response.json()["detail"]


async def test_the_catalogue_is_served_whole(api: httpx.AsyncClient) -> None:
    kinds = (await api.get("/v1/facts/kinds")).json()["items"]
    assert [each["kind"] for each in kinds] == sorted(CATALOGUE)
    assert all(each["sentence"]["zh"] and each["payload_schema"] for each in kinds)
