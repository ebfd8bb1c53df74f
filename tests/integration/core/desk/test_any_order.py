"""The whole line under shuffled, doubled and split deliveries: one end state."""

from random import Random
from typing import Any
from uuid import uuid4

import pytest

from services.core.alerts import service as alerts
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from tests.support.line import (
    NOON,
    PRODUCT_QUESTION,
    THANKS,
    Line,
    comment,
    deleted,
    dm,
    event,
    person,
    reply,
)

# A small life under one post: edits, deletions, late replies, follow-ups, two followers, a DM.
STORY = [
    comment("c1"),
    comment("c1", PRODUCT_QUESTION, minutes=2, kind="comment.edited", version=1),
    comment("c2", THANKS, minutes=3),
    comment("c3", minutes=4, author="mia"),
    deleted("c3", minutes=6),
    reply("r1", "c1", minutes=30),
    comment("c4", minutes=45),
    reply("r2", "c4", minutes=200),
    dm("d1", minutes=1),
    event("reply.sent", {"id": "r3", "conversation_id": "u-lily", "text": "在的"}, minutes=9),
    dm("d2", minutes=60),
    event("dm.recalled", {"id": "d2"}, minutes=61),
    event("follower.followed", {"follower": person()}, minutes=5),
    event("follower.unfollowed", {"follower": person()}, minutes=50),
    event("post.published", {"id": "p1", "title": "A"}, minutes=-5),
    event("post.edited", {"id": "p1", "title": "B"}, minutes=8),
    comment("c9", minutes=70, author="noa"),
]

STATES = {
    "messages": """SELECT external_id, kind, text, occurred_at, deleted_at IS NOT NULL AS gone,
        hidden, case_id IS NOT NULL AS worked FROM messages ORDER BY 1, 2""",
    "cases": """SELECT m.external_id, c.state, c.tier, c.category, c.opened_at, c.answered_at,
        c.resolved_at, c.unanswered, c.reopened, c.next_due_at
        FROM cases c JOIN messages m ON m.id = c.opening_message_id
        WHERE c.unanswered > 0 OR c.state <> 'void' OR m.external_id IS NOT NULL ORDER BY 1""",
    "clocks": """SELECT m.external_id, k.kind, k.episode, k.state, k.tier, k.started_at, k.due_at,
        k.met_at, k.missed_at, k.settled_at
        FROM clocks k JOIN cases c ON c.id = k.case_id
        JOIN messages m ON m.id = c.opening_message_id
        WHERE k.void_reason IS DISTINCT FROM 'withdrawn' ORDER BY 1, 2, 3""",
    "followers": """SELECT external_id, handle, name, following, followed_at, unfollowed_at,
        first_seen_at, last_seen_at FROM followers ORDER BY 1""",
    "posts": "SELECT external_id, title, published_at FROM posts ORDER BY 1",
}


async def new_line(database: Database) -> Line:
    """A workspace of its own on one database, late enough that nothing lies in the future."""
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    workspace = await workspaces.create_workspace(frozen, "Brand", slug=f"w-{uuid4().hex[:8]}")
    async with frozen.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        source, _ = await intake.create_source(uow, SourceDraft("shop", "xiaohongshu", ("brand",)))
    clock.at = NOON.replace(hour=20)
    return Line(frozen, clock, workspace.id, source.id)


async def end_state(line: Line) -> dict[str, list[tuple[Any, ...]]]:
    async with line.database.read(line.workspace_id) as uow:
        return {
            name: [tuple(row) for row in await uow.execute(query)] for name, query in STATES.items()
        }


@pytest.mark.parametrize("seed", range(12))
async def test_shuffled_doubled_and_split_deliveries_end_in_one_state(
    database: Database, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - a seed that can be named
    straight, crooked = await new_line(database), await new_line(database)
    await straight.hear(*STORY)
    heard = STORY + chance.sample(STORY, 6)
    chance.shuffle(heard)
    while heard:
        size = chance.randint(1, 5)
        batch, heard = heard[:size], heard[size:]
        await crooked.deliver(*batch)
        if chance.random() < 0.7:
            await crooked.process()
    await crooked.process()
    assert await end_state(crooked) == await end_state(straight)
