"""Try a detector on the past, by the law the live look goes by."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.core.detectors import repository, rules
from services.core.detectors.errors import NothingKeptError, TooLittleHistoryError
from services.core.detectors.service.writing import check, get_detector
from services.core.detectors.types import Backtest, DetectorDraft, Episode, Figure, Point
from services.core.kit.uow import UnitOfWork

MOST_DAYS: Final = 30
DAYS_AT_ONCE: Final = timedelta(days=7)
# Fewer are no history to try anything on.
LEAST_JUDGED: Final = timedelta(hours=1)
MOST_EPISODES: Final = 100
# Sources looked at by themselves; those beyond are small ones.
MOST_SUBJECTS: Final = 20
_HOUR: Final = timedelta(hours=1)

Counted = dict[str, list[tuple[datetime, Figure]]]


async def backtest(uow: UnitOfWork, detector_id: UUID, *, days: int) -> Backtest:
    """As `try_out`, for a detector that is saved. Raises NotFoundError too."""
    return await _replay(uow, (await get_detector(uow, detector_id)).draft, days)


async def try_out(uow: UnitOfWork, draft: DetectorDraft, *, days: int) -> Backtest:
    """What a draft would have done in the last `days` (at most 30), looking every minute.

    Writes nothing. Raises InvalidInputError as `create_detector`, NothingKeptError for kinds that
    look at the present only, TooLittleHistoryError while there is nothing to compare with.
    """
    await check(uow, draft)
    return await _replay(uow, draft, days)


async def _replay(uow: UnitOfWork, draft: DetectorDraft, days: int) -> Backtest:
    if not rules.LAWS[draft.kind].replays:
        raise NothingKeptError
    until = rules.tick_of(uow.now)
    since = (await repository.list_since(uow, [uow.workspace_id])).get(uow.workspace_id)
    judged_from = _judged_from(draft, since, until, days)
    start = judged_from - rules.reach(draft)
    by_source = draft.kind in rules.BY_SOURCE
    counted = await _read(uow, draft, start, until, by_source=by_source)
    if by_source:
        # A source that is gone is looked at no more.
        live = await repository.list_sources(uow)
        counted = {subject: found for subject, found in counted.items() if subject in live}
    # Some ten thousand looks take a fraction of a second: others are served meanwhile.
    return await asyncio.to_thread(_look_back, draft, counted, since, (start, judged_from, until))


async def _read(
    uow: UnitOfWork, draft: DetectorDraft, start: datetime, until: datetime, *, by_source: bool
) -> Counted:
    """The minutes of months, some days at a time: no statement reads longer than it may."""
    found: Counted = {}
    while start < until:
        end = min(start + DAYS_AT_ONCE, until)
        part = await repository.list_series(uow, draft, start, end, by_source=by_source)
        for subject, minutes in part.items():
            found.setdefault(subject, []).extend(minutes)
        start = end
    return found


def _judged_from(
    draft: DetectorDraft, since: datetime | None, until: datetime, days: int
) -> datetime:
    """The first minute that can be judged within so many days. Raises TooLittleHistoryError."""
    if since is None:
        raise TooLittleHistoryError(None)
    wanted = until - timedelta(days=days)
    if not rules.weeks_of(draft):
        return wanted
    ready = rules.tick_of(since) + rules.MINUTE + rules.reach(draft)
    if until - ready < LEAST_JUDGED:
        raise TooLittleHistoryError(ready + LEAST_JUDGED)
    return max(wanted, ready)


def _look_back(
    draft: DetectorDraft,
    counted: Counted,
    since: datetime | None,
    moments: tuple[datetime, datetime, datetime],
) -> Backtest:
    start, judged_from, until = moments
    episodes: list[Episode] = []
    busiest = sorted(counted, key=lambda subject: -sum(one.total for _, one in counted[subject]))
    for subject in busiest[:MOST_SUBJECTS]:
        series = rules.lay_out(start, (until - start) // rules.MINUTE, counted[subject])
        ticks = _minutes(judged_from, until)
        episodes += rules.replay(draft, series, since, ticks, subject)
    episodes.sort(key=lambda one: (one.started_at, one.subject), reverse=True)
    return Backtest(
        days=max((until - judged_from).days, 0),
        judged_from=judged_from,
        until=until,
        fired=len(episodes),
        episodes=tuple(episodes[:MOST_EPISODES]),
        points=tuple(_points(counted, judged_from, until)),
    )


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute from `start` to `end`, both included."""
    for minute in range((end - start) // rules.MINUTE + 1):
        yield start + minute * rules.MINUTE


def _points(counted: Counted, start: datetime, until: datetime) -> Iterator[Point]:
    """All subjects together, by the hour: short enough to draw."""
    first = start.replace(minute=0)
    everything = [one for minutes in counted.values() for one in minutes]
    hours = (until - first) // _HOUR + 1
    series = rules.lay_out(first, hours * 60, everything)
    for hour in range(hours):
        at = first + hour * _HOUR
        figure = series.between(at, at + _HOUR)
        yield Point(at, figure.total, figure.hits)
