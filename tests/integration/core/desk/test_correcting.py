"""A person says what a message is, and what its promises make of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.desk import correcting
from services.core.desk import service as desk
from services.core.kit.errors import NotFoundError
from services.core.learning.errors import NotJudgedError
from services.core.learning.types import Correction
from services.core.triage.engine import load_classifier
from services.core.triage.types import Category, Classifier, Decision, Tier, TriageInput
from services.core.workspaces import service as workspaces
from tests.support.line import NOON, PRAISE, THANKS, URGENT, Line, comment, event, reply

CLOCKS = "SELECT * FROM clocks ORDER BY kind, episode"
URGENTLY = Correction(tier=Tier.URGENT)


@dataclass
class NextVersion:
    """The product's classifier under another version: a replay judges everything anew."""

    judges: Classifier = field(default_factory=load_classifier)
    engine_version: str = "next"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.judges, name)

    def judge(self, message: TriageInput) -> Decision:
        return self.judges.judge(message)

    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        return [self.judge(message) for message in messages]


async def said(line: Line, text: str = THANKS, **more: Any) -> UUID:
    await line.hear(comment("c1", text, **more))
    row = await line.row("SELECT id FROM messages WHERE external_id = 'c1'")
    return UUID(str(row.id))


async def correct(line: Line, message_id: UUID, correction: Correction = URGENTLY) -> UUID:
    async with line.database.unit(line.workspace_id) as uow:
        return await correcting.correct(uow, message_id, correction)


async def test_both_judgements_are_kept_and_the_persons_is_in_force(line: Line) -> None:
    message_id = await said(line)
    judgement_id = await correct(line, message_id, Correction(category=Category.COMPLAINT))
    rows = await line.rows("SELECT decided_by, tier FROM judgements ORDER BY decided_by")
    assert [(row.decided_by, row.tier) for row in rows] == [
        ("engine", "routine"),
        ("member", "urgent"),
    ]
    message = await line.row("SELECT * FROM messages")
    assert (message.judgement_id, message.tier, message.category, message.needs_reply) == (
        judgement_id,
        "urgent",
        "complaint",
        True,
    )


async def test_a_message_nobody_had_to_answer_gets_a_case_counted_from_its_arrival(
    line: Line,
) -> None:
    message_id = await said(line)
    line.clock.advance(timedelta(hours=1))
    await correct(line, message_id)
    case = await line.row("SELECT * FROM cases")
    assert (case.state, case.tier, case.opened_at) == ("open", "urgent", NOON)
    assert case.next_due_at == NOON + timedelta(hours=2)
    assert await line.tick(minutes=37) == 1
    assert (await line.row("SELECT step FROM alerts")).step == 80


async def test_a_case_whose_message_needs_no_reply_after_all_is_void(line: Line) -> None:
    message_id = await said(line, URGENT)
    await correct(line, message_id, Correction(needs_reply=False))
    case = await line.row("SELECT * FROM cases")
    assert (case.state, case.next_due_at) == ("void", None)
    assert {clock.state for clock in await line.rows(CLOCKS)} == {"void"}


async def test_nothing_behind_fires_at_once_and_one_alert_comes_after_the_grace(
    line: Line,
) -> None:
    message_id = await said(line)
    line.clock.advance(timedelta(hours=40))
    await correct(line, message_id)
    clocks = await line.rows(CLOCKS)
    assert {(clock.kind, clock.state) for clock in clocks} == {
        ("first_response", "missed"),
        ("resolution", "missed"),
    }
    assert await line.tick(minutes=9) == 0
    assert await line.tick(minutes=2) == 1
    assert await line.tick(minutes=600) == 0
    assert len(await line.rows("SELECT 1 FROM alerts")) == 1
    skipped = await line.rows("SELECT note FROM timers WHERE state = 'skipped'")
    assert {row.note for row in skipped} == {"already past when it was planned"}


