"""People who sign in over HTTP, as a browser would."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.api.credentials import COOKIE
from services.core.kit.uow import Database
from services.core.sessions import service as sessions
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Member, MemberDraft, Role

PASSWORD = "correct horse battery"
ORIGIN = "https://warmline.test"


@dataclass(frozen=True, slots=True)
class Person:
    """A member with an invitation that was not taken yet."""

    member: Member
    invitation: str


def browser_of(
    app: FastAPI, *, origin: str | None = ORIGIN, host: str = ORIGIN
) -> httpx.AsyncClient:
    """A browser on a page of `origin`, with a jar of its own; close it."""
    headers = {} if origin is None else {"origin": origin}
    # Like uvicorn, an address for the other side.
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 4711))
    return httpx.AsyncClient(transport=transport, base_url=host, headers=headers)


async def make_person(
    database: Database,
    workspace_id: UUID,
    handle: str = "lin",
    *,
    role: Role = Role.MODERATOR,
    email: str | None = None,
) -> Person:
    async with database.unit(workspace_id) as uow:
        member = await workspaces.create_member(
            uow, MemberDraft(handle, handle.title(), email or f"{handle}@example.com", role)
        )
        invited = await sessions.invite(uow, member.id, lasts=timedelta(days=1))
    return Person(member, invited.token)


async def come_in(browser: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> None:
    """Take the invitation; from then on the browser's changes carry the CSRF token."""
    body = {"token": person.invitation, "password": password}
    remember(browser, await browser.post("/v1/sign-in/invitation", json=body))


async def sign_in(
    browser: httpx.AsyncClient, login: str, password: str = PASSWORD, **more: str
) -> httpx.Response:
    body = {"login": login, "password": password, **more}
    answer = await browser.post("/v1/sign-in", json=body)
    if answer.is_success:
        remember(browser, answer)
    return answer


def remember(browser: httpx.AsyncClient, answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text
    browser.headers["x-csrf-token"] = answer.json()["csrf_token"]


def token_of(browser: httpx.AsyncClient) -> str:
    return browser.cookies[COOKIE]
