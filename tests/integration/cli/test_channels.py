"""Channels from the command line: added, tried out, listed, taken up again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from subprocess import CompletedProcess

import pytest

from services.core.alerts import service as alerts
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline
from tests.support.platforms import body
from tests.support.sinks import sink

Command = Callable[..., Awaitable[CompletedProcess[str]]]
ROBOT = "https://open.feishu.cn/open-apis/bot/v2/hook/one"


@pytest.fixture
def command(database: Database, database_url: str, workspace: Workspace) -> Command:
    """Run beside the loop: the platform it talks to lives there."""
    del database

    async def typed(*words: str, **more: str) -> CompletedProcess[str]:
        place = ("--workspace", workspace.slug)
        more = {"WARMLINE__DATABASE__URL": database_url, "COLUMNS": "200"} | more
        return await asyncio.to_thread(warmline, "channels", *words, *place, **more)

    return typed


async def test_a_channel_is_added_and_says_what_it_was_told(command: Command) -> None:
    private = {"WARMLINE__ALERTS__ALLOW_PRIVATE_ADDRESSES": "true"}
    async with sink(body(code=0, msg="success")) as robot:
        added = await command("add", "community", "feishu", f"url={robot.url}", **private)
        assert (added.returncode, "whsec_" in added.stdout) == (0, False), added.stderr
        tried = await command("test", "community", **private)
        assert tried.stdout.startswith("It arrived: 200"), tried.stderr
        assert json.loads(robot.requests[0][1])["msg_type"] == "interactive"
        robot.script = body(code=19021, msg="sign match fail")
        refused = await command("test", "community", **private)
    assert (refused.returncode, "sign match fail" in refused.stderr) == (1, True)
    listed = await command("list")
    assert "community" in listed.stdout
    assert robot.url not in listed.stdout


async def test_the_secret_of_a_webhook_is_shown_once(
    command: Command, database: Database, workspace: Workspace
) -> None:
    settings = ("url=https://hooks.example.com/in", "per_minute=30", "digest=true")
    added = await command("add", "desk", "webhook", *settings)
    assert "whsec_" in added.stdout, added.stderr
    async with database.read(workspace.id) as uow:
        (made,) = await alerts.list_channels(uow)
    assert (made.config["per_minute"], made.config["digest"]) == (30, True)


async def test_a_paused_channel_is_taken_up_again(
    command: Command, database: Database, workspace: Workspace
) -> None:
    assert (await command("add", "desk", "console")).returncode == 0
    async with database.unit(workspace.id) as uow:
        (made,) = await alerts.list_channels(uow)
        await alerts.pause_channel(uow, made.id, "dead")
    assert "paused: dead" in (await command("list")).stdout
    assert (await command("resume", "desk")).returncode == 0
    assert "paused" not in (await command("list")).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "community", "feishu", "url"), "url is no KEY=VALUE."),
        (("add", "community", "feishu", "url=https://example.com/hook"), "open.feishu.cn"),
        (("add", "community", "feishu", f"url={ROBOT}", "colour=red"), "colour"),
        (("add", "community", "pigeon"), "pigeon"),
        (("test", "nobody's"), "There is no channel"),
    ],
)
async def test_what_is_typed_wrong_is_said(
    command: Command, words: tuple[str, ...], said: str
) -> None:
    answer = await command(*words)
    assert answer.returncode != 0
    assert said in answer.stderr
