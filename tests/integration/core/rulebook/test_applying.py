"""What rules do to live messages: judgements, tags, alerts, assignments, and their log."""

from datetime import timedelta
from typing import Any

from services.core.desk import correcting
from services.core.learning.types import Correction
from services.core.rulebook import rules
from services.core.rulebook import service as rulebook
from services.core.rulebook.types import Conditions, Effects, Rule, RuleDraft
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Role
from tests.support.line import PRAISE, THANKS, URGENT, Line, comment, reply

RUNS = "SELECT * FROM rule_runs ORDER BY at, id"
EYES = Conditions(patterns=("辣眼",))


async def write(line: Line, effects: Effects, conditions: Conditions = EYES, **more: Any) -> Rule:
    draft = RuleDraft(more.pop("name", "eyes"), conditions, effects, **more)
    async with line.database.unit(line.workspace_id) as uow:
        return await rulebook.create_rule(uow, draft)


async def test_a_rule_changes_the_judgement_and_the_engines_is_kept_beside_it(line: Line) -> None:
    await write(line, Effects(tier=Tier.URGENT))
    await line.hear(comment("c1", "太好用了，就是有点辣眼"))
    message = await line.row("SELECT * FROM messages")
    assert (message.tier, message.needs_reply) == ("urgent", True)
    engine, ruled = await line.rows("SELECT * FROM judgements ORDER BY decided_at")
    assert (engine.decided_by, ruled.decided_by, ruled.tier) == ("engine", "rule", "urgent")
    assert message.judgement_id == ruled.id
    assert ruled.rules_version == f"{engine.rules_version}+book.1"
    reason = ruled.reasons[-1]
    assert (reason["cue"], message.text[reason["start"] : reason["end"]]) == ("rule.eyes", "辣眼")
    assert (await line.row("SELECT tier FROM cases")).tier == "urgent"


async def test_a_keyword_alert_is_a_rule_and_wakes_the_channels_once(line: Line) -> None:
    rule = await write(line, Effects(alert=True, tags=("eyes",)))
    await line.hear(comment("c1", "太好用了，就是有点辣眼"))
    await line.hear(comment("c1", "太好用了，就是有点辣眼睛", minutes=5, kind="comment.edited"))
    alert = await line.row("SELECT * FROM alerts")
    assert (alert.kind, alert.rule_id, alert.clock_id) == ("rule", rule.id, None)
    assert (await line.row("SELECT tag FROM message_tags")).tag == "eyes"
    assert len(await line.rows(RUNS)) == 2
    trail = await line.rows("SELECT 1 FROM audit_log WHERE action = 'alert.raised'")
    assert len(trail) == 1


async def test_a_rule_alarms_of_a_message_nobody_has_to_answer(line: Line) -> None:
    await write(line, Effects(alert=True), Conditions(patterns=("谢谢",)))
    await line.hear(comment("c1", THANKS))
    assert (await line.row("SELECT case_id, group_key FROM alerts")).case_id is None
    assert await line.rows("SELECT 1 FROM cases") == []


async def test_hearing_it_all_again_changes_nothing(line: Line) -> None:
    await write(line, Effects(alert=True, tier=Tier.URGENT, tags=("eyes",)))
    said = comment("c1", "太好用了，就是有点辣眼")
    await line.hear(said)
    before = await line.rows("SELECT * FROM judgements ORDER BY id"), await line.rows(RUNS)
    await line.hear(said | {"id": "again"})
    after = await line.rows("SELECT * FROM judgements ORDER BY id"), await line.rows(RUNS)
    assert before == after
    assert len(await line.rows("SELECT 1 FROM alerts")) == 1


async def test_a_rule_gives_the_case_to_a_member_but_takes_it_from_nobody(line: Line) -> None:
    async with line.database.unit(line.workspace_id) as uow:
        amy = await workspaces.create_member(uow, MemberDraft("amy", "Amy", Role.MODERATOR))
        ben = await workspaces.create_member(uow, MemberDraft("ben", "Ben", Role.MODERATOR))
    await write(line, Effects(assign_to=amy.id), Conditions(patterns=("退款",)))
    await write(line, Effects(assign_to=ben.id), Conditions(patterns=("碎",)), name="broken")
    await line.hear(comment("c1", URGENT))
    assert (await line.row("SELECT assignee_id FROM cases")).assignee_id == amy.id


