"""Who has a case open: seen by the others, renewed without noise, over by itself."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.presence import service as presence
from services.core.presence.types import LASTS
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace
from tests.support import rows as make
from tests.support.client import client_of, make_key
from tests.support.people import browser_of, come_in, make_person
from tests.support.webhooks import is_problem

TOLD = "SELECT payload ->> 'member_id' AS who, payload ->> 'doing' AS doing FROM facts"
GONE = "CAST(:gone AS interval)"
AGE = f"UPDATE presences SET since = since - {GONE}, until = until - {GONE}"


@pytest.fixture
async def case_id(database: Database, workspace: Workspace) -> UUID:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow, external_id="c1")
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
        found: UUID = (await uow.execute("SELECT id FROM cases")).scalar_one()
    return found


@pytest.fixture
async def team(database: Database, workspace: Workspace) -> tuple[UUID, UUID]:
    async with database.unit(workspace.id) as uow:
        lin = await workspaces.create_member(uow, MemberDraft("lin", "林夏"))
        wu = await workspaces.create_member(uow, MemberDraft("wu", "吴桐"))
    return lin.id, wu.id


async def told(database: Database, workspace: Workspace) -> list[tuple[str, str | None]]:
    async with database.read(workspace.id) as uow:
        found = await uow.execute(f"{TOLD} WHERE kind = 'presence.changed' ORDER BY id")
        return [(row.who, row.doing) for row in found]


async def test_people_see_each_other_and_only_changes_are_told(
    api: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    case_id: UUID,
    team: tuple[UUID, UUID],
) -> None:
    lin, wu = map(str, team)
    path = f"/v1/cases/{case_id}/presence"
    first = (await api.put(path, json={"doing": "viewing", "member_id": lin})).json()["items"]
    assert [(each["name"], each["doing"]) for each in first] == [("林夏", "viewing")]
    stayed = (await api.put(path, json={"doing": "viewing", "member_id": lin})).json()["items"]
    assert stayed[0]["since"] == first[0]["since"]
    assert stayed[0]["until"] >= first[0]["until"]
    assert datetime.fromisoformat(first[0]["until"]) - datetime.fromisoformat(
        first[0]["since"]
    ) == timedelta(seconds=30)
    both = (await api.put(path, json={"doing": "replying", "member_id": wu})).json()["items"]
    assert [(each["handle"], each["doing"]) for each in both] == [
        ("wu", "replying"),
        ("lin", "viewing"),
    ]
    for _ in range(2):
        assert (await api.delete(f"{path}/{wu}")).status_code == 204
    assert [each["handle"] for each in (await api.get(path)).json()["items"]] == ["lin"]
    assert await told(database, workspace) == [(lin, "viewing"), (wu, "replying"), (wu, None)]


async def test_who_stops_saying_so_is_gone_and_cleared_away(
    api: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    case_id: UUID,
    team: tuple[UUID, UUID],
) -> None:
    lin, wu = map(str, team)
    path = f"/v1/cases/{case_id}/presence"
    count = "SELECT count(*) FROM presences"

    async def rows(statement: str) -> int:
        async with database.unit(workspace.id) as uow:
            found = await uow.execute(statement, {"gone": LASTS} if ":gone" in statement else {})
            return int(found.scalar_one()) if found.returns_rows else found.rowcount

    await api.put(path, json={"doing": "viewing", "member_id": lin})
    assert await rows(AGE) == 1
    assert (await api.get(path)).json()["items"] == []
    # Whoever comes next clears what ran out; coming back is coming again, and told.
    await api.put(path, json={"doing": "viewing", "member_id": wu})
    assert await rows(count) == 1
    await api.put(path, json={"doing": "viewing", "member_id": lin})
    assert await rows(AGE) == 2
    back = (await api.put(path, json={"doing": "viewing", "member_id": lin})).json()["items"]
    span = datetime.fromisoformat(back[0]["until"]) - datetime.fromisoformat(back[0]["since"])
    assert span == LASTS
    assert len(await told(database, workspace)) == 4
    assert await rows(AGE) == 1
    # Leaving what ran out by itself is no news.
    assert (await api.delete(f"{path}/{lin}")).status_code == 204
    await api.put(path, json={"doing": "viewing", "member_id": lin})
    await rows(AGE)
    assert await presence.forget(database) == 1
    assert await rows(count) == 0
    assert len(await told(database, workspace)) == 5


async def test_a_person_speaks_for_themself_and_a_key_says_for_whom(
    app: FastAPI,
    database: Database,
    workspace: Workspace,
    case_id: UUID,
    team: tuple[UUID, UUID],
) -> None:
    path = f"/v1/cases/{case_id}/presence"
    async with client_of(app, await make_key(database, workspace.id)) as program:
        nobody = await program.put(path, json={"doing": "viewing"})
        assert is_problem(nobody, 422, "invalid_request")
    person = await make_person(database, workspace.id, "mei")
    async with browser_of(app) as browser:
        await come_in(browser, person)
        there = await browser.put(path, json={"doing": "viewing"})
        assert [each["member_id"] for each in there.json()["items"]] == [str(person.member.id)]
        other = await browser.put(path, json={"doing": "viewing", "member_id": str(team[0])})
        assert is_problem(other, 422, "invalid_request")
        assert (await browser.delete(f"{path}/{team[0]}")).status_code == 422
        assert (await browser.delete(f"{path}/{person.member.id}")).status_code == 204


async def test_many_at_once_are_all_there(
    api: httpx.AsyncClient, case_id: UUID, team: tuple[UUID, UUID]
) -> None:
    path = f"/v1/cases/{case_id}/presence"
    calls = [
        api.put(path, json={"doing": doing, "member_id": str(member)})
        for member in team
        for doing in ("viewing", "replying", "viewing")
    ]
    assert {each.status_code for each in await asyncio.gather(*calls)} == {200}
    assert len((await api.get(path)).json()["items"]) == 2
