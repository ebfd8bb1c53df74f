"""Public holidays and make-up working days, from the `holidays` library.

It is loaded when somebody first asks for a country: that takes half a second. A new release of it
may know another year otherwise, so that each version of a calendar keeps the days of the years that
have begun. Years to come stay with the library: their make-up days are published late.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from services.core.calendars.types import Holidays


@dataclass(slots=True)
class Almanac:
    """One country's holidays: those that were kept, and for other years those of the library."""

    names: Any
    kept: Holidays | None = None

    def holiday(self, day: date) -> str | None:
        """What the day is called in the country's own language; None for a usual day."""
        if self.kept is not None and self.kept.know(day):
            return self.kept.names.get(day)
        name: str | None = self.names.get(day)
        return name

    def is_made_up(self, day: date) -> bool:
        """True for a day of a weekend that is worked in exchange for a holiday."""
        if self.kept is not None and self.kept.know(day):
            return day in self.kept.made_up
        self.names.get(day)  # the year's exchanges are known once the year is
        return day in self.names.weekend_workdays


@cache
def almanac_of(country: str) -> Almanac:
    """Loads the library when first called. The country is a known one."""
    import holidays  # noqa: PLC0415 - half a second, and most processes never ask

    # Its own language, whatever this machine is set to.
    language = holidays.country_holidays(country).default_language
    return Almanac(holidays.country_holidays(country, language=language))


def read_off(country: str, first: int, last: int) -> Holidays:
    """These years as the library has them now, both included."""
    almanac = almanac_of(country)
    for year in range(first, last + 1):
        almanac.names.get(date(year, 1, 1))  # works the year out
    return Holidays(
        first=first,
        last=last,
        names={day: name for day, name in almanac.names.items() if first <= day.year <= last},
        made_up=frozenset(
            day for day in almanac.names.weekend_workdays if first <= day.year <= last
        ),
    )


@cache
def known_countries() -> frozenset[str]:
    """ISO 3166 codes of two letters. Loads the library when first called."""
    import holidays  # noqa: PLC0415 - half a second, and most processes never ask

    return frozenset(holidays.list_supported_countries(include_aliases=False))
