"""Alerts speak the workspace's own words, and followers' words leave only where they may."""

from typing import Any
from uuid import UUID

import pytest

from services.core.alerts import service as alerts
from services.core.alerts.service import texts
from services.core.alerts.templates import AlertTexts
from services.core.alerts.types import Purpose
from services.core.kit.errors import InvalidInputError
from services.core.kit.uow import Database
from tests.support.alerts import fired_timer
from tests.support.queries import counted_queries
from tests.support.worlds import World, make_world

OWN = {Purpose.FIRING: {"zh": "{{follower}} 在等{{promise}}", "en": "Due {{due_at}}"}}


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database, "mine")


async def put(database: Database, world: World, own: AlertTexts) -> AlertTexts:
    async with database.unit(world.workspace_id) as uow:
        return await texts.put_texts(uow, own)


async def messages(database: Database, world: World, count: int = 1) -> list[dict[str, Any]]:
    """What is queued for new alerts of the case of the world."""
    case_id = UUID(world.ids["case_id"])
    timers = [fired_timer(case_id=case_id) for _ in range(count)]
    async with database.unit(world.workspace_id) as uow:
        await alerts.raise_for(uow, timers)
        rows = await uow.execute(
            "SELECT o.message FROM outbox o JOIN alerts a ON a.workspace_id = o.workspace_id"
            " AND a.id = o.alert_id WHERE a.clock_id = ANY(CAST(:ids AS uuid[])) ORDER BY o.id",
            {"ids": [timer.clock_id for timer in timers]},
        )
        return list(rows.scalars())


async def follower(database: Database, world: World) -> tuple[str, str]:
    """The name and the words of who waits in the case of the world."""
    async with database.read(world.workspace_id) as uow:
        rows = await uow.execute(
            "SELECT f.name, m.text FROM messages m JOIN followers f"
            " ON f.workspace_id = m.workspace_id AND f.id = m.author_id"
            " WHERE m.case_id = :id AND m.direction = 'in' ORDER BY m.occurred_at DESC LIMIT 1",
            {"id": UUID(world.ids["case_id"])},
        )
        name, text = rows.one()
        return str(name or ""), str(text)


async def test_without_words_of_its_own_a_workspace_says_ours_and_no_followers_words(
    database: Database, world: World
) -> None:
    (message,) = (await messages(database, world))[:1]
    _, text = await follower(database, world)
    assert message["sentence"]["en"].startswith("Urgent: the first reply is ")
    assert "text" not in message
    assert text not in str(message)


async def test_a_template_is_said_of_the_next_alert(database: Database, world: World) -> None:
    kept = await put(database, world, AlertTexts(OWN))
    name, text = await follower(database, world)
    (message,) = (await messages(database, world))[:1]
    assert kept.templates == OWN
    assert message["sentence"] == {
        "zh": f"{name} 在等首次回复".strip(),
        "en": "Due 2026-11-21 12:00 UTC",
    }
    assert text not in str(message)


async def test_followers_words_leave_where_they_may(database: Database, world: World) -> None:
    templates = {Purpose.FIRING: {"zh": "说：{{text}}"}}
    await put(database, world, AlertTexts(templates, message_text_leaves=True))
    _, text = await follower(database, world)
    (message,) = (await messages(database, world))[:1]
    assert (message["text"], message["sentence"]["zh"]) == (text[:300], f"说：{text[:300]}")
    # Switched off again, they stay.
    await put(database, world, AlertTexts())
    (message,) = (await messages(database, world))[:1]
    assert text not in str(message)


async def test_a_template_that_names_too_much_is_refused_and_the_old_one_stays(
    database: Database, world: World
) -> None:
    await put(database, world, AlertTexts(OWN))
    with pytest.raises(InvalidInputError) as refused:
        await put(database, world, AlertTexts({Purpose.RESOLVED: {"en": "{{text}} {{key}}"}}))
    codes = [(one.pointer, one.code) for one in refused.value.errors]
    pointer = "/templates/resolved/en"
    assert codes == [(pointer, "text_stays"), (pointer, "unknown_field")]
    async with database.read(world.workspace_id) as uow:
        kept = await texts.get_texts(uow)
    assert (kept.templates, kept.version) == (OWN, 1)


async def test_many_alerts_are_worded_in_as_many_statements_as_one(
    database: Database, world: World
) -> None:
    await put(database, world, AlertTexts(OWN, message_text_leaves=True))
    asked = []
    for count in (1, 20):
        with counted_queries(database) as sent:
            await messages(database, world, count)
        asked.append(len(sent))
    assert asked[0] == asked[1]
