"""From the journal to an alert: the line, in any order, once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.core.kit.errors import UnavailableError
from services.core.triage.engine import load_classifier
from services.core.triage.types import Classifier, Decision, TriageInput
from tests.support.line import (
    NOON,
    PRODUCT_QUESTION,
    THANKS,
    URGENT,
    Line,
    comment,
    deleted,
    dm,
    event,
    person,
    reply,
)


@dataclass
class Stumbling:
    """The product's classifier, which raises on certain texts."""

    stones: dict[str, Exception]
    judges: Classifier = field(default_factory=load_classifier)

    def __getattr__(self, name: str) -> str:
        return str(getattr(self.judges, name))

    def judge(self, message: TriageInput) -> Decision:
        if stone := self.stones.get(message.text):
            raise stone
        return self.judges.judge(message)

    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        return [self.judge(message) for message in messages]


CLOCKS = "SELECT * FROM clocks ORDER BY kind, episode"


async def test_a_question_opens_a_case_with_two_running_clocks(line: Line) -> None:
    await line.hear(comment("c1", PRODUCT_QUESTION))
    case = await line.row("SELECT * FROM cases")
    assert (case.state, case.tier, case.unanswered) == ("open", "urgent", 1)
    assert case.next_due_at == NOON + timedelta(hours=2)
    first, resolution = await line.rows(CLOCKS)
    assert (first.kind, first.state, first.due_at) == (
        "first_response",
        "running",
        NOON + timedelta(hours=2),
    )
    assert (resolution.kind, resolution.due_at) == ("resolution", NOON + timedelta(hours=24))


async def test_thanks_and_a_laugh_open_nothing(line: Line) -> None:
    await line.hear(comment("c1", THANKS), comment("c2", "😂😂", author="mia"))
    assert len(await line.rows("SELECT 1 FROM messages WHERE content_at IS NOT NULL")) == 2
    assert await line.rows("SELECT 1 FROM cases") == []


async def test_a_reply_meets_the_clocks_by_its_own_time(line: Line) -> None:
    await line.hear(comment("c1"))
    await line.hear(reply("r1", "c1", minutes=30))
    case = await line.row("SELECT * FROM cases")
    assert (case.state, case.unanswered, case.next_due_at) == ("resolved", 0, None)
    for clock in await line.rows(CLOCKS):
        assert (clock.state, clock.met_at) == ("met", NOON + timedelta(minutes=30))


async def test_a_reply_heard_before_its_comment_meets_the_clock_too(line: Line) -> None:
    await line.hear(reply("r1", "c1", minutes=30))
    await line.hear(comment("c1"))
    assert (await line.row("SELECT state FROM cases")).state == "resolved"
    assert {clock.state for clock in await line.rows(CLOCKS)} == {"met"}


async def test_a_message_deleted_before_it_was_created_ends_as_a_void_case(line: Line) -> None:
    await line.hear(deleted("c1", minutes=5))
    assert await line.rows("SELECT 1 FROM cases") == []
    await line.hear(comment("c1"))
    assert (await line.row("SELECT state FROM cases")).state == "void"
    assert {clock.state for clock in await line.rows(CLOCKS)} == {"void"}


async def test_edits_heard_out_of_order_leave_the_newest_text(line: Line) -> None:
    await line.hear(comment("c1", "second", minutes=2, kind="comment.edited", version=2))
    await line.hear(comment("c1", "first", minutes=0, version=1))
    await line.hear(comment("c1", "old edit", minutes=9, kind="comment.edited", version=1))
    message = await line.row("SELECT text, occurred_at FROM messages")
    assert (message.text, message.occurred_at) == ("second", NOON)


async def test_replaying_everything_changes_nothing(line: Line) -> None:
    delivery = await line.deliver(comment("c1"), reply("r1", "c1", minutes=3), dm("d1"))
    await line.process()
    before = await snapshot(line)
    await line.rows("SELECT 1")
    async with line.database.unit(line.workspace_id) as uow:
        await uow.execute(
            "UPDATE journal SET state = 'pending', next_at = :now WHERE workspace_id = :w"
            " AND delivery_id = :d",
            {"now": uow.now, "w": line.workspace_id, "d": delivery},
        )
    assert await line.process() == 3
    assert await snapshot(line) == before


async def test_a_missed_promise_raises_one_alert_and_a_late_reply_stays_a_miss(line: Line) -> None:
    await line.hear(comment("c1"))
    assert await line.tick(minutes=60) == 1
    assert await line.tick(minutes=61) == 1
    assert await line.tick() == 0
    steps = [row.step for row in await line.rows("SELECT step FROM alerts ORDER BY step")]
    assert steps == [50, 100]
    await line.hear(reply("r1", "c1", minutes=125))
    first = (await line.rows(CLOCKS))[0]
    assert (first.state, first.missed_at) == ("missed", NOON + timedelta(hours=2))
    assert {row.state for row in await line.rows("SELECT state FROM alerts")} == {"resolved"}


