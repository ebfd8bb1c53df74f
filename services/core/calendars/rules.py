"""What a calendar or a standstill may say, which day is worked when, and who stands in for whom."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import available_timezones

from services.core.calendars.types import (
    DAYS_OF_A_WEEK,
    MINUTES_OF_A_DAY,
    Absence,
    CalendarDraft,
    Closing,
    Day,
    DayReason,
    Holidays,
    Span,
    Standstill,
    StandstillDraft,
    StandstillReason,
)
from services.core.kit.errors import FieldProblem

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_CALENDARS = 100
# Two shifts with a break each need four.
MOST_SPANS = 10
# Three years of days off, every day of them named.
MOST_DAYS = 1_000
FIRST_YEAR, LAST_YEAR = 2000, 2099

# The longest parental leave there is; whoever writes more has mistyped a year.
LONGEST = timedelta(days=3 * 366)
# An outage is noticed late; one from longer ago would rewrite figures people have seen.
LONGEST_AGO = timedelta(days=31)
FURTHEST_AHEAD = timedelta(days=2 * 366)
# Work that began before a standstill was known may end after its cases were listed. No unit of
# ours lasts this long (see kit.db), so what it wrote is looked at once more then.
SECOND_LOOK = timedelta(seconds=60)

# Files of the zone database that name no place.
_NO_ZONES = {"localtime", "Factory", "posixrules"}


def problems_of_calendar(draft: CalendarDraft) -> list[FieldProblem]:
    """Everything wrong with a draft, by field. A country is checked where countries are known."""
    problems = []
    if draft.zone not in known_zones():
        problems.append(FieldProblem("/zone", "unknown_zone", "There is no such time zone."))
    if len(draft.week) != DAYS_OF_A_WEEK:
        problems.append(FieldProblem("/week", "incomplete", "A week has seven days."))
    elif not any(draft.week):
        detail = "The week never opens: no promise would ever come due."
        problems.append(FieldProblem("/week", "never_opens", detail))
    for name, spans in zip(WEEKDAYS, draft.week, strict=False):
        problems += problems_of_spans(spans, f"/week/{name}")
    if len(draft.days) > MOST_DAYS:
        detail = f"A calendar names at most {MOST_DAYS} days."
        return [*problems, FieldProblem("/days", "too_many", detail)]
    for place, (day, differs) in enumerate(draft.days.items()):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            detail = f"A day lies in the years {FIRST_YEAR} to {LAST_YEAR}."
            problems.append(FieldProblem(f"/days/{place}/date", "out_of_range", detail))
        problems += problems_of_spans(differs.spans, f"/days/{place}/spans")
    return problems


def problems_of_standstill(draft: StandstillDraft, now: datetime) -> list[FieldProblem]:
    """Everything wrong with a draft, by field; not whether its source and members exist."""
    return [*_problems_of_time(draft, now), *_problems_of_people(draft)]


def pauses(draft: StandstillDraft) -> bool:
    """Whether it stops clocks: one person's absence does not, and neither does one with cover."""
    if draft.pauses is not None:
        return draft.pauses
    return draft.member_id is None and draft.stand_in_id is None


def overlaps(absence: Absence, others: Iterable[Absence]) -> bool:
    """True when the same person is away at the same time already."""
    return any(
        other.member_id == absence.member_id and _shared(absence, other) is not None
        for other in others
    )


def closes_circle(absence: Absence, others: Sequence[Absence]) -> bool:
    """True when at some moment everybody in a circle of stand-ins is away at once."""
    if absence.stand_in_id == absence.member_id:
        return True
    waiting = [absence]
    # Every path is followed once: absences of one person never overlap, so a path narrows.
    while waiting:
        path = waiting.pop()
        for other in others:
            if other.member_id != path.stand_in_id:
                continue
            shared = _shared(path, other)
            if shared is None:
                continue
            if other.stand_in_id == absence.member_id:
                return True
            waiting.append(Absence(absence.member_id, other.stand_in_id, *shared))
    return False


def next_replan(
    standstill: Standstill, begun: datetime, *, second: bool
) -> tuple[datetime, datetime | None] | None:
    """When open cases are planned anew after a walk that was due at `begun`, and which of them.

    All of them when it begins and when it ends, and after each walk those changed since shortly
    before it (the second value), once more. None when nothing is left to do.
    """
    borders = (standstill.starts_at, standstill.ends_at)
    border = min((at for at in borders if at is not None and at > begun), default=None)
    look = begun + SECOND_LOOK
    if not second and (border is None or border > look):
        return look, begun - SECOND_LOOK
    return None if border is None else (border, None)


