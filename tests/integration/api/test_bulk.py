"""One act on many cases: each is told apart, and the number of statements does not grow."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace
from tests.support import rows as make
from tests.support.queries import counted_queries
from tests.support.webhooks import is_problem


@pytest.fixture
async def inbox(database: Database, workspace: Workspace) -> list[str]:
    """Four cases, folded from four comments."""
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        stories = [await make.add_story(uow) for _ in range(4)]
        await cases.refold(
            uow, [Touched(story.thread.id, story.said.occurred_at) for story in stories]
        )
        rows = await uow.execute("SELECT id FROM cases ORDER BY id")
        return [str(one) for one in rows.scalars()]


async def do(api: httpx.AsyncClient, ids: list[str], act: str, **more: Any) -> dict[str, Any]:
    answer = await api.post("/v1/cases/bulk", json={"case_ids": ids, "act": act} | more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def states(database: Database) -> list[str]:
    async with database.system() as uow:
        return list((await uow.execute("SELECT state FROM cases ORDER BY id")).scalars())


async def test_each_case_is_done_or_says_why_not(
    api: httpx.AsyncClient, database: Database, inbox: list[str]
) -> None:
    stranger = str(uuid4())
    await do(api, inbox[:1], "resolve")
    told = await do(api, [*inbox, stranger, inbox[1]], "snooze", until="2099-01-01T00:00:00Z")
    assert (told["done"], told["refused"]) == (3, 2)
    assert [item["case_id"] for item in told["items"]] == [*inbox, stranger]
    codes = [item["problem"] and item["problem"]["code"] for item in told["items"]]
    assert codes == ["case.closed", None, None, None, "not_found"]
    assert await states(database) == ["resolved", "snoozed", "snoozed", "snoozed"]


async def test_every_act_is_what_it_is_for_one_case_and_is_taken_back(
    api: httpx.AsyncClient, database: Database, inbox: list[str]
) -> None:
    async with database.system() as uow:
        (workspace_id,) = (await uow.execute("SELECT id FROM workspaces")).scalars()
    async with database.unit(workspace_id) as uow:
        member = await workspaces.create_member(uow, MemberDraft("mei", "Mei"))
    told = await do(api, inbox, "assign", member_id=str(member.id))
    assert [item["changed"] for item in told["items"]] == [True] * 4
    told = await do(api, inbox, "retier", tier="urgent", note="all of them")
    assert (told["done"], told["refused"]) == (4, 0)
    shown = [(await api.get(f"/v1/cases/{one}")).json() for one in inbox]
    assert {(each["assignee"]["id"], each["tier"]) for each in shown} == {
        (str(member.id), "urgent")
    }
    for act, state in (("resolve", "resolved"), ("reopen", "open"), ("wait", "open")):
        await do(api, inbox, act)
        assert await states(database) == [state] * 4, act
    await do(api, inbox, "snooze", until="2099-01-01T00:00:00Z")
    await do(api, inbox, "wake")
    assert await states(database) == ["open"] * 4
    single = (await api.get(f"/v1/cases/{inbox[0]}")).json()
    acts = [each["kind"] for each in single["acts"]]
    for act in ("retier", "resolve", "reopen", "wait", "snooze", "wake"):
        assert act in acts


async def test_a_second_time_changes_nothing(
    api: httpx.AsyncClient, database: Database, inbox: list[str]
) -> None:
    await do(api, inbox, "resolve")
    told = await do(api, inbox, "resolve")
    assert [(item["ok"], item["changed"]) for item in told["items"]] == [(True, False)] * 4
    async with database.system() as uow:
        acts = await uow.execute("SELECT count(*) FROM case_acts WHERE kind = 'resolve'")
        assert acts.scalar_one() == 4


async def test_the_number_of_statements_does_not_grow_with_the_cases(
    api: httpx.AsyncClient, database: Database, inbox: list[str]
) -> None:
    # The first request remembers whose key it is.
    await do(api, inbox, "wake")
    for act, back in (("snooze", "wake"), ("resolve", "reopen"), ("retier", "wake")):
        more: dict[str, Any] = {"until": "2099-01-01T00:00:00Z"} if act == "snooze" else {}
        more = {"tier": "important"} if act == "retier" else more
        with counted_queries(database) as one:
            await do(api, inbox[:1], act, **more)
        with counted_queries(database) as three:
            await do(api, inbox[1:], act, **more)
        assert len(three) <= len(one) + 1, [sent[0] for sent in three]
        await do(api, inbox, back)


async def test_two_who_act_on_the_same_selection_do_it_once(
    api: httpx.AsyncClient, database: Database, inbox: list[str]
) -> None:
    first, second = await asyncio.gather(do(api, inbox, "resolve"), do(api, inbox[::-1], "resolve"))
    changed = [item["changed"] for item in first["items"] + second["items"]]
    assert sorted(changed) == [False] * 4 + [True] * 4


@pytest.mark.parametrize(
    "body",
    [
        {"act": "resolve"},
        {"case_ids": [], "act": "resolve"},
        {"case_ids": ["no id"], "act": "resolve"},
        {"case_ids": [str(UUID(int=1))], "act": "delete"},
        {"case_ids": [str(UUID(int=1))], "act": "assign"},
        {"case_ids": [str(UUID(int=1))], "act": "snooze"},
        {"case_ids": [str(UUID(int=1))], "act": "retier", "tier": "spam"},
        {"case_ids": [str(UUID(int=1))], "act": "resolve", "tier": "urgent"},
        {"case_ids": [str(UUID(int=1))], "act": "wake", "note": "?"},
        {"case_ids": [str(UUID(int=n)) for n in range(501)], "act": "resolve"},
        {"case_ids": [str(UUID(int=n)) for n in range(10_000)], "act": "resolve"},
    ],
)
async def test_what_cannot_be_meant_is_422(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await api.post("/v1/cases/bulk", json=body)
    assert is_problem(answer, 422, "invalid_request")


async def test_a_snooze_into_the_past_and_a_foreign_member_refuse_all(
    api: httpx.AsyncClient, inbox: list[str]
) -> None:
    past = {"case_ids": inbox, "act": "snooze", "until": "2020-01-01T00:00:00Z"}
    assert is_problem(await api.post("/v1/cases/bulk", json=past), 422, "case.past_moment")
    foreign = {"case_ids": inbox, "act": "assign", "member_id": str(uuid4())}
    assert is_problem(await api.post("/v1/cases/bulk", json=foreign), 404, "not_found")
