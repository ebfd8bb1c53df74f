"""What staffing reads out of rows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT
from services.core.staffing import service as staffing
from services.core.workspaces.types import Workspace
from tests.support import rows as make

MINUTE = timedelta(minutes=1)


async def answer_all(uow: UnitOfWork, count: int, *, handle: str | None, every: timedelta) -> None:
    """So many waited; one person then answered them one after the other."""
    source = await make.add_source(uow)
    begun = uow.now - timedelta(hours=5)
    for place in range(count):
        thread = await make.add_thread(uow, source.id)
        said: dict[str, Any] = {"thread_id": thread.id, "judged": False}
        await make.add_message(uow, source.id, occurred_at=begun - MINUTE, **said)
        reply = {"kind": "reply", "direction": "out", "member_handle": handle}
        at = begun + every * place
        await make.add_message(uow, source.id, occurred_at=at, **said, **reply)


async def test_minutes_a_reply_are_those_between_replies_to_who_waited(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await answer_all(uow, 12, handle="lin", every=2 * MINUTE)
        handling = (await staffing.gather(uow)).handling
    assert (round(handling.minutes, 3), handling.measured) == (2.0, 11)


async def test_idle_time_between_replies_is_no_work(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        for place in range(15):
            thread = await make.add_thread(uow, source.id)
            asked = uow.now - timedelta(hours=5) + 5 * MINUTE * place
            said: dict[str, Any] = {"thread_id": thread.id, "judged": False}
            await make.add_message(uow, source.id, occurred_at=asked, **said)
            reply = {"kind": "reply", "direction": "out", "member_handle": "lin"}
            await make.add_message(uow, source.id, occurred_at=asked + MINUTE, **said, **reply)
        handling = (await staffing.gather(uow)).handling
    assert (handling.minutes, handling.measured) == (3.0, 0)


async def test_unsigned_replies_are_one_persons_only_where_one_works_at_a_time(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await answer_all(uow, 12, handle=None, every=MINUTE)
        assert (await staffing.gather(uow)).handling.measured == 11
        plan = await staffing.get_plan(uow)
        two = tuple(type(each)(each.weekdays, each.start, each.minutes, 2) for each in plan.blocks)
        await staffing.save_plan(uow, type(plan)(plan.zone, two, 3.0))
        assert (await staffing.gather(uow)).handling.measured == 0


async def test_only_questions_worth_a_reply_are_expected_again(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        at = uow.now - timedelta(days=3)
        kinds: list[dict[str, Any]] = [
            {},
            {"needs_reply": False},
            {"tier": "spam"},
            {"deleted_at": uow.now},
            {"occurred_at": uow.now - timedelta(days=70)},
        ]
        for kind in kinds:
            await make.add_message(uow, source.id, **({"occurred_at": at} | kind))
        case = await make.add_case(uow, source.id)
        await make.add_clock(uow, case.id)
        await make.add_clock(uow, case.id, kind="resolution")
        await make.add_clock(uow, case.id, episode=2, state="met", settled_at=uow.now)
        evidence = await staffing.gather(uow)
        workload = (await staffing.assess(uow)).workload
    assert sum(evidence.hourly.values()) == 1
    assert [(group.channel, group.count) for group in evidence.groups] == [("comment", 1)]
    assert len(evidence.waiting) == 1
    # The workspace is three days old: nothing is known of the weeks before.
    assert (workload.arrivals, round(workload.days, 3)) == (1, 3.0)
    assert round(workload.needed_hours, 3) == round(7 / 3 * 3 / 60, 3)


async def test_a_policy_is_held_to_its_calendar_in_findings_and_forecasts(
    database: Database, workspace: Workspace
) -> None:
    office = CalendarDraft("office", "Asia/Shanghai", ((Span(540, 1080),),) * 7)
    async with database.unit(workspace.id) as uow:
        policy = await sla.ensure_defaults(uow)
        around = await staffing.assess(uow)
        calendar = await calendars.create_calendar(uow, office)
        await sla.change_policy(uow, policy.id, replace(DEFAULT_DRAFT, calendar_id=calendar.id))
        within = await staffing.assess(uow)
        hours = (await staffing.gather(uow)).hours
    public = [
        next(each for each in found.findings if each.promise.names == ("public",))
        for found in (around, within)
    ]
    assert [each.kept for each in public] == [False, True]
    # From 13:30 to 17:00, and the reply.
    assert public[1].wait_seconds == 3.5 * 3600 + 180
    night = calendar.created_at
    assert night is not None
    start = night.replace(hour=12, minute=0, second=0, microsecond=0)
    assert hours[calendar.id].between(start, start + timedelta(hours=12)) == timedelta()
