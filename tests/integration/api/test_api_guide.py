"""The commands of the guide for front ends, run as a reader would paste them."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.alerts import service as alerts
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.metrics import service as metrics
from services.core.sla import service as sla
from services.core.stream import service as stream
from services.core.workspaces.types import Workspace
from tests.support.client import make_key
from tests.support.guide import BASH, PAGES, Shell, named_on, plain, steps
from tests.support.line import BRAND, Line, comment, event, person
from tests.support.live import serving
from tests.support.people import browser_of, come_in, make_person

STORY = "用了三天烂脸了，要求退款，请马上处理"
QUESTION = "请问这个精华多少钱，怎么买？"
REFUSED = 400
FIND = {
    "CASE": "SELECT c.id FROM cases c JOIN messages m ON m.id = c.opening_message_id"
    " WHERE m.external_id = 'c1'",
    "CLOCK": "SELECT id FROM clocks WHERE kind = 'first_response' ORDER BY due_at",
    "ALERT": "SELECT id FROM alerts ORDER BY fired_at DESC",
    "MESSAGE": "SELECT id FROM messages WHERE external_id = 'c1'",
    "FOLLOWER": "SELECT id FROM followers WHERE external_id = 'u-lily'",
    "POST": "SELECT id FROM posts",
    "POLICY": "SELECT id FROM policies",
    "CHANNEL": "SELECT id FROM channels",
}


class Overhearing:
    """Keeps which operation each call was, and how it was answered."""

    def __init__(self, app: ASGIApp, heard: list[tuple[str, int]]) -> None:
        self._app = app
        self._heard = heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listen(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", scope["path"])
                self._heard.append((plain(f"{scope['method']} {route}"), message["status"]))
            await send(message)

        await self._app(scope, receive, listen if scope["type"] == "http" else send)


async def tell_the_story(database: Database, workspace: Workspace) -> dict[str, str]:
    """Ninety minutes ago Lily complained; Wu asked for the price a moment ago."""
    clock = FrozenClock(datetime.now(UTC) - timedelta(minutes=90))
    frozen = Database(database.engine, clock)
    async with frozen.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        draft = SourceDraft(name="Red shop", platform="xiaohongshu", own_accounts=(BRAND,))
        source, _ = await intake.create_source(uow, draft)
    line = Line(frozen, clock, workspace.id, source.id)

    async def hear(said: Any) -> None:
        await line.hear(said | {"timestamp": clock.at.isoformat()})

    await hear(event("post.published", {"id": "p1", "title": "新品来了", "author": person(BRAND)}))
    await hear(comment("c1", STORY))
    await line.tick(minutes=85)
    await hear(comment("c2", QUESTION, author="wu"))
    await line.tick(minutes=1)
    await line.deliver(comment("c3", author="nobody") | {"timestamp": clock.at.isoformat()})
    await metrics.catch_up(frozen, workspace.id, zone="UTC")
    async with frozen.unit(workspace.id) as uow:
        await uow.execute("UPDATE journal SET state = 'quarantined' WHERE state = 'pending'")
        ids = {name: (await uow.execute(sql)).scalars().first() for name, sql in FIND.items()}
    await stream.publish(database)
    return {name: str(value) for name, value in ids.items()} | {"SOURCE": str(source.id)}


@pytest.mark.skipif(BASH is None, reason="the guide uses bash and curl")
@pytest.mark.parametrize(
    "page", [each for each in PAGES if any(steps(each))], ids=lambda at: at.name
)
async def test_every_command_of_a_page_does_what_it_says(
    app: FastAPI, database: Database, workspace: Workspace, tmp_path: Path, page: Path
) -> None:
    todo = list(steps(page))
    heard: list[tuple[str, int]] = []
    app.add_middleware(Overhearing, heard=heard)
    names = await tell_the_story(database, workspace)
    names |= {"KEY": await make_key(database, workspace.id), "JAR": str(tmp_path / "cookies")}
    lin = await make_person(database, workspace.id)
    names["MEMBER"] = str(lin.member.id)
    if any("$JAR" in step.script for step in todo):
        # Passwords cost a second; only where somebody signs in is one needed.
        async with browser_of(app) as browser:
            await come_in(browser, lin)
    heard.clear()
    problems: list[str] = []
    async with serving(app) as live:
        shell = await Shell.open(tmp_path, HOST=live.address, **names)
        for step in todo:
            before = len(heard)
            said = await shell.run(step.script)
            problems += [f"{step.script}: {each}" for each in step.differences(said)]
            refused = [each for each in heard[before:] if each[1] >= REFUSED]
            if bool(refused) != step.refusal:
                problems.append(f"{step.script}: {refused} {said}")
            came = len(heard) - before
            if came < step.calls:
                problems.append(f"{step.script}: {came} calls instead of {step.calls}")
        await shell.close()
    ran = {operation for operation, _ in heard}
    sys.stdout.write(f"{page.name}: {len(heard)} calls of {len(ran)} operations\n")
    if page.parent.name == "api":
        # So that the index, which is made of what pages name, is whole.
        problems += sorted(ran - named_on(page))
    assert not problems, "\n".join(problems)


def test_the_guide_has_its_commands() -> None:
    assert sum(step.calls for page in PAGES for step in steps(page)) >= 120
