"""Working time: calendars with their versions, their feeds, and ways to try them out."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response, status

from services.api.bodies import check_declared_length, read_body
from services.api.deps import LongPageQuery, ManageUnit, ReadUnit, State, require
from services.api.errors import DeadlineError, problems
from services.api.schemas.calendars import CalendarBody, CalendarView, CountView, DayView
from services.api.schemas.common import FIRST_YEAR, Moment, Page
from services.api.schemas.sorting import NamedSort, VersionSort, purpose_of
from services.api.whole import part_of
from services.core.calendars import service as calendars
from services.core.calendars.errors import (
    CalendarInUseError,
    CalendarNameTakenError,
    FeedIsFetchedError,
    FeedRefusedError,
    TooManyCalendarsError,
)
from services.core.calendars.feeds import MAX_FEED_BYTES
from services.core.calendars.timeline import LAST_YEAR
from services.core.desk import promising
from services.core.intake.errors import BodyTooLargeError, UnsupportedMediaError
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.workspaces.types import Caller, Scope

router = APIRouter(prefix="/v1/calendars", tags=["calendars"])

MAX_DAYS = 400
# The longest promise there is counts less than this in any calendar.
MAX_SECONDS = 366 * 24 * 3600
_CALENDAR = "text/calendar"
_REFUSED = problems(CalendarNameTakenError, TooManyCalendarsError, InvalidInputError, NotFoundError)


async def _read_file(
    request: Request, state: State, _: Annotated[Caller, Depends(require(Scope.MANAGE))]
) -> bytes:
    """The body, before a transaction is open. Raises what is declared at its route."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _CALENDAR or "content-encoding" in request.headers:
        raise UnsupportedMediaError(f"The media type must be {_CALENDAR}, not compressed.")
    check_declared_length(request.headers.raw, MAX_FEED_BYTES)
    seconds = state.settings.intake.receive_seconds
    body = await read_body(request.receive, limit_bytes=MAX_FEED_BYTES, seconds=seconds)
    # Doing a call once takes knowing what it was.
    request.scope["warmline.body"] = body
    return body


FeedFile = Annotated[bytes, Depends(_read_file)]


@router.get("", summary="List calendars", responses=problems(InvalidCursorError))
async def list_calendars(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[CalendarView]:
    """Live calendars. There are 100 at most."""
    found = [CalendarView.of(each) for each in await calendars.list_calendars(uow)]
    return part_of(found, page, sort, noun="calendars")


@router.post(
    "", summary="Create a calendar", status_code=status.HTTP_201_CREATED, responses=_REFUSED
)
async def create_calendar(
    uow: ManageUnit, state: State, body: CalendarBody, response: Response
) -> CalendarView:
    """Its first version. No policy counts in it until one names it."""
    allowed = state.settings.alerts.allow_private_addresses
    calendar = await calendars.create_calendar(uow, body.to_draft(), allow_private_feeds=allowed)
    response.headers["location"] = f"/v1/calendars/{calendar.id}"
    return CalendarView.of(calendar)


@router.get("/{calendar_id}", summary="Read a calendar", responses=problems(NotFoundError))
async def get_calendar(uow: ReadUnit, calendar_id: UUID) -> CalendarView:
    """The current version: its zone, week, single days and feeds."""
    return CalendarView.of(await calendars.get_calendar(uow, calendar_id))


@router.put("/{calendar_id}", summary="Save the next version of a calendar", responses=_REFUSED)
async def change_calendar(
    uow: ManageUnit, state: State, calendar_id: UUID, body: CalendarBody
) -> CalendarView:
    """Clocks already running keep the version they started under."""
    allowed = state.settings.alerts.allow_private_addresses
    draft = body.to_draft()
    calendar = await calendars.change_calendar(uow, calendar_id, draft, allow_private_feeds=allowed)
    return CalendarView.of(calendar)


@router.delete(
    "/{calendar_id}",
    summary="Archive a calendar",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, CalendarInUseError),
)
async def archive_calendar(uow: ManageUnit, calendar_id: UUID) -> None:
    """Clocks that count in it go on. One that a live policy counts in cannot be archived."""
    await promising.archive_calendar(uow, calendar_id)


