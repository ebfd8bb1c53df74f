"""A worker takes hundreds of events at once, and each effect still names the request of its own."""

from typing import Any

from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelDraft, ChannelKind
from services.core.desk import service as desk
from services.core.intake import service as intake
from services.core.rulebook import service as rulebook
from services.core.rulebook.types import Conditions, Effects, RuleDraft
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import SubscriptionDraft, Wish
from tests.support.line import Line, comment, dm, reply

EYES = "太好用了，就是有点辣眼"
FACTS = """
SELECT f.kind, f.request_id FROM facts f WHERE f.kind LIKE :kind AND f.request_id IS NOT NULL
ORDER BY f.kind, f.request_id
"""
# An alert, what it is about, and what was queued of it for the hook.
TOLD = """
SELECT m.external_id, o.purpose, a.request_id AS of_alert, o.request_id AS of_row
FROM outbox o JOIN alerts a ON a.id = o.alert_id
JOIN channels c ON c.id = o.channel_id AND c.name = 'hook'
LEFT JOIN clocks k ON k.id = a.clock_id
JOIN messages m ON m.id = coalesce(a.message_id, k.trigger_message_id)
ORDER BY m.external_id, o.purpose, a.step
"""


async def watched(line: Line) -> None:
    """A keyword that alarms at once, a channel to queue for, and somebody who hears every fact."""
    keyword = RuleDraft("eyes", Conditions(patterns=("辣眼",)), Effects(alert=True))
    channel = ChannelDraft("hook", ChannelKind.WEBHOOK, url="https://hook.example/in")
    everything = SubscriptionDraft("all", "https://all.example/in", Wish(("*",)))
    async with line.database.unit(line.workspace_id) as uow:
        await rulebook.create_rule(uow, keyword)
        await alerts.create_channel(uow, channel)
        await subscriptions.create_subscription(uow, everything)


async def facts(line: Line, kind: str = "%") -> list[tuple[str, str]]:
    return [(row.kind, row.request_id) for row in await line.rows(FACTS, kind=kind)]


async def told(line: Line) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await line.rows(TOLD)]


async def test_a_batch_of_many_deliveries_mixes_no_ids(line: Line) -> None:
    await watched(line)
    for number in range(1, 6):
        said = comment(f"c{number}", EYES, author=f"u{number}")
        await line.deliver(said, request_id=f"r-{number}" if number != 3 else None)
    assert await line.process() == 5
    expected = [(f"c{n}", "firing", *([f"r-{n}" if n != 3 else None] * 2)) for n in range(1, 6)]
    assert await told(line) == expected
    kinds = ("alert.raised", "message.judged", "message.received", "rule.ran")
    known = [(kind, f"r-{n}") for kind in kinds for n in (1, 2, 4, 5)]
    assert [one for one in await facts(line) if one[0] in kinds] == known
    trail = await line.rows(
        "SELECT request_id FROM audit_log WHERE action = 'alert.raised' ORDER BY request_id"
    )
    assert [row.request_id for row in trail] == ["r-1", "r-2", "r-4", "r-5", None]


async def test_a_case_is_opened_by_who_asked_and_ended_by_who_answered(line: Line) -> None:
    await watched(line)
    await line.deliver(comment("c1"), request_id="r-asked")
    await line.deliver(comment("c2", author="mia"), request_id="r-other")
    await line.process()
    assert await facts(line, "case.%") == [("case.opened", "r-asked"), ("case.opened", "r-other")]
    await line.tick(minutes=60)
    await line.deliver(reply("a1", "c1", minutes=61), request_id="r-answered")
    await line.process()
    assert await facts(line, "case.resolved") == [("case.resolved", "r-answered")]
    assert ("clock.met", "r-answered") in await facts(line, "clock.met")
    assert await facts(line, "alert.resolved") == [("alert.resolved", "r-answered")]
    # The alert keeps whom it is about.
    assert {row[:3] for row in await told(line)} == {
        ("c1", "firing", "r-asked"),
        ("c2", "firing", "r-other"),
    }


async def test_question_and_answer_of_one_batch_keep_apart(line: Line) -> None:
    await watched(line)
    await line.deliver(dm("d1"), request_id="r-asked")
    await line.deliver(reply("a1", "d1", minutes=3), request_id="r-answered")
    await line.process()
    assert await facts(line, "case.opened") == [("case.opened", "r-asked")]
    assert dict(await named_messages(line)) == {"d1": "r-asked", "a1": "r-answered"}
    # More of the same: the case that was open is ended by the last of them.
    await line.deliver(dm("d2", minutes=10), request_id="r-asked-again")
    await line.process()
    await line.deliver(dm("d3", minutes=11), request_id="r-more")
    await line.deliver(reply("a3", "d3", minutes=12), request_id="r-end")
    await line.process()
    assert await facts(line, "case.resolved") == [("case.resolved", "r-end")]