async def test_a_reply_sent_in_time_but_heard_late_corrects_the_miss(line: Line) -> None:
    await line.hear(comment("c1"))
    await line.tick(minutes=150)
    await line.hear(reply("r1", "c1", minutes=119))
    first = (await line.rows(CLOCKS))[0]
    assert (first.state, first.met_at) == ("met", NOON + timedelta(minutes=119))
    assert [note["from"] for note in first.corrections] == ["missed"]


async def test_a_follow_up_question_reopens_the_case_with_its_own_episode(line: Line) -> None:
    await line.hear(comment("c1"), reply("r1", "c1", minutes=10))
    await line.hear(comment("c2", URGENT, minutes=20))
    case = await line.row("SELECT * FROM cases")
    assert (case.state, case.reopened) == ("open", 1)
    kinds = [(clock.kind, clock.episode, clock.state) for clock in await line.rows(CLOCKS)]
    assert kinds == [
        ("first_response", 1, "met"),
        ("next_response", 1, "running"),
        ("resolution", 1, "met"),
        ("resolution", 2, "running"),
    ]


async def test_a_late_message_can_make_one_case_of_two(line: Line) -> None:
    day = 60 * 24
    await line.hear(comment("c1"), reply("r1", "c1", minutes=10))
    await line.hear(comment("c3", minutes=8 * day))
    assert len(await line.rows("SELECT 1 FROM cases")) == 2
    await line.hear(comment("c2", minutes=5 * day))
    states = await line.rows("SELECT state, unanswered FROM cases ORDER BY opened_at")
    assert [tuple(row) for row in states] == [("open", 2), ("void", 0)]
    withdrawn = await line.rows("SELECT state FROM clocks WHERE void_reason = 'withdrawn'")
    assert {row.state for row in withdrawn} == {"void"}
    assert len({row.case_id for row in await line.rows("SELECT case_id FROM messages")}) == 1


async def test_the_brand_is_not_work_and_its_comment_under_a_question_is_a_reply(
    line: Line,
) -> None:
    await line.hear(comment("c1"))
    own = {"id": "c9", "post_id": "p1", "parent_id": "c1", "author": {"id": "brand"}, "text": "好"}
    await line.hear(event("comment.created", own, minutes=7))
    assert (await line.row("SELECT state FROM cases")).state == "resolved"
    assert len(await line.rows("SELECT 1 FROM cases")) == 1


async def test_an_old_message_opens_no_clock(line: Line) -> None:
    await line.hear(comment("c1", minutes=-60 * 24 * 31))
    assert await line.rows("SELECT 1 FROM cases") == []


async def test_an_unfollow_heard_before_the_follow_is_still_the_later_word(line: Line) -> None:
    await line.hear(event("follower.unfollowed", {"follower": person()}, minutes=10))
    await line.hear(event("follower.followed", {"follower": person()}, minutes=1))
    follower = await line.row("SELECT following, followed_at FROM followers")
    assert (follower.following, follower.followed_at) == (False, NOON + timedelta(minutes=1))


async def test_a_poisonous_entry_spares_its_neighbours_and_ends_in_quarantine(
    line: Line,
) -> None:
    line.classifier = Stumbling({"poison": RuntimeError("cannot be judged")})
    await line.deliver(comment("c1"), comment("c2", "poison"), comment("c3", author="mia"))
    for _ in range(4):
        await line.process()
        line.clock.advance(timedelta(minutes=10))
    states = {
        row.state: row.n
        for row in await line.rows("SELECT state, count(*) AS n FROM journal GROUP BY state")
    }
    assert states == {"processed": 2, "quarantined": 1}
    assert len(await line.rows("SELECT 1 FROM cases")) == 2


async def test_an_outage_is_no_entrys_fault(line: Line) -> None:
    """What the worker held is given back when the database answers again, its tries uncounted."""
    line.classifier = Stumbling({"outage": UnavailableError("away")})
    await line.deliver(comment("c1"), comment("c2", "outage", author="mia"))
    for _ in range(6):
        with pytest.raises(UnavailableError):
            await line.process()
        assert {row.attempts for row in await line.rows("SELECT attempts FROM journal")} == {1}
    line.classifier = load_classifier()
    assert await line.process() == 2
    assert {row.attempts for row in await line.rows("SELECT attempts FROM journal")} == {1}


async def snapshot(line: Line) -> list[object]:
    """Everything the line wrote, without what tells one run from another."""
    queries = (
        "SELECT * FROM followers ORDER BY id",
        "SELECT * FROM messages ORDER BY id",
        "SELECT * FROM cases ORDER BY id",
        "SELECT * FROM clocks ORDER BY id",
        "SELECT * FROM timers ORDER BY id",
        "SELECT * FROM judgements ORDER BY id",
        "SELECT * FROM facts ORDER BY id",
    )
    return [await line.rows(query) for query in queries]
