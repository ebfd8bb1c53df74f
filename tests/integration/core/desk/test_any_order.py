"""The whole line under shuffled, doubled and split deliveries: one end state."""

from random import Random

import pytest

from services.core.kit.uow import Database
from tests.support.end_states import end_state, new_line
from tests.support.line import (
    PRODUCT_QUESTION,
    THANKS,
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
    assert await end_state(crooked, ahead=True) == await end_state(straight, ahead=True)
