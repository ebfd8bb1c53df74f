"""Facts that come with every message are told where somebody asked for them, and nowhere else."""

from typing import Any

import pytest

from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import SubscriptionDraft, Wish
from tests.support.line import THANKS, Line, comment

FACTS = """
SELECT f.kind, f.payload, m.external_id FROM facts f JOIN messages m ON m.id = f.subject_id
WHERE f.kind IN ('message.received', 'message.judged') ORDER BY f.id
"""


async def told(line: Line) -> list[Any]:
    async with line.database.read(line.workspace_id) as uow:
        return list(await uow.execute(FACTS))


async def subscribe(line: Line, *kinds: str) -> None:
    draft = SubscriptionDraft(kinds[0], "https://example.com/hook", Wish(kinds))
    async with line.database.unit(line.workspace_id) as uow:
        await subscriptions.create_subscription(uow, draft)


async def test_nobody_who_did_not_ask_is_told_of_messages(line: Line) -> None:
    await subscribe(line, "case.*")
    await line.hear(comment("c1"))
    assert await told(line) == []


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ("message.received", ["message.received"]),
        ("message.judged", ["message.judged", "message.judged"]),
        ("message.*", ["message.received", "message.judged", "message.judged"]),
    ],
)
async def test_a_message_is_received_once_and_judged_whenever_its_text_changes(
    line: Line, asked: str, kinds: list[str]
) -> None:
    await subscribe(line, asked)
    await line.hear(comment("c1"))
    # Twice the same is once.
    await line.hear(comment("c1"))
    await line.hear(comment("c1", THANKS, minutes=2, kind="comment.edited"))
    found = await told(line)
    assert [row.kind for row in found] == kinds
    assert {row.external_id for row in found} == {"c1"}
    tiers = [row.payload["tier"] for row in found if row.kind == "message.judged"]
    assert len(set(tiers)) == len(tiers)