@router.get(
    "/{calendar_id}/versions",
    summary="List the versions of a calendar",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_versions(
    uow: ReadUnit,
    calendar_id: UUID,
    page: LongPageQuery,
    sort: VersionSort = VersionSort.OLDEST,
) -> Page[CalendarView]:
    """Every version ever saved or read from a feed, those of archived calendars included."""
    purpose = purpose_of(f"versions/{calendar_id}", sort)
    stretch = page.stretch(sort, int, purpose=purpose)
    found = await calendars.list_versions(uow, calendar_id, stretch)
    items, cursor = page.cut(found, lambda one: [one.version], purpose=purpose)
    return Page(items=[CalendarView.of(each) for each in items], next_cursor=cursor)


@router.post(
    "/{calendar_id}/feed",
    summary="Upload closings as an iCalendar file",
    responses=problems(
        NotFoundError,
        FeedIsFetchedError,
        FeedRefusedError,
        UnsupportedMediaError,
        BodyTooLargeError,
        DeadlineError,
    ),
    openapi_extra={
        "requestBody": {"required": True, "content": {_CALENDAR: {"schema": {"type": "string"}}}}
    },
)
async def upload_feed(file: FeedFile, uow: ManageUnit, calendar_id: UUID) -> CalendarView:
    """Entries become closings, in place of those before; a difference is the next version.

    At most 1 MiB, 2,000 entries, 5,000 closings from last year to two years ahead. A file that
    cannot be taken changes nothing.
    """
    return CalendarView.of(await calendars.take_file(uow, calendar_id, file))


@router.get(
    "/{calendar_id}/days",
    summary="Look at the days of a calendar",
    responses=problems(NotFoundError, InvalidInputError),
)
async def list_days(
    uow: ReadUnit,
    calendar_id: UUID,
    first: Annotated[date | None, Query(alias="from", description="Today, if left out.")] = None,
    last: Annotated[
        date | None, Query(alias="to", description="At most 400 days later; 30, if left out.")
    ] = None,
) -> Page[DayView]:
    """When each date is open, and why: a holiday, a make-up day, the feed, or the team's own."""
    calendar = await calendars.get_calendar(uow, calendar_id)
    first = first or uow.now.astimezone(ZoneInfo(calendar.draft.zone)).date()
    last = last or first + timedelta(days=30)
    in_years = FIRST_YEAR <= first.year <= LAST_YEAR and last.year <= LAST_YEAR
    if not in_years or not timedelta() <= last - first <= timedelta(days=MAX_DAYS):
        detail = f"0 to {MAX_DAYS} days later, both from {FIRST_YEAR} to {LAST_YEAR}."
        problem = FieldProblem("query/to", "out_of_range", detail)
        raise InvalidInputError("The request is not valid.", errors=[problem])
    return Page(items=[DayView.of(day) for day in await calendars.show_days(calendar, first, last)])


@router.get(
    "/{calendar_id}/count",
    summary="Count working time between two moments",
    responses=problems(NotFoundError),
)
async def count_between(
    uow: ReadUnit,
    calendar_id: UUID,
    start: Annotated[Moment | None, Query(alias="from", description="Now, if left out.")] = None,
    end: Annotated[
        Moment | None, Query(alias="to", description="A week later, if left out.")
    ] = None,
) -> CountView:
    """Nothing counts when the end lies before the start."""
    start = start or uow.now
    end = end or start + timedelta(days=7)
    hours = await calendars.load_hours(await calendars.get_calendar(uow, calendar_id))
    return CountView(start=start, end=end, seconds=int(hours.between(start, end).total_seconds()))


@router.get(
    "/{calendar_id}/due",
    summary="Find the moment by which so much has counted",
    responses=problems(NotFoundError),
)
async def find_due(
    uow: ReadUnit,
    calendar_id: UUID,
    start: Annotated[Moment | None, Query(description="Now, if left out.")] = None,
    seconds: Annotated[int, Query(ge=0, le=MAX_SECONDS)] = 2 * 3600,
) -> CountView:
    """When a promise of so many seconds, asked at `start`, would be due."""
    start = start or uow.now
    hours = await calendars.load_hours(await calendars.get_calendar(uow, calendar_id))
    due: datetime = hours.advance(start, timedelta(seconds=seconds))
    return CountView(start=start, end=due, seconds=seconds)