def spans_of(
    draft: CalendarDraft, day: date, *, holiday: str | None, is_made_up: bool
) -> tuple[tuple[Span, ...], DayReason | None, str]:
    """The spans of a date, why they are not its weekday's, and what people call it."""
    own = draft.days.get(day)
    if own is not None:
        return own.spans, DayReason.OVERRIDE, own.label
    usual = draft.week[day.weekday()]
    if is_made_up:
        worked = usual or next(spans for spans in draft.week if spans)
        return worked, DayReason.MAKE_UP, ""
    if holiday is not None:
        return (), DayReason.HOLIDAY, holiday
    return usual, None, ""


def without(
    closings: Iterable[Closing], kept: Sequence[tuple[datetime, datetime]]
) -> list[Closing]:
    """Closings with stretches taken out that a team's own days decide; `kept` is in order."""
    left = []
    for closing in closings:
        at = closing.start
        for start, end in kept:
            if end <= at or start >= closing.end:
                continue
            if start > at:
                left.append(Closing(at, start, closing.label))
            at = max(at, end)
        if at < closing.end:
            left.append(Closing(at, closing.end, closing.label))
    return left


def years_to_keep(
    made_at: datetime, now: datetime, kept: Holidays | None
) -> tuple[int, int] | None:
    """The years whose holidays a version keeps from now on; None when it has them.

    Those from the one before it was made, since a question may be older than the calendar, to this
    one: what has begun is known. A year that is kept is never read again.
    """
    first = made_at.year - 1 if kept is None else kept.last + 1
    return (first, now.year) if first <= now.year else None


def join_years(kept: Holidays | None, more: Holidays) -> Holidays:
    """Years kept before, and those that follow them."""
    if kept is None:
        return more
    return Holidays(kept.first, more.last, kept.names | more.names, kept.made_up | more.made_up)


def own_day(spans: Sequence[Span], label: str) -> Day:
    """A day a team says itself."""
    return Day(tuple(spans), DayReason.OVERRIDE, label)


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


def problems_of_spans(spans: Sequence[Span], pointer: str) -> Iterator[FieldProblem]:
    """Everything wrong with the spans of one day, under a JSON pointer."""
    if len(spans) > MOST_SPANS:
        yield FieldProblem(pointer, "too_many", f"A day has at most {MOST_SPANS} spans.")
    for place, span in enumerate(spans):
        if not 0 <= span.start <= MINUTES_OF_A_DAY or not 0 <= span.end <= MINUTES_OF_A_DAY:
            detail = "A span lies between 00:00 and 24:00."
            yield FieldProblem(f"{pointer}/{place}", "outside_the_day", detail)
        elif span.end <= span.start:
            yield FieldProblem(f"{pointer}/{place}", "inverted", "A span ends after it begins.")
    for place, (former, latter) in enumerate(pairwise(spans), start=1):
        if latter.start < former.end:
            detail = "Spans are in order and do not overlap."
            yield FieldProblem(f"{pointer}/{place}", "overlap", detail)


def _problems_of_time(draft: StandstillDraft, now: datetime) -> Iterator[FieldProblem]:
    if draft.starts_at < now - LONGEST_AGO:
        detail = f"It began more than {LONGEST_AGO.days} days ago."
        yield FieldProblem("/starts_at", "too_long_ago", detail)
    if draft.starts_at > now + FURTHEST_AHEAD:
        yield FieldProblem("/starts_at", "too_far_ahead", "It begins more than 2 years from now.")
    if draft.ends_at is None:
        if draft.reason is StandstillReason.OUT_OF_OFFICE:
            yield FieldProblem("/ends_at", "required", "An absence has an end.")
    elif draft.ends_at <= draft.starts_at:
        yield FieldProblem("/ends_at", "inverted", "It ends after it begins.")
    elif draft.ends_at - draft.starts_at > LONGEST:
        yield FieldProblem("/ends_at", "beyond_limit", "It lasts longer than three years.")


def _problems_of_people(draft: StandstillDraft) -> Iterator[FieldProblem]:
    if draft.reason is StandstillReason.OUTAGE:
        for name in ("member_id", "stand_in_id"):
            if getattr(draft, name) is not None:
                yield FieldProblem(f"/{name}", "not_allowed", "Nobody stands in for a platform.")
    if draft.member_id is not None and draft.stand_in_id == draft.member_id:
        yield FieldProblem("/stand_in_id", "circle", "Nobody stands in for themselves.")
    if draft.pauses and (draft.member_id is not None or draft.stand_in_id is not None):
        detail = "Clocks go on while others are there, or somebody stands in."
        yield FieldProblem("/pauses", "not_allowed", detail)


def _shared(one: Absence, other: Absence) -> tuple[datetime, datetime] | None:
    start = max(one.starts_at, other.starts_at)
    end = min(one.ends_at, other.ends_at)
    return (start, end) if start < end else None
