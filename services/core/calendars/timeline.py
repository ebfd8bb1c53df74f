"""Working time as a line of open stretches: counting along it costs two binary searches.

A year of a calendar is laid out once, in UTC, and kept. What is open is said in local time, so the
year is walked through its stretches of one UTC offset: an hour that happens twice is worked twice,
one that never happens is not worked, and a date a zone skipped (Apia, 30 December 2011) has no day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate
from zoneinfo import ZoneInfo

from typing_extensions import override

from services.core.calendars.types import Closing, Hours, Span

# Where counting ends. Moments are kept up to here (see kit.clock), and no promise is this long.
LAST_YEAR = 2099
END = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_MINUTE = 60_000_000
_PROBE = timedelta(hours=6)  # no zone changes its offset there and back in less


class AroundTheClock(Hours):
    """Every second counts."""

    @override
    def between(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, timedelta())

    @override
    def advance(self, start: datetime, by: timedelta) -> datetime:
        return start + by if END - start > by else END

    @override
    def spans(self, start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime]]:
        return [(start, end)] if start < end else []


ALWAYS = AroundTheClock()


@dataclass(frozen=True, slots=True)
class _Year:
    """Open stretches of one UTC year in microseconds, with what was open before each."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    after: list[int]

    @property
    def total(self) -> int:
        return self.after[-1] if self.after else 0

    def open_until(self, moment: int) -> int:
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            return 0
        return self.before[place] + min(moment, self.ends[place]) - self.starts[place]

    def moment_of(self, opened: int) -> int:
        """The earliest moment by which so much was open; `opened` is above 0."""
        place = bisect_left(self.after, opened)
        return self.starts[place] + opened - self.before[place]


@dataclass(slots=True)
class Timeline(Hours):
    """The open stretches of one calendar. `spans_of` gives the spans of a local date, in order."""

    zone: ZoneInfo
    spans_of: Callable[[date], Sequence[Span]]
    closings: Sequence[Closing] = ()
    _years: dict[int, _Year] = field(default_factory=dict)

    @override
    def between(self, start: datetime, end: datetime) -> timedelta:
        if end <= start:
            return timedelta()
        first, last = _ticks(start), _ticks(end)
        years = range(_year_of(start), _year_of(end) + 1)
        opened = sum(self._year(number).total for number in years[:-1])
        opened += self._year(years[-1]).open_until(last)
        return timedelta(microseconds=opened - self._year(years[0]).open_until(first))

    @override
    def advance(self, start: datetime, by: timedelta) -> datetime:
        """END when so much never opens."""
        if by <= timedelta():
            return start
        number = _year_of(start)
        wanted = by // _TICK + self._year(number).open_until(_ticks(start))
        while wanted > (year := self._year(number)).total:
            if number >= LAST_YEAR:
                return END
            wanted -= year.total
            number += 1
        return _moment(year.moment_of(wanted))

    @override
    def spans(self, start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime]]:
        if start >= end:
            return []
        first, last = _ticks(start), _ticks(end)
        return [
            (_moment(max(opens, first)), _moment(min(closes, last)))
            for number in range(_year_of(start), _year_of(end) + 1)
            for opens, closes in self._stretches(number)
            if closes > first and opens < last
        ]

    def _stretches(self, number: int) -> Iterator[tuple[int, int]]:
        year = self._year(number)
        return zip(year.starts, year.ends, strict=True)

    def _year(self, number: int) -> _Year:
        found = self._years.get(number)
        if found is None:
            found = self._years[number] = self._lay_out(number)
        return found

    def _lay_out(self, number: int) -> _Year:
        first = datetime(number, 1, 1, tzinfo=UTC)
        last = datetime(number + 1, 1, 1, tzinfo=UTC)
        stretches = list(_joined(self._open(first, last)))
        closed = [(_ticks(closing.start), _ticks(closing.end)) for closing in self.closings]
        if closed:
            stretches = list(_without(stretches, sorted(closed)))
        starts, ends = [start for start, _ in stretches], [end for _, end in stretches]
        after = list(accumulate(end - start for start, end in stretches))
        return _Year(starts, ends, [0, *after[:-1]] if after else [], after)

    def _open(self, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
        for start, end in _one_offset(self.zone, first, last):
            low, high = _ticks(start), _ticks(end)
            worked = (
                (
                    max(midnight + span.start * _MINUTE, low),
                    min(midnight + span.end * _MINUTE, high),
                )
                for midnight, day in _days(self.zone, start, end)
                for span in self.spans_of(day)
            )
            yield from ((opens, closes) for opens, closes in worked if opens < closes)


def _days(zone: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[int, date]]:
    """The local dates of a stretch of one offset, each with its midnight as UTC ticks."""
    offset = start.astimezone(zone).utcoffset() or timedelta()
    day = (start + offset).date()
    while (midnight := datetime.combine(day, time.min, UTC) - offset) < end:
        yield _ticks(midnight), day
        day += timedelta(days=1)


def _one_offset(
    zone: tzinfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Cut a stretch of UTC where the zone changes its offset."""

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(zone).utcoffset()

    start = probe = first
    while probe < last:
        following = min(probe + _PROBE, last)
        if offset(following) != offset(probe):
            low, high = probe, following  # the change lies in (low, high]
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == offset(probe) else (low, middle)
            yield start, high
            start = high
        probe = following
    if start < last:
        yield start, last


def _joined(stretches: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches that touch are one: midnight is no border."""
    held: tuple[int, int] | None = None
    for start, end in stretches:
        if held is not None and held[1] == start:
            held = (held[0], end)
            continue
        if held is not None:
            yield held
        held = (start, end)
    if held is not None:
        yield held


def _without(
    stretches: Sequence[tuple[int, int]], closed: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """What is left open when the closings, sorted by their beginnings, are taken out."""
    begin = 0
    for start, end in stretches:
        while begin < len(closed) and closed[begin][1] <= start:
            begin += 1
        at = start
        for shut, reopened in closed[begin:]:
            if shut >= end:
                break
            if shut > at:
                yield at, shut
            at = max(at, reopened)
        if at < end:
            yield at, end


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _moment(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks)


def _year_of(moment: datetime) -> int:
    return moment.astimezone(UTC).year
