"""Files of strangers become closings, or a sentence that says why not."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.calendars.errors import FeedRefusedError
from services.core.calendars.feeds import MAX_ENTRIES, MAX_FEED_BYTES, read_feed
from services.core.calendars.types import Closing

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)


def entry(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "SUMMARY:Away", *lines, "END:VEVENT", ""])


def file_of(*entries: str) -> bytes:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n"
    return f"{head}{''.join(entries)}END:VCALENDAR\r\n".encode()


def read(*lines: str, zone: str = "Asia/Shanghai") -> tuple[Closing, ...]:
    return read_feed(file_of(entry(*lines)), zone, NOW)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, …


def test_a_whole_day_is_a_day_of_the_calendars_zone() -> None:
    found = read("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261226")
    assert found == (Closing(utc(2026, 12, 23, 16), utc(2026, 12, 25, 16), "Away"),)


def test_a_day_the_clocks_change_on_has_as_many_hours_as_it_has() -> None:
    (found,) = read("DTSTART;VALUE=DATE:20261101", zone="America/New_York")
    assert found.end - found.start == timedelta(hours=25)


def test_a_time_counts_in_its_own_zone() -> None:
    (found,) = read("DTSTART;TZID=America/New_York:20261224T090000", "DURATION:PT2H")
    assert (found.start, found.end) == (utc(2026, 12, 24, 14), utc(2026, 12, 24, 16))


def test_what_repeats_every_year_closes_every_year_of_the_horizon() -> None:
    found = read("DTSTART;VALUE=DATE:19990501", "RRULE:FREQ=YEARLY")
    assert [each.end.year for each in found] == [2025, 2026, 2027, 2028]


def test_what_repeats_ends_with_its_last_day_and_leaves_out_what_is_left_out() -> None:
    found = read(
        "DTSTART;VALUE=DATE:20261101",
        "RRULE:FREQ=DAILY;UNTIL=20261103",
        "EXDATE;VALUE=DATE:20261102",
    )
    assert [each.end for each in found] == [utc(2026, 11, 1, 16), utc(2026, 11, 3, 16)]


def test_a_weekly_meeting_stays_at_its_hour_when_clocks_change() -> None:
    found = read(
        "DTSTART;TZID=America/New_York:20261030T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=2",
    )
    assert [each.start for each in found] == [utc(2026, 10, 30, 13), utc(2026, 11, 6, 14)]


def test_an_entry_called_off_closes_nothing() -> None:
    assert read("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED") == ()


def test_a_weekend_day_that_is_worked_closes_nothing() -> None:
    worked = "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"
    assert read("DTSTART;VALUE=DATE:20260214", worked) == ()


def test_the_same_entry_twice_closes_once() -> None:
    twice = entry("DTSTART;VALUE=DATE:20261224")
    assert len(read_feed(file_of(twice, twice), "Asia/Shanghai", NOW)) == 1


def test_a_zone_the_file_defines_is_not_even_read() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Bomb\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nRRULE:FREQ=SECONDLY\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    raw = file_of(zone, entry("DTSTART;VALUE=DATE:20261224"))
    assert len(read_feed(raw, "Asia/Shanghai", NOW)) == 1


def test_the_same_file_says_the_same_tomorrow() -> None:
    raw = file_of(entry("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=WEEKLY"))
    tomorrow = read_feed(raw, "Asia/Shanghai", NOW + timedelta(days=1))
    assert read_feed(raw, "Asia/Shanghai", NOW) == tomorrow


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:20261101T000000Z", "RRULE:FREQ=SECONDLY"],
        ["DTSTART:20261101T000000Z", "RRULE:FREQ=DAILY;BYSECOND=1"],
        ["DTSTART:20261101T000000Z", "RRULE:FREQ=DAILY;INTERVAL=0"],
        ["DTSTART:20261101T000000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"],
        ["DTSTART:20251101T000000Z", "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29"],
        ["DTSTART:20261101T000000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"],
        ["DTSTART:20261101T000000Z", "RDATE:20261103T000000Z"],
        ["DTSTART:20261101T000000Z", "DTEND:20261031T000000Z"],
        ["DTSTART:20261101T000000Z", "DURATION:P99999999999D"],
        ["DTSTART:20261101T000000Z", "DTEND;VALUE=DATE:20261102"],
        ["DTSTART:16000101T000000Z"],
        ["DTSTART:nonsense"],
        [],
    ],
)
def test_what_would_never_end_or_says_nothing_is_refused(lines: list[str]) -> None:
    with pytest.raises(FeedRefusedError):
        read(*lines)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "begin as an iCalendar"),
        (b"/etc/hostname", "begin as an iCalendar"),
        (b"BEGIN:VCALENDAR\r\n" * 20, "too deep"),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "end where they began"),
        (b"BEGIN:VCALENDAR\r\nBEGIN;X=1:VTIMEZONE\r\n", "a name this does not know"),
        (b"BEGIN:VCALENDAR\r\n" + b"X:1\r\n" * 40_000, "lines"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * MAX_FEED_BYTES, "larger"),
        (file_of(*[entry("DTSTART;VALUE=DATE:20261224")] * (MAX_ENTRIES + 1)), "entries"),
        (file_of(*[entry("DTSTART;VALUE=DATE:19700101", "RRULE:FREQ=DAILY")] * 3), "repeats more"),
        (
            file_of(*[entry("DTSTART;VALUE=DATE:20250101", "RRULE:FREQ=DAILY")] * 5),
            "closes more",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bomb_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(FeedRefusedError) as refused:
        read_feed(raw, "Asia/Shanghai", NOW)
    assert reason in refused.value.reason