async def named_messages(line: Line) -> list[tuple[str, str | None]]:
    rows = await line.rows("SELECT external_id, request_id FROM messages ORDER BY external_id")
    return [(row.external_id, row.request_id) for row in rows]


async def test_hours_later_a_timer_names_who_brought_the_question(line: Line) -> None:
    await watched(line)
    await line.deliver(comment("c1"), request_id="r-first")
    await line.process()
    await line.deliver(reply("a1", "c1", minutes=5), request_id="r-answer")
    await line.process()
    # The same thread asks again: the promise that is broken is of the second question.
    await line.deliver(comment("c2", minutes=10), request_id="r-second")
    await line.process()
    assert await line.tick(minutes=24 * 60) > 0
    rows = await told(line)
    assert rows
    assert {(row[0], row[2], row[3]) for row in rows} == {("c2", "r-second", "r-second")}
    assert set(await facts(line, "clock.missed")) == {("clock.missed", "r-second")}
    raised = await facts(line, "alert.raised")
    assert set(raised) == {("alert.raised", "r-second")}


async def test_a_person_s_own_request_goes_before_the_alert_s(line: Line) -> None:
    await watched(line)
    await line.deliver(comment("c1"), request_id="r-asked")
    await line.process()
    await line.tick(minutes=60)
    case = await line.row("SELECT id FROM cases")
    async with line.database.unit(line.workspace_id, request_id="r-person") as uow:
        await desk.resolve(uow, case.id)
    assert await facts(line, "alert.resolved") == [("alert.resolved", "r-person")]
    assert await facts(line, "case.resolved") == [("case.resolved", "r-person")]


async def test_a_repetition_and_a_replay_keep_the_first_id(line: Line) -> None:
    await watched(line)
    said = comment("c1", EYES)
    first = await line.deliver(said, webhook_id="w1", request_id="r-first")
    again = await line.deliver(said, webhook_id="w1", request_id="r-again")
    elsewhere = await line.deliver(said, webhook_id="w2", request_id="r-elsewhere")
    assert (again, elsewhere == first) == (first, False)
    await line.process()
    async with line.database.unit(line.workspace_id, request_id="r-replay") as uow:
        assert await intake.replay(uow, first) == 1
    assert await line.process() == 1
    async with line.database.read(line.workspace_id) as uow:
        shown = await intake.get_delivery(uow, first)
        second = await intake.get_delivery(uow, elsewhere)
    assert (shown.summary.request_id, second.summary.request_id) == ("r-first", "r-elsewhere")
    assert await told(line) == [("c1", "firing", "r-first", "r-first")]
    assert await named_messages(line) == [("c1", "r-first")]
    assert {request for _, request in await facts(line)} == {"r-first"}


async def test_an_edit_is_judged_for_its_own_request(line: Line) -> None:
    await watched(line)
    await line.deliver(comment("c1", "好用"), request_id="r-said")
    await line.process()
    edit = comment("c1", EYES, minutes=2, kind="comment.edited")
    await line.deliver(edit, request_id="r-edited")
    await line.process()
    assert await named_messages(line) == [("c1", "r-said")]
    assert ("message.judged", "r-edited") in await facts(line)
    assert [(row[2], row[3]) for row in await told(line)] == [("r-edited", "r-edited")]


async def test_what_waited_for_its_question_names_who_brought_the_answer(line: Line) -> None:
    """A reply that just missed its message is linked by a pass of its own."""
    await watched(line)
    await line.deliver(comment("c1"), request_id="r-asked")
    await line.process()
    await line.deliver(reply("a1", "c1", minutes=5), request_id="r-answered")
    await line.process()
    async with line.database.unit(line.workspace_id) as uow:
        await uow.execute(
            "UPDATE messages SET thread_id = NULL WHERE workspace_id = :w AND external_id = 'a1'",
            {"w": line.workspace_id},
        )
        await uow.execute("DELETE FROM facts")
        await uow.execute("UPDATE cases SET state = 'open', unanswered = 1")
    await line.process()
    assert set(await facts(line, "case.%")) == {("case.resolved", "r-answered")}