async def test_the_next_step_ahead_fires_as_planned_and_the_graced_one_is_overtaken(
    line: Line,
) -> None:
    message_id = await said(line)
    line.clock.advance(timedelta(hours=2, minutes=55))
    await correct(line, message_id)
    assert await line.tick(minutes=5) == 1
    assert await line.tick(minutes=10) == 0
    assert (await line.row("SELECT step FROM alerts")).step == 150


async def test_an_answer_within_the_grace_leaves_everybody_in_peace(line: Line) -> None:
    message_id = await said(line)
    line.clock.advance(timedelta(hours=40))
    await correct(line, message_id)
    await line.hear(reply("r1", "c1", minutes=40 * 60 + 5))
    assert await line.tick(minutes=30) == 0
    first = (await line.rows(CLOCKS))[0]
    assert (first.state, first.settled_at) == ("missed", NOON + timedelta(hours=40, minutes=5))


async def test_no_later_engine_overrules_a_person(line: Line) -> None:
    message_id = await said(line)
    judgement_id = await correct(line, message_id)
    line.classifier = NextVersion()
    # A late word of the same message: the platform tells it again, as hidden.
    await line.hear(event("comment.hidden", {"id": "c1"}, minutes=30))
    message = await line.row("SELECT * FROM messages")
    assert (message.hidden, message.tier, message.judgement_id) == (True, "urgent", judgement_id)


async def test_a_text_that_changes_is_judged_anew(line: Line) -> None:
    message_id = await said(line, URGENT)
    await correct(line, message_id, Correction(tier=Tier.ROUTINE))
    await line.hear(comment("c1", PRAISE, minutes=5, kind="comment.edited"))
    message = await line.row("SELECT tier, category FROM messages")
    assert (message.tier, message.category) == ("routine", "praise")
    assert len(await line.rows("SELECT 1 FROM judgements")) == 3


async def test_a_person_may_think_again(line: Line) -> None:
    message_id = await said(line)
    await correct(line, message_id)
    await correct(line, message_id, Correction(tier=Tier.IMPORTANT))
    assert (await line.row("SELECT tier FROM messages")).tier == "important"
    rows = await line.rows("SELECT machine_tier, tier FROM corrections ORDER BY decided_at, id")
    assert [tuple(row) for row in rows] == [("routine", "urgent"), ("routine", "important")]


async def test_every_correction_leaves_a_trail_and_is_told(line: Line) -> None:
    message_id = await said(line)
    await correct(line, message_id)
    trail = await line.row("SELECT * FROM audit_log WHERE action = 'message.corrected'")
    assert trail.subject_id == str(message_id)
    fact = await line.row("SELECT * FROM facts WHERE kind = 'message.corrected'")
    assert fact.payload["to"]["tier"] == "urgent"


async def test_the_brands_own_words_are_not_judged(line: Line) -> None:
    await line.hear(comment("c1"), reply("r1", "c1", minutes=1))
    own = await line.row("SELECT id FROM messages WHERE kind = 'reply'")
    with pytest.raises(NotJudgedError):
        await correct(line, own.id)


async def test_another_workspace_does_not_know_the_message(line: Line) -> None:
    message_id = await said(line)
    stranger = await workspaces.create_workspace(line.database, "Stranger")
    with pytest.raises(NotFoundError):
        async with line.database.unit(stranger.id) as uow:
            await correcting.correct(uow, message_id, URGENTLY)


async def test_correcting_a_case_and_its_message_can_be_mixed(line: Line) -> None:
    message_id = await said(line, URGENT)
    case = await line.row("SELECT * FROM cases")
    await correct(line, message_id, Correction(tier=Tier.IMPORTANT))
    assert (await line.row("SELECT tier FROM cases")).tier == "important"
    async with line.database.unit(line.workspace_id) as uow:
        await desk.retier(uow, case.id, tier=Tier.URGENT)
    assert (await line.row("SELECT tier FROM cases")).tier == "urgent"
