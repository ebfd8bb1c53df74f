"""Write the calendars of a workspace, version by version, and try them out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.calendars import repository, rules, working
from services.core.calendars.almanac import almanac_of, known_countries, read_off
from services.core.calendars.errors import CalendarNameTakenError, TooManyCalendarsError
from services.core.calendars.facts import calendar_changed
from services.core.calendars.timeline import Timeline
from services.core.calendars.types import Calendar, CalendarDraft, FeedState, Holidays
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.http import BlockedAddressError, check_url
from services.core.kit.stretches import EVERYTHING, Stretch
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream

FEEDS = "feeds"  # the queue of the job that reads them
_TURN = "calendars"


async def list_calendars(uow: UnitOfWork) -> list[Calendar]:
    """Live calendars at their versions in force, by name."""
    return await repository.list_calendars(uow)


async def get_calendar(uow: UnitOfWork, calendar_id: UUID) -> Calendar:
    """The version in force. Raises NotFoundError for an unknown or archived calendar."""
    for calendar in await repository.list_calendars(uow):
        if calendar.id == calendar_id:
            return calendar
    noun = "calendar"
    raise NotFoundError(noun)


async def list_versions(
    uow: UnitOfWork, calendar_id: UUID, wanted: Stretch = EVERYTHING
) -> list[Calendar]:
    """Versions by their numbers, those of archived calendars too. Raises NotFoundError."""
    versions = await repository.list_versions(uow, calendar_id, wanted)
    if not versions:
        noun = "calendar"
        raise NotFoundError(noun)
    return versions


async def create_calendar(
    uow: UnitOfWork, draft: CalendarDraft, *, allow_private_feeds: bool = False
) -> Calendar:
    """Version 1. An address of a feed is read soon after.

    Raises InvalidInputError with a reason for each field, CalendarNameTakenError and
    TooManyCalendarsError.
    """
    await _check(draft, allow_private_feeds=allow_private_feeds)
    await repository.take_turns(uow, _TURN)
    if len(await repository.list_calendars(uow)) >= rules.MOST_CALENDARS:
        raise TooManyCalendarsError(rules.MOST_CALENDARS)
    feed = FeedState(draft.feed_url, due_at=uow.now if draft.feed_url else None)
    holidays = await read_off_holidays(draft, uow.now)
    calendar = Calendar(ids.new_id(), 1, draft, (), holidays, feed, uow.now, uow.now)
    with _names_are_unique():
        await repository.add_calendar(uow, calendar)
    await tell(uow, "created", calendar)
    return calendar


async def change_calendar(
    uow: UnitOfWork, calendar_id: UUID, draft: CalendarDraft, *, allow_private_feeds: bool = False
) -> Calendar:
    """The next version; open clocks keep theirs. What a feed closed stays until it is read anew.

    Raises as `create_calendar`, and NotFoundError.
    """
    await _check(draft, allow_private_feeds=allow_private_feeds)
    await repository.take_turns(uow, _TURN)
    before = await get_calendar(uow, calendar_id)
    calendar = replace(
        before,
        version=before.version + 1,
        draft=draft,
        holidays=await read_off_holidays(draft, uow.now),
        updated_at=uow.now,
    )
    if draft.feed_url != before.draft.feed_url:
        feed = FeedState(draft.feed_url, due_at=uow.now if draft.feed_url else None)
        calendar = replace(calendar, feed=feed)
        if draft.feed_url is None:
            calendar = replace(calendar, closings=())
    with _names_are_unique():
        await repository.change_calendar(uow, calendar)
    await tell(uow, "changed", calendar)
    return calendar


async def archive_calendar(uow: UnitOfWork, calendar_id: UUID) -> None:
    """No policy takes it any more; clocks that count in it go on. Raises NotFoundError."""
    await repository.take_turns(uow, _TURN)
    calendar = await get_calendar(uow, calendar_id)
    await repository.archive_calendar(uow, calendar_id)
    await tell(uow, "archived", calendar)


async def tell(uow: UnitOfWork, verb: str, calendar: Calendar) -> None:
    """Keep in the audit log, and announce, that a calendar was created, changed or archived."""
    detail = {"version": calendar.version}
    await audit.record(uow, [AuditEntry(f"calendar.{verb}", "calendar", calendar.id, detail)])
    await stream.announce(uow, [calendar_changed(verb, calendar)])
    if calendar.feed.due_at is not None:
        uow.wake(FEEDS)


async def read_off_holidays(draft: CalendarDraft, now: datetime) -> Holidays | None:
    """What a version made now keeps of its country's holidays."""
    years = rules.years_to_keep(now, now, None)
    if draft.country is None or years is None:
        return None
    return await asyncio.to_thread(read_off, draft.country, *years)


async def load_hours(calendar: Calendar) -> Timeline:
    """The calendar to count in. Where the library of holidays must be loaded, a thread does it."""
    if calendar.draft.country is not None:
        await asyncio.to_thread(almanac_of, calendar.draft.country)
    return working.hours_of(calendar)


async def show_days(calendar: Calendar, first: date, last: date) -> list[working.ShownDay]:
    """Each date from the first to the last: open when, and why not as on every such weekday."""
    return await asyncio.to_thread(working.show_days, calendar, first, last)


async def count_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    """How much of the time between two moments counts."""
    return (await load_hours(calendar)).between(start, end).total_seconds()


async def _check(draft: CalendarDraft, *, allow_private_feeds: bool) -> None:
    problems = rules.problems_of_calendar(draft)
    if draft.country is not None and draft.country not in await asyncio.to_thread(known_countries):
        detail = "Holidays of this country are not known."
        problems.append(FieldProblem("/country", "unknown_country", detail))
    if draft.feed_url is not None:
        try:
            check_url(draft.feed_url, allow_private=allow_private_feeds)
        except BlockedAddressError as error:
            problems.append(FieldProblem("/feed_url", error.code, error.detail))
    if problems:
        raise InvalidInputError("The calendar is not valid.", errors=problems)


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise CalendarNameTakenError from error
