"""Links of messages: looking changes nothing, one press acts for whom the link was made."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.core.actions import service as actions
from services.core.actions.types import Action
from services.core.alerts.types import Alert
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Member, MemberDraft, Workspace
from tests.support.alerts import NOON
from tests.support.quiet import QuietDesk

ENGLISH = {"accept-language": "en-GB,en;q=0.9,zh;q=0.3"}


@dataclass
class Scene:
    database: Database
    desk: QuietDesk
    alert: Alert
    member: Member
    links: dict[str, str]
    unnamed: dict[str, str]

    async def one(self, sql: str) -> Any:
        async with self.database.read(self.desk.workspace_id) as uow:
            return (await uow.execute(sql)).one()

    async def count(self, table: str) -> int:
        return int((await self.one(f"SELECT count(*) FROM {table}"))[0])


@pytest.fixture
async def scene(database: Database, workspace: Workspace) -> Scene:
    desk = QuietDesk(database, workspace)
    alert = await desk.alert(tier="urgent")
    async with database.unit(workspace.id) as uow:
        member = await workspaces.create_member(uow, MemberDraft("lin", "林夏 <script>"))
        made = await links(uow, alert, workspace.id, member.id)
        unnamed = await links(uow, alert, workspace.id, None)
    return Scene(database, desk, alert, member, made, unnamed)


async def links(uow: Any, alert: Alert, workspace_id: UUID, person: UUID | None) -> dict[str, str]:
    secret = await actions.secret_of(uow)
    return actions.links_of(
        alert, workspace_id=workspace_id, secret=secret, now=uow.real_now, person_id=person
    )


STATE = "SELECT state, acknowledged_by, resolved_by FROM alerts"


async def test_a_page_says_what_it_is_and_changes_nothing(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    before = await scene.count("audit_log")
    for path in scene.links.values():
        for _ in range(3):
            page = await anonymous.get(path, headers=ENGLISH)
        assert page.status_code == 200
        assert page.text.count("<button>") == 1
    assert (await scene.one(STATE)).state == "firing"
    assert await scene.count("silences") == 0
    assert await scene.count("audit_log") == before


async def test_the_page_needs_no_script_and_escapes_what_it_shows(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    page = await anonymous.get(scene.links["acknowledge"])
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    assert "林夏 &lt;script&gt;" in page.text
    assert "{{" not in page.text
    (style,) = re.findall(r'href="([^"]+)"', page.text)
    found = await anonymous.get(style)
    assert (found.status_code, found.headers["content-type"]) == (200, "text/css; charset=utf-8")


async def test_the_page_speaks_the_readers_language(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    path = scene.links["acknowledge"]
    for accepted, word in (
        ("en-GB,en;q=0.9", "I have it"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "我来处理"),
        ("en;q=0.1, zh;q=0.2", "我来处理"),
        ("fr", "我来处理"),
        ("en;q=x", "我来处理"),
        ("", "我来处理"),
    ):
        page = await anonymous.get(path, headers={"accept-language": accepted})
        assert word in page.text, accepted


async def test_a_press_acts_in_the_name_of_whom_the_link_was_made_for(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    page = await anonymous.post(scene.links["acknowledge"], headers=ENGLISH)
    assert (page.status_code, "Somebody has it" in page.text) == (200, True)
    assert "<button>" not in page.text
    row = await scene.one(STATE)
    assert (row.state, row.acknowledged_by) == ("acknowledged", "林夏 <script> (by link)")
    entry = await scene.one("SELECT * FROM audit_log WHERE action = 'alert.acknowledged'")
    assert (entry.actor_kind, entry.actor_id) == ("member", str(scene.member.id))
    assert entry.request_id == page.headers["x-request-id"]


async def test_pressing_again_and_at_once_acts_once(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    for action in ("acknowledge", "silence", "assign", "resolve"):
        pages = await asyncio.gather(*(anonymous.post(scene.links[action]) for _ in range(4)))
        assert {page.status_code for page in pages} == {200}, action
        assert {"<button>" in page.text for page in pages} == {False}
    sql = "SELECT action, count(*) AS times FROM audit_log GROUP BY action"
    async with scene.database.read(scene.desk.workspace_id) as uow:
        counts = {row.action: row.times for row in await uow.execute(sql)}
    assert {counts[f"alert.{name}"] for name in ("acknowledged", "resolved")} == {1}
    assert counts["silence.created"] == 1


async def test_a_case_is_assigned_to_the_person_of_the_link(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    await anonymous.post(scene.links["assign"])
    assert (await scene.one("SELECT assignee_id FROM cases")).assignee_id == scene.member.id


async def test_a_link_that_is_nobodys_asks_who_it_is_and_records_what_they_say(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    path = scene.unnamed["acknowledge"]
    page = (await anonymous.get(path, headers=ENGLISH)).text
    assert "Who are you?" in page
    assert f'formaction="?person={scene.member.id}">林夏 &lt;script&gt;<' in page
    assert (await anonymous.post(path, params={"person": str(uuid4())})).status_code == 404
    pressed = await anonymous.post(path, params={"person": str(scene.member.id)})
    assert pressed.status_code == 200
    row = await scene.one(STATE)
    assert row.acknowledged_by == "林夏 <script> (by link, by their word)"
    trail = "SELECT actor_kind, actor_id FROM audit_log WHERE action = 'alert.acknowledged'"
    assert tuple(await scene.one(trail)) == ("link", str(scene.member.id))


async def test_a_link_that_is_nobodys_assigns_to_whom_is_picked_and_to_nobody_unasked(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    path, assignee = scene.unnamed["assign"], "SELECT assignee_id FROM cases"
    asked = await anonymous.post(path, headers=ENGLISH)
    assert "Whose shall it be?" in asked.text
    assert (await scene.one(assignee)).assignee_id is None
    picked = {"person": str(scene.member.id)}
    told = await anonymous.post(path, params=picked, headers=ENGLISH)
    assert "It is 林夏 &lt;script&gt;&#x27;s now" in told.text
    assert (await scene.one(assignee)).assignee_id == scene.member.id
    # A link that was made for somebody is theirs, whoever is named.
    page = await anonymous.get(scene.links["resolve"])
    assert "formaction" not in page.text
    async with scene.database.unit(scene.desk.workspace_id) as uow:
        await workspaces.change_member(uow, scene.member.id, {"active": False})
    assert str(scene.member.id) not in (await anonymous.get(path)).text
    assert (await anonymous.post(path, params=picked)).status_code == 404


async def test_a_silence_by_link_is_of_the_group_for_an_hour(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    page = await anonymous.get(scene.links["silence"], headers=ENGLISH)
    assert "urgent alerts too" in page.text
    await anonymous.post(scene.links["silence"])
    row = await scene.one("SELECT *, ends_at - starts_at AS span FROM silences")
    assert row.conditions == {"group": scene.alert.group_key}
    assert (row.span.total_seconds(), row.also_urgent) == (3600, True)


async def test_a_link_for_nobody_in_particular_says_only_by_link(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    await anonymous.post(scene.unnamed["resolve"])
    row = await scene.one(STATE)
    assert (row.state, row.resolved_by) == ("resolved", "by link")
    over = await anonymous.post(scene.unnamed["acknowledge"], headers=ENGLISH)
    assert "This alert is over" in over.text


async def refused(client: httpx.AsyncClient, scene: Scene, path: str, code: int) -> tuple[str, str]:
    texts = []
    for method in ("GET", "POST"):
        page = await client.request(method, path, headers=ENGLISH)
        assert page.status_code == code, page.text
        assert page.headers["content-type"].startswith("text/html")
        assert "<button>" not in page.text
        texts.append(page.text)
    assert (await scene.one(STATE)).state == "firing"
    return texts[0], texts[1]


async def test_what_was_forged_looks_like_what_never_was(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    token = scene.links["acknowledge"].removeprefix("/a/")
    other = scene.links["resolve"].removeprefix("/a/")
    odd = [
        "x",
        "x" * 96,
        token[:-1],
        token + "A",
        token[:40] + other[40:],
        "%F0%9F%98%80",
        "..",
        "é",
    ]
    odd += [("B" if token[0] != "B" else "C") + token[1:], token[:-1] + "!", "a" * 5_000]
    texts: set[str] = set()
    for each in odd:
        if each != "..":
            texts.update(await refused(anonymous, scene, f"/a/{each}", 404))
    assert len(texts) == 1


async def test_a_link_of_another_workspace_or_a_missing_alert_opens_nothing(
    anonymous: httpx.AsyncClient, scene: Scene
) -> None:
    async with scene.database.unit(scene.desk.workspace_id) as uow:
        secret = await actions.secret_of(uow)
        now = uow.real_now
    gone = Alert(**{name: getattr(scene.alert, name) for name in Alert.__slots__} | {"id": uuid4()})
    for workspace_id, alert in ((uuid4(), scene.alert), (scene.desk.workspace_id, gone)):
        made = actions.links_of(alert, workspace_id=workspace_id, secret=secret, now=now)
        await refused(anonymous, scene, made["resolve"], 404)


async def test_a_link_ends_with_its_time_with_its_secret_and_with_its_person(
    anonymous: httpx.AsyncClient, api: httpx.AsyncClient, scene: Scene
) -> None:
    old = Database(scene.database.engine, FrozenClock(NOON.replace(year=2020)))
    async with old.unit(scene.desk.workspace_id) as uow:
        expired = await links(uow, scene.alert, scene.desk.workspace_id, scene.member.id)
    text, _ = await refused(anonymous, scene, expired["resolve"], 410)
    assert "no longer valid" in text
    await api.patch(f"/v1/members/{scene.member.id}", json={"active": False})
    await refused(anonymous, scene, scene.links["resolve"], 410)
    assert (await anonymous.get(scene.unnamed["resolve"])).status_code == 200
    rotated = await api.post("/v1/links/rotate")
    assert rotated.json() == {"version": 2}
    await refused(anonymous, scene, scene.unnamed["resolve"], 404)


@pytest.mark.parametrize("action", Action)
async def test_a_reader_of_previews_may_ask_in_any_way_but_one(
    app: FastAPI, anonymous: httpx.AsyncClient, scene: Scene, action: Action
) -> None:
    del app
    for method in ("HEAD", "PUT", "DELETE", "PATCH"):
        answer = await anonymous.request(method, scene.links[action])
        assert answer.status_code == 405
    assert (await scene.one(STATE)).state == "firing"
