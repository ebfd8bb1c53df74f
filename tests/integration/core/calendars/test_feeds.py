"""Feeds are read from their addresses: what changed is a new version, what failed stays visible."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.core.calendars import service as calendars
from services.core.calendars.types import Calendar, CalendarDraft, Span
from services.core.kit.http import GuardedClient
from tests.support.line import Line
from tests.support.sinks import Script, drops, says, sink

DRAFT = CalendarDraft("office", "Asia/Shanghai", ((Span(540, 1080),),) * 7)
FILE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nSUMMARY:Fair\r\n"
    b"DTSTART;VALUE=DATE:20261123\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
BOMB = FILE.replace(b"20261123", b"20261123\r\nRRULE:FREQ=SECONDLY")


async def refresh(line: Line, *, allow_private: bool = True) -> int:
    due = await calendars.claim_feeds(line.database)
    async with GuardedClient(allow_private=allow_private) as client:
        await calendars.read_feeds(line.database, client, due)
    return len(due)


async def save(line: Line, url: str) -> Calendar:
    async with line.database.unit(line.workspace_id) as uow:
        return await calendars.create_calendar(
            uow, replace(DRAFT, feed_url=url), allow_private_feeds=True
        )


async def read(line: Line, calendar: Calendar) -> Calendar:
    async with line.database.read(line.workspace_id) as uow:
        return await calendars.get_calendar(uow, calendar.id)


async def answered_with(line: Line, *scripts: Script) -> tuple[Calendar, Any]:
    """A calendar whose feed answered so, one answer a day; returns it, and what was asked."""
    async with sink(scripts[0]) as server:
        calendar = await save(line, server.url)
        for script in scripts:
            server.script = script
            assert await refresh(line) == 1
            line.clock.advance(timedelta(days=1))
        return await read(line, calendar), server.requests


async def test_a_feed_is_read_soon_and_its_closings_are_the_next_version(line: Line) -> None:
    calendar, asked = await answered_with(line, says("200 OK", body=FILE))
    assert (calendar.version, [each.label for each in calendar.closings]) == (2, ["Fair"])
    assert calendar.feed.last_error is None
    assert calendar.feed.due_at == line.clock.at
    assert asked[0][0][":request"].startswith("GET ")


async def test_a_feed_that_says_the_same_makes_no_version(line: Line) -> None:
    good = says("200 OK", body=FILE)
    calendar, _ = await answered_with(line, good, good)
    assert calendar.version == 2


async def test_it_is_not_read_again_before_the_day_is_over(line: Line) -> None:
    await answered_with(line, says("200 OK", body=FILE))
    line.clock.advance(timedelta(minutes=-1))
    assert await calendars.claim_feeds(line.database) == []


async def test_after_a_bomb_the_last_good_closings_stay_and_the_reason_is_kept(line: Line) -> None:
    calendar, _ = await answered_with(line, says("200 OK", body=FILE), says("200 OK", body=BOMB))
    assert (calendar.version, len(calendar.closings)) == (2, 1)
    assert "another rule" in (calendar.feed.last_error or "")
    assert calendar.feed.due_at == line.clock.at - timedelta(hours=23)


async def test_an_address_that_answers_badly_or_not_at_all_is_told(line: Line) -> None:
    for script, reason in (
        (says("404 Not Found"), "status 404"),
        (says("200 OK", body=b"x" * (1024 * 1024 + 1)), "larger than 1 MiB"),
        (drops, "broke"),
    ):
        async with sink(script) as server:
            async with line.database.unit(line.workspace_id) as uow:
                draft = replace(DRAFT, name=reason, feed_url=server.url)
                calendar = await calendars.create_calendar(uow, draft, allow_private_feeds=True)
            assert await refresh(line) == 1
            assert reason in ((await read(line, calendar)).feed.last_error or "")


async def test_an_address_that_leads_into_our_network_is_never_asked(line: Line) -> None:
    async with sink(says("200 OK", body=FILE)) as server:
        calendar = await save(line, server.url)
        await refresh(line, allow_private=False)
        assert server.requests == []
    assert (await read(line, calendar)).feed.last_error is not None


async def test_taking_the_address_away_takes_its_closings_away(line: Line) -> None:
    calendar, _ = await answered_with(line, says("200 OK", body=FILE))
    async with line.database.unit(line.workspace_id) as uow:
        changed = await calendars.change_calendar(uow, calendar.id, DRAFT)
    assert (changed.closings, changed.feed.due_at) == ((), None)
