"""What people do to cases, and what their promises make of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.cases.errors import CaseClosedError, PastMomentError
from services.core.desk import service as desk
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Role
from tests.support.line import NOON, Line, comment, reply

CLOCKS = "SELECT * FROM clocks ORDER BY kind, episode"


async def act(line: Line, story: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
    async with line.database.unit(line.workspace_id) as uow:
        return await story(uow)


async def case_of(line: Line) -> Any:
    return await line.row("SELECT * FROM cases")


async def open_case(line: Line) -> UUID:
    await line.hear(comment("c1"))
    return UUID(str((await case_of(line)).id))


async def test_a_recorded_reply_settles_at_its_own_time(line: Line) -> None:
    case_id = await open_case(line)
    line.clock.advance(timedelta(minutes=50))
    said = NOON + timedelta(minutes=40)
    await act(line, lambda uow: desk.reply(uow, case_id, text="亲，已处理", occurred_at=said))
    assert (await case_of(line)).state == "resolved"
    assert {clock.met_at for clock in await line.rows(CLOCKS)} == {said}


async def test_a_reply_recorded_and_then_echoed_by_the_platform_is_one_reply(line: Line) -> None:
    case_id = await open_case(line)
    line.clock.advance(timedelta(minutes=10))
    await act(line, lambda uow: desk.reply(uow, case_id, text="亲", external_id="r1"))
    await line.hear(reply("r1", "c1", minutes=10))
    assert len(await line.rows("SELECT 1 FROM messages WHERE kind = 'reply'")) == 1


async def test_a_reply_from_the_future_counts_from_now(line: Line) -> None:
    case_id = await open_case(line)
    future = NOON + timedelta(days=1)
    await act(line, lambda uow: desk.reply(uow, case_id, text="亲", occurred_at=future))
    assert (await line.rows(CLOCKS))[0].met_at == NOON


async def test_a_holding_reply_keeps_the_resolution_running(line: Line) -> None:
    case_id = await open_case(line)
    await act(line, lambda uow: desk.reply(uow, case_id, text="我去问问", resolves=False))
    assert (await case_of(line)).state == "answered"
    states = [(clock.kind, clock.state) for clock in await line.rows(CLOCKS)]
    assert states == [("first_response", "met"), ("resolution", "running")]


async def test_resolving_closes_and_doing_it_again_changes_nothing(line: Line) -> None:
    case_id = await open_case(line)
    await act(line, lambda uow: desk.resolve(uow, case_id, note="电话里说好了"))
    closed = await case_of(line)
    await act(line, lambda uow: desk.resolve(uow, case_id))
    assert closed.state == "resolved"
    assert await case_of(line) == closed


async def test_a_closed_case_can_be_reopened_and_its_question_counts_from_now(line: Line) -> None:
    case_id = await open_case(line)
    await act(line, lambda uow: desk.resolve(uow, case_id))
    line.clock.advance(timedelta(hours=5))
    await act(line, lambda uow: desk.reopen(uow, case_id))
    case = await case_of(line)
    assert (case.state, case.reopened) == ("open", 1)
    assert case.next_due_at == NOON + timedelta(hours=7)


async def test_a_snooze_pauses_the_clocks_and_ends_by_itself(line: Line) -> None:
    case_id = await open_case(line)
    line.clock.advance(timedelta(minutes=30))
    until = NOON + timedelta(hours=6)
    await act(line, lambda uow: desk.snooze(uow, case_id, until=until))
    first = (await line.rows(CLOCKS))[0]
    assert (first.state, first.due_at) == ("paused", NOON + timedelta(hours=7, minutes=30))
    assert await line.tick(minutes=240) == 0
    assert (await case_of(line)).state == "snoozed"
    await line.tick(minutes=91)
    assert (await case_of(line)).state == "open"
    assert (await line.rows(CLOCKS))[0].state == "running"
    assert await line.tick(minutes=90) == 1


async def test_a_follower_who_writes_again_ends_the_snooze(line: Line) -> None:
    case_id = await open_case(line)
    until = NOON + timedelta(hours=6)
    await act(line, lambda uow: desk.snooze(uow, case_id, until=until))
    await line.hear(comment("c2", minutes=60))
    case = await case_of(line)
    assert (case.state, case.unanswered) == ("open", 2)
    assert case.next_due_at == NOON + timedelta(hours=3)


async def test_a_snoozed_case_can_be_woken(line: Line) -> None:
    case_id = await open_case(line)
    until = NOON + timedelta(hours=6)
    await act(line, lambda uow: desk.snooze(uow, case_id, until=until))
    line.clock.advance(timedelta(hours=1))
    await act(line, lambda uow: desk.wake(uow, case_id))
    await act(line, lambda uow: desk.wake(uow, case_id))
    assert (await case_of(line)).next_due_at == NOON + timedelta(hours=3)


async def test_a_correction_to_urgent_keeps_the_elapsed_time(line: Line) -> None:
    await line.hear(comment("c1", "你们的活动规则是什么？怎么参加抽奖呀"))
    case = await case_of(line)
    assert case.tier == "important"
    line.clock.advance(timedelta(hours=1))
    await act(line, lambda uow: desk.retier(uow, case.id, tier=Tier.URGENT, note="着急"))
    corrected = await case_of(line)
    assert (corrected.tier, corrected.next_due_at) == ("urgent", NOON + timedelta(hours=2))
    judgements = await line.rows("SELECT decided_by, tier FROM judgements ORDER BY decided_at")
    assert [tuple(row) for row in judgements] == [("engine", "important"), ("member", "urgent")]


async def test_a_corrected_tier_orders_what_lies_ahead_though_no_moment_moves(line: Line) -> None:
    # What the public was told, comments within 4 hours, comes before the targets of both tiers.
    await line.hear(comment("c1", "你们的活动规则是什么？怎么参加抽奖呀"))
    case = await case_of(line)
    await act(line, lambda uow: desk.retier(uow, case.id, tier=Tier.ROUTINE))
    found = await line.row("SELECT DISTINCT t.tier FROM timers t WHERE t.state = 'pending'")
    assert found.tier == "routine"
    generation = await line.row(
        "SELECT generation FROM clocks WHERE kind = 'first_response' AND state = 'running'"
    )
    assert generation.generation == 1


async def test_a_correction_that_finds_the_promise_broken_says_so_once_and_not_at_once(
    line: Line,
) -> None:
    await line.hear(comment("c1", "你们的活动规则是什么？怎么参加抽奖呀"))
    case_id = (await case_of(line)).id
    line.clock.advance(timedelta(hours=3, minutes=30))
    await act(line, lambda uow: desk.retier(uow, case_id, tier=Tier.URGENT))
    assert (await line.rows(CLOCKS))[0].state == "missed"
    assert await line.tick(minutes=9) == 0
    assert await line.tick(minutes=2) == 1
    alert = await line.row("SELECT step, severity FROM alerts")
    assert tuple(alert) == (150, "escalation")
    assert (await line.rows(CLOCKS))[0].state == "missed"


async def test_assigning_gives_the_case_to_a_member_of_this_workspace(line: Line) -> None:
    case_id = await open_case(line)
    draft = MemberDraft(handle="amy", name="Amy", role=Role.MODERATOR)
    member = await act(line, lambda uow: workspaces.create_member(uow, draft))
    await act(line, lambda uow: desk.assign(uow, case_id, member_id=member.id))
    assert (await case_of(line)).assignee_id == member.id
    with pytest.raises(NotFoundError):
        await act(line, lambda uow: desk.assign(uow, case_id, member_id=uuid4()))
    await act(line, lambda uow: desk.assign(uow, case_id, member_id=None))
    assert (await case_of(line)).assignee_id is None


async def test_an_act_on_a_case_keeps_the_assignee(line: Line) -> None:
    case_id = await open_case(line)
    draft = MemberDraft(handle="amy", name="Amy", role=Role.MODERATOR)
    member = await act(line, lambda uow: workspaces.create_member(uow, draft))
    await act(line, lambda uow: desk.assign(uow, case_id, member_id=member.id))
    await line.hear(comment("c2", minutes=9))
    assert (await case_of(line)).assignee_id == member.id


async def test_acts_that_make_no_sense_are_refused(line: Line) -> None:
    case_id = await open_case(line)
    with pytest.raises(PastMomentError):
        await act(line, lambda uow: desk.snooze(uow, case_id, until=NOON))
    await act(line, lambda uow: desk.resolve(uow, case_id))
    later = NOON + timedelta(hours=1)
    with pytest.raises(CaseClosedError):
        await act(line, lambda uow: desk.snooze(uow, case_id, until=later))
    with pytest.raises(NotFoundError):
        await act(line, lambda uow: desk.resolve(uow, uuid4()))


async def test_every_act_leaves_a_line_in_the_audit_log(line: Line) -> None:
    case_id = await open_case(line)
    until = NOON + timedelta(hours=1)
    await act(line, lambda uow: desk.snooze(uow, case_id, until=until))
    await act(line, lambda uow: desk.wake(uow, case_id))
    await act(line, lambda uow: desk.retier(uow, case_id, tier=Tier.IMPORTANT))
    await act(line, lambda uow: desk.reply(uow, case_id, text="亲"))
    await act(line, lambda uow: desk.reopen(uow, case_id))
    await act(line, lambda uow: desk.resolve(uow, case_id))
    await act(line, lambda uow: desk.assign(uow, case_id, member_id=None))
    rows = await line.rows("SELECT action FROM audit_log WHERE subject_kind = 'case' ORDER BY id")
    assert [row.action for row in rows] == [
        "case.snooze",
        "case.wake",
        "case.retier",
        "case.replied",
        "case.reopen",
        "case.resolve",
        "case.assigned",
    ]


async def test_another_workspace_cannot_act_on_the_case(line: Line) -> None:
    case_id = await open_case(line)
    stranger = await workspaces.create_workspace(line.database, "Stranger")
    with pytest.raises(NotFoundError):
        async with line.database.unit(stranger.id) as uow:
            await desk.resolve(uow, case_id)
