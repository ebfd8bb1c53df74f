"""Signing in with a provider of one's own: only what it says truly, once, to the same browser."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import OctKey, RSAKey

from services.api.credentials import COOKIE
from services.api.main import create_app
from services.api.routes.openid import FLOW_COOKIE
from services.core.kit.uow import Database
from services.core.settings import AlertSettings, Settings
from services.core.workspaces.types import Workspace
from tests.support.client import client_of, make_key
from tests.support.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider, openid_provider
from tests.support.people import browser_of, make_person
from tests.support.webhooks import is_problem


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdProvider]:
    async with openid_provider() as running:
        yield running


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """Lets outgoing calls reach this machine."""
    alerts = AlertSettings(allow_private_addresses=True)
    return create_app(settings.model_copy(update={"alerts": alerts}), database=database)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(app, origin=None) as opened:
        yield opened


async def believe(app: FastAPI, database: Database, workspace: Workspace, **body: Any) -> None:
    async with client_of(app, await make_key(database, workspace.id)) as api:
        answer = await api.put("/v1/identity-provider", json={"client_id": CLIENT_ID, **body})
        assert answer.status_code == 200, answer.text
        assert "secret" not in answer.text


async def go(browser: httpx.AsyncClient, workspace: Workspace) -> str:
    """Where the browser is sent."""
    query = {"workspace": workspace.slug, "return_to": "/inbox"}
    answer = await browser.get("/v1/sign-in/openid", params=query)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_whoever_the_provider_knows_is_in_as_the_member_of_that_address(
    app: FastAPI,
    browser: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    provider: OpenIdProvider,
) -> None:
    alice = await make_person(database, workspace.id, "al", email="Alice@Example.com")
    await believe(app, database, workspace, issuer=provider.issuer, client_secret=CLIENT_SECRET)
    back = provider.authorize(await go(browser, workspace))
    async with browser_of(app, origin=None) as other:
        # A link somebody else began does not sign a victim's browser in.
        assert is_problem(await other.get(back), 401, "bad_flow")
    back = provider.authorize(await go(browser, workspace))
    cookie = browser.cookies[FLOW_COOKIE]
    answer = await browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    me = (await browser.get("/v1/me")).json()
    assert me["member"]["id"] == str(alice.member.id)
    async with browser_of(app, origin=None) as again:
        again.cookies.set(FLOW_COOKIE, cookie)
        assert is_problem(await again.get(back), 401, "bad_flow")
    # Known by subject from now on, whatever the address; and by a key the provider just made.
    provider.claims = {"email": "new@example.com"}
    provider.rotate()
    provider.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await browser.get(provider.authorize(await go(browser, workspace)))).status_code == 303
    assert (await browser.get("/v1/me")).json()["member"]["handle"] == "al"


async def test_what_the_provider_did_not_say_truly_opens_nothing(
    app: FastAPI,
    browser: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    provider: OpenIdProvider,
) -> None:
    await make_person(database, workspace.id, "alice")
    await believe(app, database, workspace, issuer=provider.issuer, client_secret=CLIENT_SECRET)
    now = int(time.time())
    lies: list[dict[str, Any]] = [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another client"}},
        {"claims": {"aud": [CLIENT_ID, "another client"]}},
        {"claims": {"iss": "https://id.example.com"}},
        {"claims": {"exp": now - 3600}},
        {"claims": {"exp": None}},
        {"claims": {"iat": now + 3600}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"key": RSAKey.generate_key(2048, {"kid": "forged"})},
        # The public key as a shared secret, which it would be to who does not look at `alg`.
        {"key": OctKey.import_key("0" * 32), "header": {"alg": "HS256"}},
        {"header": {"kid": "unknown"}},
    ]
    honest: dict[str, Any] = {"claims": {}, "key": None, "header": {}}
    for lie in lies:
        for name, value in (honest | lie).items():
            setattr(provider, name, value)
        answer = await browser.get(provider.authorize(await go(browser, workspace)))
        assert is_problem(answer, 401, "identity_refused"), lie
        assert COOKIE not in browser.cookies
    for name, value in honest.items():
        setattr(provider, name, value)
    for claims in (
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "x@example.com"},
    ):
        provider.claims = claims
        answer = await browser.get(provider.authorize(await go(browser, workspace)))
        assert is_problem(answer, 403, "not_invited"), claims
    provider.claims = {}
    back = provider.authorize(await go(browser, workspace))
    provider.codes.clear()
    assert is_problem(await browser.get(back), 401, "identity_refused")
    assert is_problem(await browser.get("/v1/sign-in/openid/callback"), 401, "bad_flow")
    assert (await browser.get(provider.authorize(await go(browser, workspace)))).status_code == 303


async def test_people_who_cannot_sign_in_read_why_and_programs_get_a_problem(
    app: FastAPI,
    browser: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    provider: OpenIdProvider,
) -> None:
    await believe(app, database, workspace, issuer=provider.issuer, client_secret=CLIENT_SECRET)
    reads = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "en-GB"}
    stranger = provider.authorize(await go(browser, workspace))
    answer = await browser.get(stranger, headers=reads)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "Ask an admin to add you" in answer.text
    assert "script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    # What the provider hands back when somebody changed their mind.
    declined = "/v1/sign-in/openid/callback?error=access_denied&state=x"
    for language, said in (("zh-CN", "请回到登录页"), ("en", "begin again")):
        answer = await browser.get(declined, headers=reads | {"accept-language": language})
        assert (answer.status_code, said in answer.text) == (401, True)
    unknown = "/v1/sign-in/openid?workspace=nowhere"
    assert "not set up here" in (await browser.get(unknown, headers=reads)).text
    long = await browser.get(f"/v1/sign-in/openid?workspace={'x' * 49}", headers=reads)
    assert (long.status_code, "<h1>" in long.text) == (422, True)
    assert is_problem(await browser.get(declined), 401, "bad_flow")


async def test_newcomers_come_in_by_their_domain_and_as_what_was_chosen(
    app: FastAPI,
    browser: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    provider: OpenIdProvider,
) -> None:
    await make_person(database, workspace.id, "alice", email="somebody@example.org")
    chosen = {"email_domains": ["Example.com"], "newcomer_role": "viewer"}
    await believe(
        app, database, workspace, issuer=provider.issuer, client_secret=CLIENT_SECRET, **chosen
    )
    for email in ("eve@evil.example", "eve@example.com.evil.example", "eve@sub.example.com"):
        provider.claims = {"sub": email, "email": email}
        answer = await browser.get(provider.authorize(await go(browser, workspace)))
        assert is_problem(answer, 403, "not_invited")
    provider.claims = {}
    await browser.get(provider.authorize(await go(browser, workspace)))
    me = (await browser.get("/v1/me")).json()
    assert (me["member"]["handle"], me["member"]["role"]) == ("alice-2", "viewer")


async def test_a_provider_is_set_by_an_admin_and_its_secret_stays_with_it(
    app: FastAPI, database: Database, workspace: Workspace, browser: httpx.AsyncClient
) -> None:
    path = "/v1/identity-provider"
    first = {"issuer": "https://id.example.com", "client_id": "w", "client_secret": "s"}
    async with client_of(app, await make_key(database, workspace.id)) as api:
        assert is_problem(await api.get(path), 404, "no_provider")
        for bad in (
            {"client_secret": None},
            {"newcomer_role": "viewer"},
            {"newcomer_role": "admin", "email_domains": ["example.com"]},
        ):
            assert is_problem(await api.put(path, json=first | bad), 422, "invalid_request")
        assert (await api.put(path, json=first)).json()["version"] == 1
        again = {"issuer": first["issuer"], "client_id": "w2"}
        assert (await api.put(path, json=again)).json()["version"] == 2
        moved = again | {"issuer": "https://other.example.com"}
        assert is_problem(await api.put(path, json=moved), 422, "invalid_request")
        assert (await api.delete(path)).status_code == 204
        assert is_problem(await api.delete(path), 404, "no_provider")
    for wanted in ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:0"):
        answer = await browser.get("/v1/sign-in/openid", params={"return_to": wanted})
        assert is_problem(answer, 422, "invalid_request")
    answer = await browser.get("/v1/sign-in/openid", params={"workspace": "nowhere"})
    assert is_problem(answer, 404, "no_provider")
