"""Members from the command line: added, invited, listed; the way in is told once."""

from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline
from tests.support.people import PASSWORD, browser_of


async def test_whoever_is_invited_comes_in(
    app: FastAPI, database: Database, database_url: str, workspace: Workspace
) -> None:
    def run(*typed: str) -> tuple[int, str]:
        chosen = ("--workspace", workspace.slug)
        done = warmline("members", *typed, *chosen, WARMLINE__DATABASE__URL=database_url)
        return done.returncode, done.stdout + done.stderr

    assert run("invite", "lin")[0] == 2
    newcomer = ("--name", "林夏", "--email", "lin@example.com", "--role", "admin")
    code, token = run("invite", "lin", *newcomer)
    assert code == 0, token
    async with browser_of(app) as browser:
        body = {"token": token.strip(), "password": PASSWORD}
        answer = await browser.post("/v1/sign-in/invitation", json=body)
        assert answer.json()["member"]["role"] == "admin"
    assert "lin@example.com" in run("list")[1]
