"""Public holidays as they were known: a new release of the library unsays none of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.core.calendars import service as calendars
from services.core.calendars import working
from services.core.calendars.almanac import Almanac, almanac_of
from services.core.calendars.types import Calendar, CalendarDraft, Span
from tests.support.line import Line

WEEK = ((Span(540, 1080),),) * 5 + ((), ())
DRAFT = CalendarDraft("office", "Asia/Shanghai", WEEK, "CN")
NATIONAL_DAY = date(2026, 10, 1)
MADE_UP = date(2026, 2, 14)


async def create(line: Line) -> Calendar:
    async with line.database.unit(line.workspace_id) as uow:
        made = await calendars.create_calendar(uow, DRAFT)
        return await calendars.get_calendar(uow, made.id)


async def test_a_version_keeps_the_days_it_was_saved_with(line: Line) -> None:
    kept = (await create(line)).holidays
    assert kept is not None
    assert (kept.first, kept.last) == (2025, 2026)
    assert kept.names[NATIONAL_DAY]
    assert MADE_UP in kept.made_up

    class Otherwise(dict[date, str]):
        """A release that knows no holiday at all."""

        weekend_workdays: frozenset[date] = frozenset()

    later = Almanac(Otherwise(), kept)
    assert later.holiday(NATIONAL_DAY) == kept.names[NATIONAL_DAY]
    assert later.is_made_up(MADE_UP)
    # A year that has not begun is the library's.
    assert later.holiday(date(2027, 10, 1)) is None
    assert not later.is_made_up(MADE_UP.replace(year=2027))


async def test_what_was_kept_otherwise_is_counted_so(line: Line) -> None:
    calendar = await create(line)
    assert calendar.holidays is not None
    told = {day: name for day, name in calendar.holidays.names.items() if day != NATIONAL_DAY}
    otherwise = replace(calendar, holidays=replace(calendar.holidays, names=told))
    noon = datetime(2026, 10, 1, 4, tzinfo=UTC)
    for each, counted in ((calendar, 0), (otherwise, 3600)):
        counts = working.hours_of(each).between(noon, noon + timedelta(hours=1))
        assert counts == timedelta(seconds=counted)


async def test_each_year_is_kept_when_it_begins_and_versions_from_before_as_well(
    line: Line,
) -> None:
    calendar = await create(line)
    assert await calendars.keep_holidays(line.database) == 0
    async with line.database.system() as uow:
        # Another year than the library's, to see that it is not read again; and one from before.
        await uow.execute(
            "UPDATE calendar_versions SET holidays = jsonb_set(holidays, '{names}', '{}')"
        )
    async with line.database.unit(line.workspace_id) as uow:
        await calendars.change_calendar(uow, calendar.id, DRAFT)
    async with line.database.system() as uow:
        await uow.execute("UPDATE calendar_versions SET holidays = NULL WHERE version = 2")
    line.clock.at = datetime(2027, 1, 1, 1, tzinfo=UTC)
    assert await calendars.keep_holidays(line.database) == 2
    assert await calendars.keep_holidays(line.database) == 0
    async with line.database.read(line.workspace_id) as uow:
        first, second = await calendars.list_versions(uow, calendar.id)
    assert first.holidays is not None
    assert second.holidays is not None
    assert (first.holidays.first, first.holidays.last) == (2025, 2027)
    assert NATIONAL_DAY not in first.holidays.names
    assert NATIONAL_DAY.replace(year=2027) in first.holidays.names
    assert (second.holidays.first, second.holidays.last) == (2025, 2027)
    assert second.holidays.names[NATIONAL_DAY] == almanac_of("CN").holiday(NATIONAL_DAY)
