"""Clocks that count in a calendar's working time, and stand still for a reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.core.calendars import service as calendars
from services.core.calendars.types import (
    CalendarDraft,
    Closing,
    Day,
    DayReason,
    Span,
    StandstillDraft,
    StandstillReason,
)
from services.core.desk import standstills
from services.core.sla import rules
from services.core.sla import service as sla
from tests.support.line import Line, comment, reply

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = Span(540, 1080)
WEEK = ((OFFICE,),) * 5 + ((), ())
DRAFT = CalendarDraft("office", "Asia/Shanghai", WEEK, "CN")
CLOCK = "SELECT * FROM clocks WHERE kind = 'first_response' AND void_reason IS NULL"
OUTAGE = StandstillReason.OUTAGE


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]  # year, month, …


async def count_in(line: Line, draft: CalendarDraft) -> Any:
    """Let the default policy count in a calendar."""
    async with line.database.unit(line.workspace_id) as uow:
        calendar = await calendars.create_calendar(uow, draft)
        policy = await sla.ensure_defaults(uow)
        kept = replace(rules.DEFAULT_DRAFT, calendar_id=calendar.id)
        await sla.change_policy(uow, policy.id, kept)
    return calendar


def minutes_to(line: Line, moment: datetime) -> float:
    return (moment - datetime(2026, 11, 20, 12, 0, tzinfo=UTC)).total_seconds() / 60


async def ask_at(line: Line, moment: datetime, key: str = "c1") -> Any:
    await line.hear(comment(key, minutes=minutes_to(line, moment), author=key))
    return (await line.rows(f"{CLOCK} ORDER BY started_at DESC"))[0]


async def stand_still(line: Line, **more: Any) -> Any:
    draft = StandstillDraft(OUTAGE, more.pop("starts_at", line.clock.at), **more)
    async with line.database.unit(line.workspace_id) as uow:
        found = await calendars.announce(uow, draft)
    await replan(line)
    return found


async def replan(line: Line) -> int:
    planned = 0
    while count := await standstills.replan_due(line.database, batch=2):
        planned += count
    return planned


async def test_a_question_on_friday_evening_waits_for_monday(line: Line) -> None:
    await count_in(line, DRAFT)
    clock = await ask_at(line, shanghai(2026, 11, 20, 17, 0))
    assert clock.due_at == shanghai(2026, 11, 23, 10, 0)
    assert clock.calendar_version == 1


async def test_the_spring_festival_does_not_count_and_its_make_up_day_does(line: Line) -> None:
    await count_in(line, DRAFT)
    line.clock.at = datetime(2026, 12, 1, tzinfo=UTC)
    before = await ask_at(line, shanghai(2027, 2, 4, 17, 30))
    # The festival is from Friday 5 to Wednesday 10 February 2027.
    assert before.due_at == shanghai(2027, 2, 11, 10, 30)


async def test_the_day_clocks_go_back_gives_no_hour_away(line: Line) -> None:
    night = ((Span(0, 120),),) * 7
    await count_in(line, CalendarDraft("night", "America/New_York", night))
    line.clock.at = datetime(2026, 11, 25, tzinfo=UTC)
    asked = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)  # 01:30, for the first time
    clock = await ask_at(line, asked)
    # The hour from 01:00 happens twice, and is worked twice: half an hour is left for tomorrow.
    assert clock.due_at == datetime(2027, 11, 8, 5, 30, tzinfo=UTC)


async def test_a_running_clock_keeps_its_version_when_the_calendar_changes(line: Line) -> None:
    calendar = await count_in(line, DRAFT)
    old = await ask_at(line, shanghai(2026, 11, 20, 17, 0))
    weekend = replace(DRAFT, week=((OFFICE,),) * 7)
    async with line.database.unit(line.workspace_id) as uow:
        await calendars.change_calendar(uow, calendar.id, weekend)
    # Folded again, with the same first question.
    await line.hear(comment("c2", minutes=minutes_to(line, line.clock.at), author="c1"))
    kept = await line.row(f"{CLOCK} AND id = :id", id=old.id)
    assert (kept.due_at, kept.calendar_version) == (old.due_at, 1)
    new = await ask_at(line, shanghai(2026, 11, 20, 21, 0), key="c3")
    assert (new.due_at, new.calendar_version) == (shanghai(2026, 11, 21, 11, 0), 2)


async def test_an_outage_stops_clocks_and_they_go_on_when_it_ends(line: Line) -> None:
    clock = await ask_at(line, shanghai(2026, 11, 20, 20, 0))
    line.clock.advance(timedelta(minutes=30))
    outage = await stand_still(line)
    stopped = await line.row(CLOCK)
    assert (stopped.state, stopped.pause_reason, stopped.paused_until) == (
        "paused",
        "outage",
        None,
    )
    assert await line.tick(minutes=300) == 0
    async with line.database.unit(line.workspace_id) as uow:
        await calendars.end(uow, outage.id)
    await replan(line)
    going = await line.row(CLOCK)
    assert (going.state, going.due_at) == ("running", clock.due_at + timedelta(minutes=300))
    assert going.paused_seconds == 300 * 60


async def test_an_outage_of_one_source_stops_no_other(line: Line) -> None:
    clock = await ask_at(line, shanghai(2026, 11, 20, 20, 0))
    other = clock.id  # any id that is not the source's
    await stand_still(line, source_id=other)
    # Folded again, with the same first question.
    await line.hear(comment("c2", minutes=minutes_to(line, line.clock.at), author="c1"))
    assert (await line.row(CLOCK)).state == "running"


async def test_an_absence_with_somebody_standing_in_stops_nothing(line: Line) -> None:
    await ask_at(line, shanghai(2026, 11, 20, 20, 0))
    draft = StandstillDraft(
        StandstillReason.OUT_OF_OFFICE,
        line.clock.at,
        line.clock.at + timedelta(days=1),
        pauses=False,
    )
    async with line.database.unit(line.workspace_id) as uow:
        await calendars.announce(uow, draft)
    assert await replan(line) == 0
    assert (await line.row(CLOCK)).state == "running"


async def test_a_planned_closing_moves_promises_before_it_begins(line: Line) -> None:
    clock = await ask_at(line, shanghai(2026, 11, 20, 20, 0))
    start = line.clock.at + timedelta(hours=1)
    await stand_still(line, starts_at=start, ends_at=start + timedelta(hours=3))
    moved = await line.row(CLOCK)
    assert (moved.state, moved.due_at) == ("running", clock.due_at + timedelta(hours=3))
    # The beginning itself is looked at as well: the clock says that it stands still.
    line.clock.advance(timedelta(hours=2))
    assert await replan(line) > 0
    assert (await line.row(CLOCK)).state == "paused"


async def test_what_is_taken_back_before_it_begins_moves_nothing(line: Line) -> None:
    clock = await ask_at(line, shanghai(2026, 11, 20, 20, 0))
    start = line.clock.at + timedelta(hours=1)
    planned = await stand_still(line, starts_at=start, ends_at=start + timedelta(hours=3))
    async with line.database.unit(line.workspace_id) as uow:
        await calendars.withdraw(uow, planned.id)
    await replan(line)
    assert (await line.row(CLOCK)).due_at == clock.due_at


async def test_many_cases_are_planned_anew_in_batches_and_counted(line: Line) -> None:
    asked = [comment(f"c{n}", author=f"a{n}") for n in range(5)]
    await line.hear(*asked)
    await line.hear(reply("r0", "c0"))
    outage = await stand_still(line)
    async with line.database.read(line.workspace_id) as uow:
        told = await calendars.get_standstill(uow, outage.id)
    states = {row.state for row in await line.rows(CLOCK) if row.settled_at is None}
    assert states == {"paused"}
    assert told.replanned >= 4
    # A second look, for what was under way as it was announced; then there is nothing left.
    assert told.replan_at == line.clock.at + timedelta(seconds=60)
    line.clock.advance(timedelta(seconds=61))
    await replan(line)
    async with line.database.read(line.workspace_id) as uow:
        assert (await calendars.get_standstill(uow, outage.id)).replan_at is None


async def test_a_team_s_own_day_wins_over_a_feed_and_a_feed_over_the_week(line: Line) -> None:
    friday = date(2026, 11, 20)
    own = {friday: Day((Span(1140, 1200),), DayReason.OVERRIDE, "late shift")}
    calendar = await count_in(line, replace(DRAFT, days=own))
    closing = Closing(shanghai(2026, 11, 20), shanghai(2026, 11, 24), "fair")
    feed = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\nBEGIN:VEVENT\r\nSUMMARY:fair\r\n"
        f"DTSTART:{closing.start.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"
        f"DTEND:{closing.end.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    async with line.database.unit(line.workspace_id) as uow:
        changed = await calendars.take_file(uow, calendar.id, feed.encode())
    assert changed.version == 2
    clock = await ask_at(line, shanghai(2026, 11, 20, 19, 0))
    # An hour on Friday, and the rest on Tuesday: the fair has Saturday to Monday.
    assert clock.due_at == shanghai(2026, 11, 24, 10, 0)
