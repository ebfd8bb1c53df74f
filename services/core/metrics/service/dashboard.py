"""The community-health page in one call, out of sums of days alone."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from services.core.kit.uow import UnitOfWork
from services.core.metrics import rules
from services.core.metrics.definitions import REGISTRY, ROLLED
from services.core.metrics.pages import (
    CHAPTERS,
    OF_PEOPLE,
    SERIES,
    UNCONNECTED,
    Dashboard,
    Edition,
    Figure,
    Point,
)
from services.core.metrics.repository import dashboard, measuring
from services.core.metrics.service.summing import get_zone
from services.core.metrics.types import (
    Cell,
    Definition,
    Feed,
    Figures,
    Measure,
    NoNumber,
    People,
    Unit,
    Words,
)
from services.core.objectives.errors import RangeError
from services.core.objectives.types import Range

DEFAULT_DAYS: Final = 28
MOST_DAYS: Final = 400
SHARES: Final = {"returning_share": Unit.SHARE, "retention": Unit.SHARE}
_NAMES: Final = [one.name for one in ROLLED]


async def find_edition(
    uow: UnitOfWork, first: date | None = None, until: date | None = None, *, zone: str
) -> Edition:
    """Which days are asked for, and a print of all that the page of them says.

    By default the last 28 days, today included, until before `until`. Days are those of the
    workspace's zone, or of `zone` where it chose none. Raises RangeError.
    """
    zone = await get_zone(uow, zone)
    today = rules.local_day(uow.now, zone)
    last = (until or today + timedelta(days=1)) - timedelta(days=1)
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise RangeError(MOST_DAYS)
    observed = await measuring.get_observed(uow)
    state = await dashboard.get_state(uow, first, last)
    return Edition(first, last, zone, today, state.as_of, state.stale, state.print, observed)


async def read_dashboard(
    uow: UnitOfWork,
    first: date | None = None,
    until: date | None = None,
    *,
    zone: str,
    compare: bool = True,
) -> Dashboard:
    """The page of the days from `first` to before `until`, as `find_edition` takes them."""
    edition = await find_edition(uow, first, until, zone=zone)
    return await read_edition(uow, edition, compare=compare)


async def read_edition(uow: UnitOfWork, edition: Edition, *, compare: bool = True) -> Dashboard:
    """The page of an edition that was just found in this unit."""
    first, last = edition.first, edition.last
    earlier, _ = rules.previous(first, last)
    totals, days = await dashboard.list_totals(uow, _NAMES, list(SERIES), (earlier, first, last))
    cells = await _read(uow, edition, totals)
    return Dashboard(
        first=first,
        last=last,
        zone=edition.zone,
        as_of=edition.as_of,
        stale_days=edition.stale_days,
        chapters={
            chapter: [_figure(name, cells, compare=compare) for name in names]
            for chapter, names in CHAPTERS.items()
        },
        series=_series(rules.day_range(first, last, edition.zone), days, edition, uow.now),
        negative_breakdown=await dashboard.list_causes(uow, first, last),
    )


async def _read(
    uow: UnitOfWork, edition: Edition, totals: Mapping[tuple[str, bool], Figures]
) -> dict[tuple[str, bool], Cell]:
    """Every number of the page, by its name and whether it is of the range or from before it."""
    first, last = edition.first, edition.last
    earlier, until = rules.previous(first, last)
    bins = await dashboard.list_bins(uow, earlier, first, last)
    people = await dashboard.list_people(uow, last, (last - first).days + 1)
    cells: dict[tuple[str, bool], Cell] = {}
    for ago, (begins, ends) in enumerate(((first, last), (earlier, until))):
        present = ago == 0
        span = rules.day_range(begins, ends, edition.zone)
        none = {
            feed: rules.why_none(span.start, span.end, edition.observed[feed], uow.now)
            for feed in Feed
        }
        found = {name: totals.get((name, present), rules.NOTHING) for name in _NAMES}
        times = found["response_time"]
        found["response_time"] = rules.from_bins(bins[present], times.count, times.total or 0.0)
        for definition in REGISTRY.values():
            if (figures := _found(definition, found)) is not None:
                reason = none[definition.feed]
                cells[definition.name, present] = rules.cell(definition, "", figures, reason)
        spoke = _people(people[ago], people[ago + 1], none[Feed.MESSAGES])
        cells |= {(name, present): cell for name, cell in spoke.items()}
    return cells


def _found(definition: Definition, found: dict[str, Figures]) -> Figures | None:
    if definition.of is not None and set(definition.of) <= set(found):
        first, second = (found[name] for name in definition.of)
        return rules.combined(first, second)
    return found.get(definition.name)


def _people(people: People, before: People, none: NoNumber | None) -> dict[str, Cell]:
    """Who commented, who had before, and how many of those of the days before came again."""
    found = {
        "commenters": (Measure.COUNT, Figures(people.spoke)),
        "returning_share": (Measure.SHARE, Figures(people.spoke, people.returned)),
        "retention": (Measure.SHARE, Figures(before.spoke, people.stayed)),
        "reactivated": (Measure.COUNT, Figures(people.came_back)),
    }
    return {
        name: rules.cell_of(measure, "", figures, none)
        for name, (measure, figures) in found.items()
    }


def _series(
    wanted: Range,
    found: Mapping[str, Mapping[date, Figures]],
    edition: Edition,
    now: datetime,
) -> dict[str, list[Point]]:
    none = {
        feed: rules.why_none_by_day(wanted, since, now) for feed, since in edition.observed.items()
    }
    series = {}
    for name in SERIES:
        definition, mine = REGISTRY[name], found[name]
        measure, reasons = definition.measure, none[definition.feed]
        series[name] = [
            Point(day, *rules.told(measure, mine.get(day, rules.NOTHING), reason))
            for day, reason in reasons.items()
        ]
    return series


def _figure(name: str, cells: dict[tuple[str, bool], Cell], *, compare: bool) -> Figure:
    definition = REGISTRY.get(name)
    if name in UNCONNECTED:
        nothing = Cell("", None, NoNumber.NOT_OBSERVED, 0, 0)
        return Figure(name, UNCONNECTED[name], Unit.RATIO, nothing, None, None)
    title = OF_PEOPLE[name] if name in OF_PEOPLE else _title(definition)
    unit = definition.unit if definition else SHARES.get(name, Unit.PEOPLE)
    now, before = cells[name, True], cells[name, False]
    if not compare:
        return Figure(name, title, unit, now, None, None)
    return Figure(name, title, unit, now, before, rules.change(now.value, before.value))


def _title(definition: Definition | None) -> Words:
    assert definition is not None  # noqa: S101 - every other name of the page is a metric's
    return definition.title
