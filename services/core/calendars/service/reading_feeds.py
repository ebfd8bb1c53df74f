"""Read the feeds of calendars: from an address every day, or from a file somebody sends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog

from services.core.calendars import repository
from services.core.calendars.errors import FeedIsFetchedError, FeedRefusedError
from services.core.calendars.feeds import MAX_FEED_BYTES, read_feed
from services.core.calendars.service.writing import get_calendar, read_off_holidays, tell
from services.core.calendars.types import Calendar, Closing, FeedState
from services.core.kit.errors import NotFoundError
from services.core.kit.http import BlockedAddressError, GuardedClient, OutgoingError
from services.core.kit.uow import Database, UnitOfWork

log = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
AFTER_FAILURE = timedelta(hours=1)
# Longer than reading one takes; who dies over it leaves it to the others then.
LEASE = timedelta(minutes=10)
AT_ONCE = 10
ACCEPTED = {"accept": "text/calendar, text/plain;q=0.5"}
OK = 200


@dataclass(frozen=True, slots=True)
class DueFeed:
    """A calendar whose feed is to be read from an address."""

    workspace_id: UUID
    calendar_id: UUID
    url: str


async def take_file(uow: UnitOfWork, calendar_id: UUID, raw: bytes) -> Calendar:
    """Closings from a file, in place of those before; the next version when they differ.

    Raises NotFoundError, FeedIsFetchedError, and FeedRefusedError: then the last good ones stay.
    """
    calendar = await get_calendar(uow, calendar_id)
    if calendar.draft.feed_url is not None:
        raise FeedIsFetchedError
    closings = await asyncio.to_thread(read_feed, raw, calendar.draft.zone, uow.now)
    await repository.take_turns(uow, "calendars")
    calendar = await get_calendar(uow, calendar_id)
    return await _take(uow, calendar, closings, FeedState(None, None, uow.now, None))


async def claim_feeds(database: Database) -> list[DueFeed]:
    """Feeds of every workspace that are to be read now; whoever asks next does not get them."""
    async with database.system() as uow:
        rows = await repository.claim_feeds(uow, LEASE, AT_ONCE)
    return [DueFeed(row.workspace_id, row.id, row.feed_url) for row in rows]


async def read_feeds(database: Database, client: GuardedClient, due: Sequence[DueFeed]) -> None:
    """Make new versions of what changed. A failure is kept, and tried again in an hour.

    No transaction is open while an address is asked.
    """
    for feed in due:
        await _refresh(database, client, feed)


async def _refresh(database: Database, client: GuardedClient, due: DueFeed) -> None:
    url = due.url
    raw, problem = await _fetch(client, url)
    async with database.read(due.workspace_id) as uow:
        now = uow.now
        calendar = await _find(uow, due.calendar_id, url)
    if calendar is None:
        return
    closings: tuple[Closing, ...] = ()
    if problem is None:
        try:
            closings = await asyncio.to_thread(read_feed, raw, calendar.draft.zone, now)
        except FeedRefusedError as error:
            problem = error.reason
    async with database.unit(due.workspace_id) as uow:
        await repository.take_turns(uow, "calendars")
        calendar = await _find(uow, due.calendar_id, url)
        if calendar is None:
            return
        if problem is None:
            feed = FeedState(url, uow.now + EVERY, uow.now, None)
            await _take(uow, calendar, closings, feed)
            return
        log.warning("feed.failed", calendar_id=str(due.calendar_id), reason=problem)
        feed = replace(calendar.feed, due_at=uow.now + AFTER_FAILURE, last_error=problem)
        await repository.note_feed(uow, due.calendar_id, feed)


async def _find(uow: UnitOfWork, calendar_id: UUID, url: str) -> Calendar | None:
    """None when the calendar was archived, or given another address, meanwhile."""
    try:
        calendar = await get_calendar(uow, calendar_id)
    except NotFoundError:
        return None
    return calendar if calendar.draft.feed_url == url else None


async def _take(
    uow: UnitOfWork, calendar: Calendar, closings: tuple[Closing, ...], feed: FeedState
) -> Calendar:
    if closings == calendar.closings:
        await repository.note_feed(uow, calendar.id, feed)
        return replace(calendar, feed=feed)
    changed = replace(
        calendar,
        version=calendar.version + 1,
        closings=closings,
        holidays=await read_off_holidays(calendar.draft, uow.now),
        feed=feed,
        updated_at=uow.now,
    )
    await repository.change_calendar(uow, changed)
    await tell(uow, "changed", changed)
    return changed


async def _fetch(client: GuardedClient, url: str) -> tuple[bytes, str | None]:
    """The file behind an address, or why there is none, in words of ours."""
    try:
        answer = await client.get(url, headers=ACCEPTED, max_bytes=MAX_FEED_BYTES)
    except BlockedAddressError as error:
        return b"", error.detail
    except OutgoingError as error:
        return b"", str(error)
    if answer.status_code != OK:
        return b"", f"The address answered with status {answer.status_code}."
    if answer.cut:
        return b"", "It is larger than 1 MiB, or came too slowly."
    return answer.body, None
