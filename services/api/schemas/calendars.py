"""Calendars as people write them: weeks, days that differ, what counts, and days to look at."""

import datetime as dt
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.api.schemas.common import MAX_NAME_CHARACTERS, Name, ReadModel, StrictModel
from services.core.calendars import rules
from services.core.calendars.types import Calendar, CalendarDraft, Day, DayReason, Span
from services.core.calendars.working import ShownDay
from services.core.kit.http import MAX_URL_CHARACTERS

_MINUTES_OF_AN_HOUR = 60
_WEBCAL = "webcal://"
# What a body may hold at all. The published schema says what the rules allow, and the rules say it
# field by field.
_MANY_SPANS = 100
_MANY_DAYS = 5_000
_AS_MANY_SPANS: JsonDict = {"maxItems": rules.MOST_SPANS}
_AS_MANY_DAYS: JsonDict = {"maxItems": rules.MOST_DAYS}

EXAMPLE: JsonDict = {
    "name": "Shanghai office",
    "zone": "Asia/Shanghai",
    "country": "CN",
    "week": {
        day: [{"start": "09:00", "end": "12:00"}, {"start": "13:30", "end": "18:00"}]
        for day in rules.WEEKDAYS[:5]
    },
    "days": [{"date": "2027-01-04", "spans": [], "label": "Stocktaking"}],
}


def _require_day(value: object) -> object:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, dt.date):
        return value
    raise ValueError("A day is written as 2027-01-31.")


def _as_web_address(url: str) -> str:
    """`webcal:` is what calendar programs call an address that is read over HTTPS."""
    if url[: len(_WEBCAL)].lower() == _WEBCAL:
        return "https://" + url[len(_WEBCAL) :]
    return url


Minute = Annotated[
    str,
    Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", description="From 00:00 to 24:00, local time."
    ),
]
Date = Annotated[dt.date, BeforeValidator(_require_day, json_schema_input_type=dt.date)]
Label = Annotated[
    str,
    Field(max_length=MAX_NAME_CHARACTERS),
    AfterValidator(lambda label: unicodedata.normalize("NFC", label)),
]


class SpanBody(StrictModel):
    """Open from one minute of the day to another; 24:00 is its end."""

    start: Minute
    end: Minute

    def to_domain(self) -> Span:
        return Span(minutes_of(self.start), minutes_of(self.end))


Spans = Annotated[
    list[SpanBody],
    Field(max_length=_MANY_SPANS, default_factory=list, json_schema_extra=_AS_MANY_SPANS),
]


class WeekBody(StrictModel):
    """When each weekday is open, in order and without overlaps. What is left out is closed."""

    monday: Spans
    tuesday: Spans
    wednesday: Spans
    thursday: Spans
    friday: Spans
    saturday: Spans
    sunday: Spans

    def to_domain(self) -> tuple[tuple[Span, ...], ...]:
        return tuple(
            tuple(span.to_domain() for span in getattr(self, name)) for name in rules.WEEKDAYS
        )


class DayBody(StrictModel):
    """One date that the team decides itself. Without spans it is closed."""

    date: Date
    spans: Spans
    label: Label = ""


class CalendarBody(StrictModel):
    """The whole calendar; saving makes the next version, and open clocks keep theirs.

    Of a date, the team's own `days` decide first, then what the feed closes, then make-up
    working days, then public holidays of `country`, and at last the week.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    zone: Annotated[str, Field(min_length=1, max_length=64, description="As Asia/Shanghai.")]
    week: WeekBody
    country: Annotated[
        str | None, Field(min_length=2, max_length=2, description="ISO 3166, as CN.")
    ] = None
    days: Annotated[
        list[DayBody],
        Field(max_length=_MANY_DAYS, default_factory=list, json_schema_extra=_AS_MANY_DAYS),
    ]
    feed_url: Annotated[
        str | None,
        Field(max_length=MAX_URL_CHARACTERS, description="An iCalendar of closings, read daily."),
        AfterValidator(lambda url: url if url is None else _as_web_address(url)),
    ] = None

    @model_validator(mode="after")
    def _require_each_day_once(self) -> Self:
        if len({day.date for day in self.days}) < len(self.days):
            raise ValueError("A day is named once.")
        return self

    def to_draft(self) -> CalendarDraft:
        days = {
            day.date: Day(
                tuple(span.to_domain() for span in day.spans), DayReason.OVERRIDE, day.label
            )
            for day in self.days
        }
        return CalendarDraft(
            self.name, self.zone, self.week.to_domain(), self.country, days, self.feed_url
        )


class SpanView(ReadModel):
    start: str
    end: str

    @classmethod
    def of(cls, span: Span) -> Self:
        return cls(start=clock_of(span.start), end=clock_of(span.end))


class WeekView(ReadModel):
    monday: list[SpanView]
    tuesday: list[SpanView]
    wednesday: list[SpanView]
    thursday: list[SpanView]
    friday: list[SpanView]
    saturday: list[SpanView]
    sunday: list[SpanView]

    @classmethod
    def of(cls, week: Sequence[Sequence[Span]]) -> Self:
        days = zip(rules.WEEKDAYS, week, strict=True)
        return cls(**{name: _spans(spans) for name, spans in days})


class OwnDayView(ReadModel):
    date: dt.date
    spans: list[SpanView]
    label: str


class FeedView(ReadModel):
    """How the feed is doing. After a failure the closings of the last good one stay."""

    url: str | None
    closings: int
    last_refreshed_at: datetime | None
    last_error: str | None
    next_at: datetime | None


class CalendarView(ReadModel):
    """One version of a calendar. Open clocks count in the version they started under."""

    id: UUID
    version: int
    name: str
    zone: str
    week: WeekView
    country: str | None
    days: list[OwnDayView]
    feed: FeedView
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, calendar: Calendar) -> Self:
        draft, feed = calendar.draft, calendar.feed
        return cls(
            id=calendar.id,
            version=calendar.version,
            name=draft.name,
            zone=draft.zone,
            week=WeekView.of(draft.week),
            country=draft.country,
            days=[
                OwnDayView(date=date, spans=_spans(day.spans), label=day.label)
                for date, day in sorted(draft.days.items())
            ],
            feed=FeedView(
                url=draft.feed_url,
                closings=len(calendar.closings),
                last_refreshed_at=feed.last_refreshed_at,
                last_error=feed.last_error,
                next_at=feed.due_at,
            ),
            created_at=calendar.created_at,
            updated_at=calendar.updated_at,
        )


class DayView(ReadModel):
    """When a date is open, in local time, and why not as on every such weekday."""

    date: dt.date
    weekday: str
    spans: list[SpanView]
    reason: DayReason | None
    label: str

    @classmethod
    def of(cls, day: ShownDay) -> Self:
        return cls(
            date=day.date,
            weekday=rules.WEEKDAYS[day.date.weekday()],
            spans=_spans(day.spans),
            reason=day.reason,
            label=day.label,
        )


class CountView(ReadModel):
    """How much of a stretch of time counts in a calendar, or when so much has counted."""

    start: datetime
    end: datetime
    seconds: int


def _spans(spans: Sequence[Span]) -> list[SpanView]:
    return [SpanView.of(span) for span in spans]


def minutes_of(written: str) -> int:
    """`09:30` as a minute of the day."""
    hours, _, minutes = written.partition(":")
    return int(hours) * _MINUTES_OF_AN_HOUR + int(minutes)


def clock_of(minute: int) -> str:
    """A minute of the day as `09:30`."""
    hours, minutes = divmod(minute, _MINUTES_OF_AN_HOUR)
    return f"{hours:02}:{minutes:02}"