async def test_a_rule_about_an_author_knows_them_from_this_very_delivery(line: Line) -> None:
    await write(line, Effects(tier=Tier.URGENT), Conditions(authors=("lily",)))
    await line.hear(comment("c1", PRAISE), comment("c2", PRAISE, author="mia"))
    rows = await line.rows("SELECT external_id, tier FROM messages ORDER BY external_id")
    assert [tuple(row) for row in rows] == [("c1", "urgent"), ("c2", "routine")]


async def test_a_rule_about_a_post_leaves_the_other_posts_alone(line: Line) -> None:
    await write(line, Effects(tier=Tier.IMPORTANT), Conditions(posts=("p1",)))
    await line.hear(comment("c1", PRAISE), comment("c2", PRAISE, post="p2"))
    rows = await line.rows("SELECT external_id, tier FROM messages ORDER BY external_id")
    assert [tuple(row) for row in rows] == [("c1", "important"), ("c2", "routine")]


async def test_a_changed_or_archived_rule_holds_from_the_next_message_on(line: Line) -> None:
    rule = await write(line, Effects(tier=Tier.URGENT))
    await line.hear(comment("c1", "辣眼"))
    async with line.database.unit(line.workspace_id) as uow:
        draft = RuleDraft("eyes", EYES, Effects(tier=Tier.IMPORTANT))
        assert (await rulebook.change_rule(uow, rule.id, draft)).version == 2
    await line.hear(comment("c2", "辣眼", minutes=1))
    async with line.database.unit(line.workspace_id) as uow:
        await rulebook.archive_rule(uow, rule.id)
    await line.hear(comment("c3", PRAISE + "辣眼", minutes=2))
    rows = await line.rows("SELECT external_id, tier FROM messages ORDER BY external_id")
    assert [tuple(row) for row in rows][:2] == [("c1", "urgent"), ("c2", "important")]
    assert len(await line.rows(RUNS)) == 2


async def test_an_edit_war_does_not_make_a_rule_run_for_ever(line: Line) -> None:
    await write(line, Effects(tier=Tier.URGENT))
    await line.hear(comment("c1", "辣眼0 太好用了"))
    for number in range(1, 8):
        text = f"辣眼{number} 太好用了"
        await line.hear(comment("c1", text, minutes=number, kind="comment.edited"))
    outcomes = [row.outcome for row in await line.rows(RUNS)]
    most = rules.MOST_RUNS_A_MESSAGE
    assert outcomes == ["applied"] * most + ["looping"] * (8 - most)


async def test_a_rule_that_alarms_too_often_is_muted_for_the_hour(
    line: Line,
) -> None:
    await write(line, Effects(alert=True), Conditions(patterns=("谢谢",)))
    many = [comment(f"c{n}", THANKS, author=f"u{n}") for n in range(rules.MOST_ALERTS_AN_HOUR + 5)]
    await line.hear(*many[:40])
    await line.hear(*many[40:])
    assert len(await line.rows("SELECT 1 FROM alerts")) == rules.MOST_ALERTS_AN_HOUR
    muted = await line.rows("SELECT 1 FROM rule_runs WHERE outcome = 'muted'")
    assert len(muted) == 5
    line.clock.advance(timedelta(hours=2))
    await line.hear(comment("later", THANKS, minutes=130, author="zoe"))
    assert len(await line.rows("SELECT 1 FROM alerts")) == rules.MOST_ALERTS_AN_HOUR + 1


async def test_history_that_is_read_in_wakes_nobody(line: Line) -> None:
    await write(line, Effects(alert=True, tags=("eyes",)))
    await line.hear(comment("c1", "辣眼"))
    await line.hear(reply("r1", "c1", minutes=1))
    assert len(await line.rows("SELECT 1 FROM alerts")) == 1
    stored = await line.rows("SELECT due FROM rule_runs")
    assert [row.due for row in stored] == [False]


async def test_a_persons_word_stands_above_every_rule(line: Line) -> None:
    await line.hear(comment("c1", "辣眼"))
    message = await line.row("SELECT id FROM messages")
    async with line.database.unit(line.workspace_id) as uow:
        await correcting.correct(uow, message.id, Correction(tier=Tier.ROUTINE))
    await write(line, Effects(tier=Tier.URGENT))
    await line.hear(comment("c1", "辣眼") | {"id": "again"})
    assert (await line.row("SELECT tier FROM messages")).tier == "routine"
