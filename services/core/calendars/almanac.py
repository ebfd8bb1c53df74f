"""Public holidays and make-up working days, from the `holidays` library.

It is loaded when somebody first asks for a country: that takes half a second.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any


@dataclass(slots=True)
class Almanac:
    """One country's holidays. Years are worked out when first asked for."""

    names: Any

    def holiday(self, day: date) -> str | None:
        """What the day is called in the country's own language; None for a usual day."""
        name: str | None = self.names.get(day)
        return name

    def is_made_up(self, day: date) -> bool:
        """True for a day of a weekend that is worked in exchange for a holiday."""
        self.names.get(day)  # the year's exchanges are known once the year is
        return day in self.names.weekend_workdays


@cache
def almanac_of(country: str) -> Almanac:
    """Loads the library when first called. The country is a known one."""
    import holidays  # noqa: PLC0415 - half a second, and most processes never ask

    # Its own language, whatever this machine is set to.
    language = holidays.country_holidays(country).default_language
    return Almanac(holidays.country_holidays(country, language=language))


@cache
def known_countries() -> frozenset[str]:
    """ISO 3166 codes of two letters. Loads the library when first called."""
    import holidays  # noqa: PLC0415 - half a second, and most processes never ask

    return frozenset(holidays.list_supported_countries(include_aliases=False))
