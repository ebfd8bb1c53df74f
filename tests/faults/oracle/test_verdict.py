"""The oracle itself: green when nothing is broken, and red for each promise that is."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.core.triage.engine import load_classifier
from services.core.triage.types import MessageKind, TriageInput
from tests.faults.oracle.acts import Hands
from tests.faults.oracle.arena import Arena, opened_arena, scaled
from tests.faults.oracle.stories import QUIET, SHARES, TEXTS, plan
from tests.support.processes import Site

pytestmark = pytest.mark.faults

# What somebody breaks behind the product's back, and a word of the sentence that tells of it.
UNGUARDED = (
    "ALTER TABLE messages NO FORCE ROW LEVEL SECURITY;"
    " GRANT CREATE ON SCHEMA public TO warmline_app; ALTER TABLE messages OWNER TO warmline_app"
)
BROKEN = {
    "DELETE FROM deliveries WHERE id = (SELECT min(id::text)::uuid FROM deliveries)": "stored 0",
    "UPDATE deliveries SET body = body || ' '": "other bytes",
    "DELETE FROM journal WHERE ctid = (SELECT min(ctid) FROM journal)": "not in the journal",
    "UPDATE journal SET state = 'quarantined'": "is quarantined",
    "UPDATE messages SET tier = 'spam' WHERE tier = 'urgent'": "not urgent",
    "UPDATE messages SET text = text || '!'": "says",
    "UPDATE clocks SET due_at = due_at + interval '1 microsecond'": "is due",
    "UPDATE clocks SET state = 'met' WHERE state = 'missed'": "not missed",
    "DELETE FROM clocks WHERE kind = 'next_response'": "is missing",
    "DELETE FROM alerts WHERE ctid = (SELECT min(ctid) FROM alerts)": "never raised",
    "UPDATE alerts SET fired_at = fire_at - interval '1 ms'": "before its time",
    "UPDATE alerts SET fired_at = fire_at + interval '1 hour'": "after its time",
    "UPDATE outbox SET state = 'dead'": "given up",
    "DELETE FROM audit_log WHERE action = 'alert.raised'": "in the audit log",
    "DELETE FROM audit_log WHERE action = 'case.assigned'": "left no row",
    "UPDATE followers SET following = NOT following": "follows",
    UNGUARDED: "rows of others",
}


@pytest.fixture
async def calm(site: Site) -> AsyncIterator[Arena]:
    """A short run in which nothing went wrong."""
    async with opened_arena(site, name="calm") as arena:
        await asyncio.gather(site.start_api(), site.start_worker())
        await arena.generator(seconds=scaled(3), rate=40).run()
        await arena.settle()
        assert await Hands(site, arena.ledger, arena.tenants[0]).take_a_case(0)
        yield arena


async def test_a_calm_run_is_green_and_every_break_of_it_is_seen(calm: Arena) -> None:
    """One run, broken again and again in a transaction that never ends well."""
    verdict = await calm.finish()
    assert verdict.figures["alerts_expected"] > 20
    assert verdict.figures["sent_twice"] == 0
    unseen = []
    async with calm.site.looking() as rows:
        for statement, word in BROKEN.items():
            attempt = rows.transaction()
            await attempt.start()
            await rows.execute(statement)
            broken = (await calm.look(rows)).broken
            await attempt.rollback()
            if not any(word in sentence for sentence in broken):
                unseen.append((statement, broken))
    assert unseen == []


async def test_a_sink_that_was_told_twice_unmarked_and_one_that_was_not_told_are_seen(
    calm: Arena,
) -> None:
    file = calm.received_path
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines, lines[0]]))
    broken = (await calm.judge()).broken
    assert any("2x, 0 in doubt" in sentence for sentence in broken)
    assert any("again without a mark" in sentence for sentence in broken)
    firing = next(line for line in lines if b"alert.firing" in line)
    file.write_bytes(b"".join(line for line in lines if line != firing))
    assert any("never heard" in sentence for sentence in (await calm.judge()).broken)


def test_the_labels_of_the_stories_are_what_the_engine_says() -> None:
    """The model is told the tiers; if the cues change their mind, this says so first."""
    classifier = load_classifier()
    for label, texts in TEXTS.items():
        for text in texts:
            for kind in (MessageKind.COMMENT, MessageKind.DM):
                decision = classifier.judge(TriageInput(kind=kind, text=text))
                found = decision.tier.value if decision.needs_reply else QUIET
                assert found == label, text


def test_a_plan_is_its_seed_and_tells_every_story() -> None:
    def ids(seed: int) -> list[str]:
        planned = plan(seed, seconds=60, rate=20)
        return [f"{one.webhook_id} {said.kind} {said.key}" for one in planned for said in one.said]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
    kinds = {line.split()[1] for line in ids(1)}
    assert kinds == {
        *("comment.created", "comment.edited", "comment.deleted", "reply.sent"),
        *("dm.received", "dm.edited", "dm.recalled"),
        *("follower.followed", "follower.unfollowed"),
    }
    assert sum(SHARES.values()) == 100
