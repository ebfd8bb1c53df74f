"""Closings from an iCalendar of strangers: bounded before it is parsed, and while it is repeated.

The library reads the file; what repeats is walked by `dateutil`, with the few rules that end in
known time. Zones a file defines itself are left out unread: their rules may repeat every second.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from services.core.calendars.errors import FeedRefusedError
from services.core.calendars.types import Closing
from services.core.calendars.working import closing_of
from services.core.kit.text import clean

MAX_FEED_BYTES = 1024 * 1024
MAX_ENTRIES = 2_000
MAX_CLOSINGS = 5_000
# Repetitions looked at, those before the horizon included: a daily one of 2010 has 6,000 by now.
MAX_REPETITIONS = 20_000
MAX_LINES = 30_000
MAX_LABEL = 200
MAX_INTERVAL = 1_000
HORIZON_YEARS = 2
LONGEST_CLOSING = timedelta(days=366)

_FIRST_YEAR = 1970
_FOLD = re.compile(rb"\r?\n[ \t]")
_BLOCK = re.compile(rb"(BEGIN|END):([A-Z-]{1,40})[ \t]*", re.IGNORECASE)
_BLOCK_NAME = re.compile(rb"(?:BEGIN|END)[:;]", re.IGNORECASE)
_READ_BLOCKS = {b"VCALENDAR", b"VEVENT"}
_DEEPEST = 4
# What a rule may say beside how often: enough for holidays, and each ends in known time.
_ALLOWED = {
    "DAILY": set[str](),
    "WEEKLY": {"BYDAY"},
    "YEARLY": {"BYMONTH", "BYMONTHDAY", "BYDAY"},
}
_ALWAYS_ALLOWED = {"FREQ", "COUNT", "UNTIL", "INTERVAL", "WKST"}
_WEEKDAY = re.compile(r"(?:[+-]?[1-4])?(?:MO|TU|WE|TH|FR|SA|SU)")
_LEAP_YEAR = 2024
# Apple marks the weekend days worked in exchange for a holiday in the same file.
_WORKED = "ALTERNATE-WORKDAY"


@dataclass(slots=True)
class _Walk:
    """One reading of a feed: where it counts, and how much it has cost."""

    zone: ZoneInfo
    start: date
    end: date
    repetitions: int = 0
    found: list[Closing] = field(default_factory=list)


def read_feed(raw: bytes, zone: str, now: datetime) -> tuple[Closing, ...]:
    """The closings of a file from the beginning of last year to two years from this one's end.

    Whole years, so that a file that did not change says the same tomorrow. Entries of whole days
    are days of `zone`, and so are times without one. Raises FeedRefusedError for the whole of it.
    """
    text = _bounded(raw)
    year = now.year
    walk = _Walk(ZoneInfo(zone), date(year - 1, 1, 1), date(year + 1 + HORIZON_YEARS, 1, 1))
    try:
        for entry in _entries(text):
            _walk_entry(entry, walk)
    except FeedRefusedError:
        raise
    except Exception as error:  # whatever a stranger's file makes the library do
        raise FeedRefusedError("It is not an iCalendar this can read.") from error
    return tuple(_joined(sorted(walk.found, key=lambda each: (each.start, each.end, each.label))))


def _bounded(raw: bytes) -> bytes:
    """What is worth reading of a file: its entries, without the blocks in them and beside them."""
    if len(raw) > MAX_FEED_BYTES:
        raise FeedRefusedError("It is larger than 1 MiB.")
    if raw.count(b"\n") > MAX_LINES:
        raise FeedRefusedError(f"It has more than {MAX_LINES:,} lines.")
    lines = _FOLD.sub(b"", raw.removeprefix(b"\xef\xbb\xbf")).splitlines()
    if not lines or lines[0].strip().upper() != b"BEGIN:VCALENDAR":
        raise FeedRefusedError("It does not begin as an iCalendar does.")
    kept = list(_worth_reading(lines))
    if sum(line == b"BEGIN:VEVENT" for line in kept) > MAX_ENTRIES:
        raise FeedRefusedError(f"It has more than {MAX_ENTRIES:,} entries.")
    return b"\r\n".join([*kept, b""])


def _worth_reading(lines: list[bytes]) -> Iterator[bytes]:
    """Zones a file defines, alarms, tasks and what is inside of them are left out."""
    inside: list[bytes] = []
    for line in lines:
        border = _BLOCK.fullmatch(line)
        if border is None and _BLOCK_NAME.match(line):
            raise FeedRefusedError("It has a block with a name this does not know.")
        if border is None:
            if set(inside) <= _READ_BLOCKS:
                yield line
            continue
        verb, name = border[1].upper(), border[2].upper()
        if verb == b"BEGIN":
            inside.append(name)
            if len(inside) > _DEEPEST:
                raise FeedRefusedError("Its blocks lie too deep in one another.")
        if set(inside) <= _READ_BLOCKS:
            yield verb + b":" + name
        if verb == b"END" and (not inside or inside.pop() != name):
            raise FeedRefusedError("Its blocks do not end where they began.")


def _entries(text: bytes) -> Iterator[Any]:
    import icalendar  # noqa: PLC0415 - only who reads a feed pays for it

    # Bytes: of a string the library would look whether it names a file on this machine.
    for calendar in icalendar.Calendar.from_ical(text, multiple=True):
        yield from calendar.walk("VEVENT")


def _walk_entry(entry: Any, walk: _Walk) -> None:
    if str(entry.get("STATUS", "")).upper() == "CANCELLED":
        return
    if str(entry.get("X-APPLE-SPECIAL-DAY", "")).upper() == _WORKED:
        return
    begins = entry.decoded("DTSTART")
    length = _length(entry, begins)
    label = clean(str(entry.get("SUMMARY", "")))[0][:MAX_LABEL]
    if "RECURRENCE-ID" in entry or entry.get("RDATE") is not None:
        raise FeedRefusedError("An entry moves single days of a repeated one.")
    left_out = set(_left_out(entry, begins, walk.zone))
    for moment in _moments(entry, begins, walk):
        if moment in left_out:
            continue
        start = _aware(moment, begins, walk.zone)
        if isinstance(begins, datetime):
            end = start + length
        else:
            end = datetime.combine(moment.date() + length, datetime.min.time(), walk.zone)
        if end.date() >= walk.start:
            walk.found.append(closing_of(start, end, label))
        if len(walk.found) > MAX_CLOSINGS:
            raise FeedRefusedError(f"It closes more than {MAX_CLOSINGS:,} times.")


def _length(entry: Any, begins: date) -> timedelta:
    if "DTEND" in entry:
        ends = entry.decoded("DTEND")
        if isinstance(ends, datetime) != isinstance(begins, datetime):
            raise FeedRefusedError("An entry begins as a day and ends as a time, or the reverse.")
        length: timedelta = ends - begins
    elif "DURATION" in entry:
        length = entry.decoded("DURATION")
    else:
        length = timedelta() if isinstance(begins, datetime) else timedelta(days=1)
    if not timedelta() <= length <= LONGEST_CLOSING:
        raise FeedRefusedError("An entry ends before it begins, or lasts longer than a year.")
    return length


def _moments(entry: Any, begins: date, walk: _Walk) -> Iterator[datetime]:
    """Beginnings in the horizon, as clocks on the wall show them there."""
    first = _wall(begins)
    if first.year < _FIRST_YEAR:
        raise FeedRefusedError(f"An entry begins before {_FIRST_YEAR}.")
    early = datetime.combine(walk.start, datetime.min.time()) - LONGEST_CLOSING
    late = datetime.combine(walk.end, datetime.min.time())
    for moment in _repeated(entry, begins, first, late):
        walk.repetitions += 1
        if walk.repetitions > MAX_REPETITIONS:
            raise FeedRefusedError(f"It repeats more than {MAX_REPETITIONS:,} times.")
        if early <= moment < late:
            yield moment


def _repeated(entry: Any, begins: date, first: datetime, late: datetime) -> Iterator[datetime]:
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - only who reads a feed pays for it

    rule = entry.get("RRULE")
    if rule is None:
        yield first
        return
    if isinstance(rule, list):
        raise FeedRefusedError("An entry has more than one rule of repetition.")
    parts = {str(name).upper(): [str(v).upper() for v in values] for name, values in rule.items()}
    _require_plain(parts)
    last = late
    if "UNTIL" in rule:
        until = rule["UNTIL"][0]
        shifted = isinstance(until, datetime) and until.tzinfo and _zone(begins)
        last = min(late, _wall(until.astimezone(_zone(begins)) if shifted else until))
        if not isinstance(until, datetime):
            last = min(late, last + timedelta(days=1) - timedelta(seconds=1))
    kept = [f"{name}={','.join(values)}" for name, values in parts.items() if name != "UNTIL"]
    for moment in rrulestr(";".join(kept), dtstart=first):
        if moment > last:
            return
        yield moment


def _require_plain(parts: dict[str, list[str]]) -> None:
    """Let only rules pass that are sure to come to an end. Raises FeedRefusedError."""
    frequency = parts.get("FREQ", [""])[0]
    allowed = _ALLOWED.get(frequency)
    if allowed is None or not set(parts) <= allowed | _ALWAYS_ALLOWED:
        raise FeedRefusedError("An entry repeats by another rule than day, week or year.")
    if not all(_WEEKDAY.fullmatch(day) for day in parts.get("BYDAY", ())):
        raise FeedRefusedError("An entry repeats on a weekday there is not.")
    if frequency == "YEARLY" and len(parts.keys() & {"BYMONTHDAY", "BYDAY"}) > 1:
        raise FeedRefusedError("An entry repeats by a day of the month and of the week at once.")
    interval = int(parts.get("INTERVAL", ("1",))[0])
    if not 1 <= interval <= MAX_INTERVAL:
        raise FeedRefusedError(f"An entry repeats every so many, from 1 to {MAX_INTERVAL}.")
    # The leap year has every date there is. A date no year has would be sought for ever, and one
    # only leap years have nearly so, by a rule that steps over them.
    year = _LEAP_YEAR if interval == 1 else _LEAP_YEAR - 1
    months = [int(month) for month in parts.get("BYMONTH", ("1",))]
    days = [int(day) for day in parts.get("BYMONTHDAY", ("1",))]
    for month in months:
        for day in days:
            date(year, month, day)


def _left_out(entry: Any, begins: date, zone: ZoneInfo) -> Iterator[datetime]:
    listed = entry.get("EXDATE", [])
    for group in listed if isinstance(listed, list) else [listed]:
        for each in group.dts:
            moment = each.dt
            if isinstance(moment, datetime) and moment.tzinfo is not None:
                moment = moment.astimezone(_zone(begins) or zone)
            yield _wall(moment)


def _wall(moment: date) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime.combine(moment, datetime.min.time())


def _zone(begins: date) -> tzinfo | None:
    return begins.tzinfo if isinstance(begins, datetime) else None


def _aware(moment: datetime, begins: date, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=_zone(begins) or zone)


def _joined(closings: list[Closing]) -> Iterator[Closing]:
    """Each closing once, and none that closes nothing."""
    before = [None, *closings]
    for former, closing in pairwise(before):
        if closing is not None and closing != former and closing.end > closing.start:
            yield closing
