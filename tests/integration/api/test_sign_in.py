"""People at the front door: in by invitation and password, out again, and nobody in their name."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.credentials import COOKIE, LOOPBACK_COOKIE
from services.api.main import create_app
from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.settings import ApiSettings, Settings
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Role, Workspace
from tests.support import rows as make
from tests.support.line import NOON
from tests.support.people import (
    PASSWORD,
    Person,
    browser_of,
    come_in,
    make_person,
    sign_in,
    token_of,
)
from tests.support.webhooks import is_problem

WRONG = "not the right horse"
ELSEWHERE = "https://evil.example"


@pytest.fixture
async def lin(database: Database, workspace: Workspace) -> Person:
    return await make_person(database, workspace.id)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(app) as opened:
        yield opened


async def test_whoever_takes_an_invitation_is_in_as_themself(
    browser: httpx.AsyncClient, api: httpx.AsyncClient, lin: Person, workspace: Workspace
) -> None:
    body = {"token": lin.invitation, "password": PASSWORD}
    answer = await browser.post("/v1/sign-in/invitation", json=body)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))
    assert "Domain" not in cookie
    told = answer.json()
    assert told["member"]["handle"] == "lin"
    assert told["member"]["role"] == "moderator"
    assert told["scopes"] == ["read", "work"]
    assert told["workspace"]["slug"] == workspace.slug
    assert (await browser.get("/v1/me")).json() == told
    assert is_problem(
        await browser.post("/v1/sign-in/invitation", json=body), 401, "bad_invitation"
    )
    trail = (await api.get("/v1/audit")).json()["items"]
    done = {entry["action"]: entry for entry in trail}
    assert done["session.opened"]["actor_id"] == str(lin.member.id)
    assert done["session.opened"]["actor_kind"] == "member"
    assert done["member.password_set"]["actor_label"] == "Lin"


async def test_the_role_decides_and_the_trail_names_the_person(
    app: FastAPI, api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    boss = await make_person(database, workspace.id, "boss", role=Role.MANAGER)
    async with browser_of(app) as browser:
        await come_in(browser, boss)
        team = {"name": "Care", "member_ids": []}
        assert (await browser.post("/v1/teams", json=team)).status_code == 201
        assert is_problem(await browser.get("/v1/keys"), 403, "missing_scope")
        await api.patch(f"/v1/members/{boss.member.id}", json={"role": "viewer"})
    newest = (await api.get("/v1/audit")).json()["items"]
    made = next(entry for entry in newest if entry["action"] == "team.created")
    assert (made["actor_kind"], made["actor_id"]) == ("member", str(boss.member.id))


async def test_what_somebody_does_to_a_case_is_theirs(
    app: FastAPI, api: httpx.AsyncClient, database: Database, workspace: Workspace, lin: Person
) -> None:
    mei = await make_person(database, workspace.id, "mei")
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow, external_id="c1")
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
        case_id = (await uow.execute("SELECT id FROM cases")).scalar_one()
    async with browser_of(app) as browser:
        await come_in(browser, lin)
        await browser.post(f"/v1/cases/{case_id}/replies", json={"text": "129 元"})
        mine = {"member_id": str(lin.member.id)}
        assert (await browser.post(f"/v1/cases/{case_id}/assign", json=mine)).status_code == 200
        line = {"text": "who", "member_id": str(mei.member.id)}
        assert (await browser.post("/v1/commands", json=line)).status_code == 200
    trail = (await api.get("/v1/audit")).json()["items"]
    acts = [entry for entry in trail if entry["action"].startswith("case.")]
    assert {(act["actor_kind"], act["actor_id"]) for act in acts} == {("member", mine["member_id"])}
    async with database.read(workspace.id) as uow:
        said = await uow.execute("SELECT member_handle FROM messages WHERE direction = 'out'")
        assert said.scalars().all() == ["lin"]


async def test_a_password_opens_and_every_wrong_word_gets_one_answer(
    browser: httpx.AsyncClient, app: FastAPI, lin: Person, workspace: Workspace
) -> None:
    async with browser_of(app) as first:
        await come_in(first, lin)
    slug = workspace.slug
    refused = [
        await sign_in(browser, "lin@example.com", WRONG),
        await sign_in(browser, "nobody@example.com"),
        await sign_in(browser, "lin", workspace="nowhere"),
        await sign_in(browser, "lin'--", workspace=slug),
    ]
    for answer in refused:
        assert is_problem(answer, 401, "wrong_password")
        assert answer.json()["detail"] == refused[0].json()["detail"]
        assert "set-cookie" not in answer.headers
    assert (await sign_in(browser, "LIN@Example.com ")).status_code == 200
    before = token_of(browser)
    assert (await sign_in(browser, "Lin", workspace=slug)).status_code == 200
    assert token_of(browser) != before
    # The browser's session of before is over.
    async with browser_of(app) as thief:
        thief.cookies.set(COOKIE, before)
        assert is_problem(await thief.get("/v1/me"), 401, "no_session")


async def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(
    browser: httpx.AsyncClient, app: FastAPI, lin: Person
) -> None:
    await come_in(browser, lin)
    token = token_of(browser)
    answer = await browser.post("/v1/sign-out")
    assert answer.status_code == 204
    assert COOKIE not in browser.cookies
    browser.cookies.set(COOKIE, token)
    assert is_problem(await browser.get("/v1/me"), 401, "no_session")


async def test_my_sessions_are_listed_and_ended_one_or_all(
    browser: httpx.AsyncClient, app: FastAPI, database: Database, lin: Person, workspace: Workspace
) -> None:
    await come_in(browser, lin)
    async with browser_of(app) as phone, browser_of(app) as stranger:
        await sign_in(phone, "lin@example.com")
        await come_in(stranger, await make_person(database, workspace.id, "mei"))
        listed = (await browser.get("/v1/me/sessions")).json()["items"]
        assert [each["current"] for each in listed] == [False, True]
        assert listed[0]["address"] == "203.0.113.7"
        there = f"/v1/me/sessions/{listed[0]['id']}"
        assert is_problem(await stranger.delete(there), 404, "not_found")
        assert (await browser.delete(there)).status_code == 204
        assert len((await browser.get("/v1/me/sessions")).json()["items"]) == 1
        assert (await browser.delete("/v1/me/sessions")).json() == {"ended": 1}
        assert is_problem(await browser.get("/v1/me"), 401, "bad_key")
        assert (await stranger.get("/v1/me")).status_code == 200


async def test_a_changed_password_leaves_only_the_one_who_changed_it(
    browser: httpx.AsyncClient, lin: Person
) -> None:
    await come_in(browser, lin)
    before, new = token_of(browser), "a better horse battery"
    wrong = await browser.post("/v1/me/password", json={"current": WRONG, "password": new})
    assert is_problem(wrong, 401, "wrong_password")
    easy = await browser.post("/v1/me/password", json={"current": PASSWORD, "password": "a" * 10})
    assert is_problem(easy, 422, "weak_password")
    answer = await browser.post("/v1/me/password", json={"current": PASSWORD, "password": new})
    assert answer.status_code == 200
    assert token_of(browser) != before
    assert (await browser.get("/v1/me")).json()["csrf_token"] == answer.json()["csrf_token"]
    assert is_problem(await sign_in(browser, "lin@example.com"), 401, "wrong_password")
    assert (await sign_in(browser, "lin@example.com", new)).status_code == 200


async def test_another_sites_page_changes_nothing(
    settings: Settings, database: Database, lin: Person
) -> None:
    """Signing out is a change as well; it takes no token, since its harm is small."""
    api = ApiSettings(cors_origins=("https://app.example.com",))
    app = create_app(settings.model_copy(update={"api": api}), database=database)
    path = f"/v1/me/sessions/{uuid4()}"
    async with browser_of(app) as browser:
        await come_in(browser, lin)
        for headers in (
            {"x-csrf-token": ""},
            {"x-csrf-token": "0" * 64},
            {"origin": ELSEWHERE},
            {"origin": "null"},
            {"origin": "https://warmline.test.evil.example"},
        ):
            assert is_problem(await browser.delete(path, headers=headers), 403, "cross_site")
        for headers in ({}, {"origin": "https://app.example.com"}):
            assert is_problem(await browser.delete(path, headers=headers), 404, "not_found")
        for path in ("/v1/sign-in", "/v1/sign-in/invitation", "/v1/sign-out"):
            body = {"login": "lin@example.com", "password": PASSWORD}
            if path != "/v1/sign-in":
                body = {"token": lin.invitation, "password": PASSWORD}
            answer = await browser.post(path, json=body, headers={"origin": ELSEWHERE})
            assert is_problem(answer, 403, "cross_site")


async def test_without_an_origin_the_browser_says_where_the_page_is_from(
    app: FastAPI, lin: Person
) -> None:
    async with browser_of(app, origin=None) as browser:
        await come_in(browser, lin)
        for said, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 204)):
            answer = await browser.post("/v1/sign-out", headers={"sec-fetch-site": said})
            assert answer.status_code == status


async def test_an_origin_that_is_let_in_may_send_the_cookie(
    settings: Settings, database: Database
) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-csrf-token",
    }
    for allowed, credentials in ((("https://app.example.com",), "true"), (("*",), None)):
        api = ApiSettings(cors_origins=allowed)
        app = create_app(settings.model_copy(update={"api": api}), database=database)
        async with browser_of(app, origin="https://app.example.com") as browser:
            answer = await browser.options("/v1/sign-in", headers=asked)
        assert answer.status_code == 200
        assert answer.headers.get("access-control-allow-credentials") == credentials


async def test_on_ones_own_machine_it_works_without_a_certificate(
    app: FastAPI, lin: Person
) -> None:
    local = "http://127.0.0.1:8080"
    async with browser_of(app, origin=local, host=local) as browser:
        await come_in(browser, lin)
        assert LOOPBACK_COOKIE in browser.cookies
        assert (await browser.get("/v1/me")).status_code == 200
    async with browser_of(app) as elsewhere:
        elsewhere.cookies.set(LOOPBACK_COOKIE, browser.cookies[LOOPBACK_COOKIE])
        assert is_problem(await elsewhere.get("/v1/me"), 401, "bad_key")


async def test_a_key_that_is_sent_counts_though_there_is_a_cookie(
    browser: httpx.AsyncClient, lin: Person
) -> None:
    await come_in(browser, lin)
    answer = await browser.get("/v1/me", headers={"authorization": "Bearer wl_x"})
    assert is_problem(answer, 401, "bad_key")


async def test_guessing_is_slowed_down_and_keeps_nobody_else_out(app: FastAPI, lin: Person) -> None:
    async with browser_of(app) as browser:
        await come_in(browser, lin)
        await sign_in(browser, "lin@example.com")
    transport = httpx.ASGITransport(app, client=("198.51.100.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://warmline.test") as guesser:
        codes = [(await sign_in(guesser, "lin@example.com", WRONG)).status_code for _ in range(7)]
        assert codes[:5] == [401] * 5
        assert codes[-1] == 429
        # Not even the right password is looked at now.
        late = await sign_in(guesser, "lin@example.com")
        assert is_problem(late, 429, "too_many_guesses")
        assert int(late.headers["retry-after"]) >= 1
    async with browser_of(app) as browser:
        assert (await sign_in(browser, "lin@example.com")).status_code == 200


async def test_one_password_for_two_workspaces_wants_a_choice(
    app: FastAPI, database: Database
) -> None:
    for name in ("one", "two"):
        made = await workspaces.create_workspace(database, name)
        person = await make_person(database, made.id)
        async with browser_of(app) as browser:
            await come_in(browser, person)
    async with browser_of(app) as browser:
        answer = await sign_in(browser, "lin@example.com")
        assert is_problem(answer, 409, "choose_workspace")
        assert [each["detail"] for each in answer.json()["errors"]] == ["one", "two"]
        chosen = await sign_in(browser, "lin@example.com", workspace="two")
        assert chosen.json()["workspace"]["slug"] == "two"


async def test_a_session_ends_when_it_is_old_or_unused_or_its_member_is_retired(
    settings: Settings, database: Database, workspace: Workspace
) -> None:
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    for days, idle_hours, works in ((0, 23, True), (0, 25, False), (8, 0, False)):
        app = create_app(settings, database=Database(database.engine, clock))
        person = await make_person(frozen, workspace.id, f"lin-{days}-{idle_hours}")
        async with browser_of(app) as browser:
            await come_in(browser, person)
            for _ in range(days * 2):
                clock.advance(timedelta(hours=12))
                await browser.get("/v1/me")
                app = create_app(settings, database=Database(database.engine, clock))
            clock.advance(timedelta(hours=idle_hours))
            token = token_of(browser)
        # A process that remembers nothing.
        app = create_app(settings, database=Database(database.engine, clock))
        async with browser_of(app) as browser:
            browser.cookies.set(COOKIE, token)
            assert ((await browser.get("/v1/me")).status_code == 200) is works
    async with frozen.unit(workspace.id) as uow:
        await workspaces.change_member(uow, person.member.id, {"active": False})
    async with browser_of(app) as browser:
        assert is_problem(await sign_in(browser, person.member.email or ""), 401, "wrong_password")


async def test_an_admin_lets_people_in_and_out_and_a_manager_makes_no_admins(
    app: FastAPI, api: httpx.AsyncClient, database: Database, workspace: Workspace, lin: Person
) -> None:
    boss = await make_person(database, workspace.id, "boss", role=Role.ADMIN)
    chief = await make_person(database, workspace.id, "chief", role=Role.MANAGER)
    async with browser_of(app) as browser, browser_of(app) as other:
        await come_in(browser, chief)
        for member, change in ((boss, {"name": "Boss"}), (chief, {"role": "admin"})):
            path = f"/v1/members/{member.member.id}"
            assert is_problem(await browser.patch(path, json=change), 403, "admins_only")
        draft = {"handle": "me2", "name": "Me", "role": "admin"}
        assert is_problem(await browser.post("/v1/members", json=draft), 403, "admins_only")
        path = f"/v1/members/{lin.member.id}/invitation"
        assert is_problem(await browser.post(path), 403, "missing_scope")
        made = (await api.post(path)).json()
        assert made["link"] is None
        old = {"token": lin.invitation, "password": PASSWORD}
        refused = await other.post("/v1/sign-in/invitation", json=old)
        assert is_problem(refused, 401, "bad_invitation")
        await come_in(other, Person(lin.member, made["token"]))
        out = f"/v1/members/{lin.member.id}/sessions"
        assert (await api.delete(out)).json() == {"ended": 1}
    # A process that remembers nothing.
    fresh = create_app(Settings(), database=Database(database.engine))
    async with browser_of(fresh) as browser:
        browser.cookies = other.cookies
        assert is_problem(await browser.get("/v1/me"), 401, "no_session")
