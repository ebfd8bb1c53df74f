"""A calendar as hours to count in, and as days to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.core.calendars import rules
from services.core.calendars.almanac import Almanac, almanac_of
from services.core.calendars.timeline import Timeline
from services.core.calendars.types import (
    MINUTES_OF_A_DAY,
    Calendar,
    CalendarDraft,
    Closing,
    DayReason,
    Span,
)

_DAY = timedelta(days=1)
_MINUTES_OF_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class ShownDay:
    """One date as a calendar has it: open when, and why not as on every such weekday."""

    date: date
    spans: tuple[Span, ...]
    reason: DayReason | None
    label: str


def hours_of(calendar: Calendar) -> Timeline:
    """The calendar to count in. Loads the library of holidays when it names a country."""
    draft = calendar.draft
    zone = ZoneInfo(draft.zone)
    almanac = _almanac_of(calendar)
    own_days = [_bounds(day, zone) for day in sorted(draft.days)]
    closings = rules.without(calendar.closings, own_days)
    return Timeline(zone, lambda day: _day_of(draft, almanac, day)[0], tuple(closings))


def show_days(calendar: Calendar, first: date, last: date) -> list[ShownDay]:
    """Every date from the first to the last, both included."""
    hours = hours_of(calendar)
    almanac = _almanac_of(calendar)
    count = (last - first).days + 1
    return [_shown(calendar.draft, hours, almanac, first + place * _DAY) for place in range(count)]


def _almanac_of(calendar: Calendar) -> Almanac | None:
    country = calendar.draft.country
    return Almanac(almanac_of(country).names, calendar.holidays) if country else None


def _shown(draft: CalendarDraft, hours: Timeline, almanac: Almanac | None, day: date) -> ShownDay:
    start, end = _bounds(day, hours.zone)
    _, reason, label = _day_of(draft, almanac, day)
    closed = [each for each in hours.closings if each.start < end and each.end > start]
    if closed:
        reason, label = DayReason.FEED, "; ".join(dict.fromkeys(each.label for each in closed))
    spans = tuple(_local(stretch, hours.zone, day) for stretch in hours.spans(start, end))
    return ShownDay(day, spans, reason, label)


def _day_of(
    draft: CalendarDraft, almanac: Almanac | None, day: date
) -> tuple[Sequence[Span], DayReason | None, str]:
    if almanac is None:
        return rules.spans_of(draft, day, holiday=None, is_made_up=False)
    return rules.spans_of(
        draft, day, holiday=almanac.holiday(day), is_made_up=almanac.is_made_up(day)
    )


def _bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The midnights around a local date, in UTC."""
    start = datetime.combine(day, time.min, zone).astimezone(UTC)
    return start, datetime.combine(day + _DAY, time.min, zone).astimezone(UTC)


def _local(stretch: tuple[datetime, datetime], zone: ZoneInfo, day: date) -> Span:
    start, end = (moment.astimezone(zone) for moment in stretch)
    closes = MINUTES_OF_A_DAY if end.date() > day else _minute(end)
    return Span(_minute(start), closes)


def _minute(moment: datetime) -> int:
    return moment.hour * _MINUTES_OF_AN_HOUR + moment.minute


def closing_of(start: datetime, end: datetime, label: str) -> Closing:
    """Moments with any zone, kept in UTC."""
    return Closing(start.astimezone(UTC), end.astimezone(UTC), label)
