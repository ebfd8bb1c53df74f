"""How times, lengths and lists sound in each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from services.core.explain.sentences import EN, ZH
from services.core.explain.types import Lang

_TABLES: Mapping[Lang, Mapping[str, str]] = {Lang.EN: EN, Lang.ZH: ZH}
_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_ZH_WEEKDAYS = "一二三四五六日"
MINUTE, HOUR, DAY = 60, 3600, 86400
TOLD_IN_DAYS = 2


@dataclass(frozen=True, slots=True)
class Speech:
    """One language in one time zone. A year is said only when it is not `year`."""

    lang: Lang
    zone: tzinfo
    year: int

    def say(self, key: str, **values: object) -> str:
        """A sentence of the table. Values are put in as they are."""
        return _TABLES[self.lang][key].format(**values)

    def knows(self, key: str) -> bool:
        return key in _TABLES[self.lang]

    def moment(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        between = "" if self.lang is Lang.ZH else ", "
        return f"{self.day(local.date())}{between}{local:%H:%M}"

    def later(self, at: datetime, after: datetime) -> str:
        """A moment told after another one: of the same day, only its time."""
        local, before = at.astimezone(self.zone), after.astimezone(self.zone)
        return f"{local:%H:%M}" if local.date() == before.date() else self.moment(at)

    def day(self, day: date) -> str:
        if self.lang is Lang.ZH:
            year = "" if day.year == self.year else f"{day.year}年"
            return f"{year}{day.month}月{day.day}日（周{_ZH_WEEKDAYS[day.weekday()]}）"
        year = "" if day.year == self.year else f" {day.year}"
        return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"

    def length(self, seconds: int) -> str:
        """Hours and minutes; seconds only where there is less than an hour of them."""
        if seconds >= HOUR:
            seconds -= seconds % MINUTE
        parts = [
            (seconds // HOUR, "hour", "小时"),
            (seconds % HOUR // MINUTE, "minute", "分钟"),
            (seconds % MINUTE, "second", "秒"),
        ]
        said = [part for part in parts if part[0]] or [(0, "minute", "分钟")]
        if self.lang is Lang.ZH:
            return "".join(f"{number}{chinese}" for number, _, chinese in said)
        return " ".join(
            f"{number} {english}{'' if number == 1 else 's'}" for number, english, _ in said
        )

    def long(self, seconds: int) -> str:
        """A length of wall time: two days and more are told in days and hours."""
        days, rest = divmod(seconds, DAY)
        if days < TOLD_IN_DAYS:
            return self.length(seconds)
        told = f"{days}天" if self.lang is Lang.ZH else f"{days} days"
        if rest < HOUR:
            return told
        glue = "" if self.lang is Lang.ZH else " "
        return f"{told}{glue}{self.length(rest - rest % HOUR)}"

    def listed(self, items: Sequence[str]) -> str:
        if self.lang is Lang.ZH:
            return "、".join(items)
        *first, last = items
        return f"{', '.join(first)} and {last}" if first else last
