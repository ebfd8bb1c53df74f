"""Keep the public holidays of each year that begins, before a new release knows them otherwise."""

import asyncio

from services.core.calendars import repository, rules
from services.core.calendars.almanac import read_off
from services.core.kit.uow import Database

AT_ONCE = 200


async def keep_holidays(database: Database) -> int:
    """Every version of a calendar, old ones too, keeps the days of this year; returns how many.

    Days that are kept stay as they are: whoever wants newer ones saves the calendar again.
    """
    async with database.system() as uow:
        year = uow.now.year
        rows = await repository.list_without_year(uow, year, AT_ONCE)
        kept = []
        for row in rows:
            before = repository.HOLIDAYS.validate_python(row.holidays)
            years = rules.years_to_keep(row.created_at, uow.now, before)
            if years is not None:
                more = await asyncio.to_thread(read_off, row.country, *years)
                kept.append((row, rules.join_years(before, more)))
        if kept:
            await repository.keep_holidays(uow, kept)
    return len(kept)
