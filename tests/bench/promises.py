"""How fast due times are found in a calendar, beside walking its days as others do."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from time import process_time
from uuid import UUID

from services.core.calendars.timeline import Timeline
from services.core.calendars.types import Calendar, CalendarDraft, Span
from services.core.calendars.working import hours_of
from tests.bench.figures import Chapter

COUNT = 100_000
WANTED = 50_000  # due times a second, on one core
SEED = 5
ZONE = "Asia/Shanghai"
OFFICE = (Span(9 * 60, 12 * 60), Span(13 * 60 + 30, 18 * 60))
# From two hours to five working days, as promises are.
BUDGETS = tuple(timedelta(hours=hours) for hours in (2, 4, 12, 24, 37))
FIRST, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 365

Question = tuple[datetime, timedelta]
Stretches = list[tuple[datetime, datetime]]
_DAY = timedelta(days=1)


def measure(share: float) -> Chapter:
    chapter = Chapter(
        "Promises",
        "A Chinese office, 09:00 to 12:00 and 13:30 to 18:00 from Monday to Friday, with public "
        "holidays and make-up working days. Moments of 2026 at random, budgets of 2 to 37 working "
        "hours, one process, its own processor time; the first layout of the years is counted. The "
        "rival walks from day to day, as peers do, once asking the calendar for each day anew and "
        "once remembering it; all give the same due times, which is checked.",
    )
    questions = list(_questions(max(round(COUNT * share), 100)))
    timeline = _office()
    ours, due = _timed(timeline.advance, questions)
    walked: list[tuple[str, float]] = []
    for name, keep in (("asking each day anew", False), ("remembering each day", True)):
        rate, found = _timed(_walker(_office(), keep=keep), questions)
        assert found == due
        walked.append((name, rate))
    chapter.add(
        f"{len(questions):,} due times in a calendar, one core",
        f"{ours:,.0f}/s",
        f"≥ {WANTED:,}/s",
        met=ours >= WANTED,
    )
    for name, rate in walked:
        chapter.add(f"÷ walking the days, {name}", f"{ours / rate:.1f} ({rate:,.0f}/s)")
    return chapter


def _office() -> Timeline:
    week = (OFFICE,) * 5 + ((), ())
    draft = CalendarDraft("office", ZONE, week, country="CN")
    return hours_of(Calendar(UUID(int=1), 1, draft))


def _questions(count: int) -> Sequence[Question]:
    dice = random.Random(SEED)  # noqa: S311 - the same questions every time
    seconds = DAYS * 86_400
    return [
        (FIRST + timedelta(seconds=dice.randrange(seconds)), dice.choice(BUDGETS))
        for _ in range(count)
    ]


def _timed(
    advance: Callable[[datetime, timedelta], datetime], questions: Sequence[Question]
) -> tuple[float, list[datetime]]:
    """Due times a second of processor time, and the due times."""
    began = process_time()
    due = [advance(start, by) for start, by in questions]
    return len(questions) / (process_time() - began), due


def _walker(office: Timeline, *, keep: bool) -> Callable[[datetime, timedelta], datetime]:
    """Counts a budget down along local days; `keep` remembers each day it asked for."""
    kept: dict[date, Stretches] = {}

    def opened(day: date) -> Stretches:
        if day in kept:
            return kept[day]
        midnight = datetime.combine(day, datetime.min.time(), office.zone)
        spans = office.spans_of(day)
        found = [(_at(midnight, span.start), _at(midnight, span.end)) for span in spans]
        if keep:
            kept[day] = found
        return found

    def advance(start: datetime, by: timedelta) -> datetime:
        day = start.astimezone(office.zone).date()
        while True:
            for opens, closes in opened(day):
                begin = max(opens, start)
                if closes - begin >= by:
                    return begin + by
                by -= max(closes - begin, timedelta())
            day += _DAY

    return advance


def _at(midnight: datetime, minutes: int) -> datetime:
    return (midnight + timedelta(minutes=minutes)).astimezone(UTC)
