"""Subscriptions from the command line: added, listed, looked back on, sent again, switched."""

from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.subscriptions import service as subscriptions
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline
from tests.support.subscribers import case_fact

pytestmark = pytest.mark.made_up_facts

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def command(database: Database, database_url: str, workspace: Workspace) -> Command:
    def typed(*words: str, **more: str) -> CompletedProcess[str]:
        place = ("--workspace", workspace.slug)
        return warmline(
            "subscriptions", *words, *place, WARMLINE__DATABASE__URL=database_url, **more
        )

    return typed


async def test_a_subscription_is_added_given_up_sent_again_and_removed(
    command: Command, database: Database, workspace: Workspace
) -> None:
    added = command("add", "warehouse", "https://hooks.example.com/in", "--kind", "case.*")
    assert "whsec_" in added.stdout
    async with database.unit(workspace.id) as uow:
        await stream.announce(uow, [case_fact()])
    await stream.publish(database)
    await subscriptions.queue_news(database)
    await subscriptions.send_due(database, {"webhook": FakeGateway([Answer(status_code=410)])})
    assert "paused: gone" in command("list").stdout
    assert "case.opened" in command("deliveries", "warehouse", "--dead").stdout
    assert command("enable", "warehouse").returncode == 0
    assert command("redrive", "warehouse").returncode == 2
    assert "1 queued." in command("redrive", "warehouse", "--all").stdout
    assert command("disable", "warehouse").returncode == 0
    assert "off" in command("list").stdout
    assert command("remove", "warehouse").returncode == 0
    gone = command("deliveries", "warehouse")
    assert (gone.returncode, "There is no subscription" in gone.stderr) == (1, True)


async def test_kinds_that_mean_nothing_are_refused(command: Command) -> None:
    refused = command("add", "x", "https://hooks.example.com/in", "--kind", "weather.*")
    assert refused.returncode != 0
    assert "kinds" in refused.stderr
