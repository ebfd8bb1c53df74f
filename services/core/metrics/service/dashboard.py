"""The community-health page in one call, out of sums of days alone."""

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
    Unit,
    Words,
)
from services.core.objectives.errors import RangeError
from services.core.objectives.types import Range

DEFAULT_DAYS: Final = 28
MOST_DAYS: Final = 400
SHARES: Final = {"returning_share": Unit.SHARE, "retention": Unit.SHARE}
Observed = dict[Feed, datetime | None]
_NAMES: Final = [one.name for one in ROLLED]


async def read_dashboard(
    uow: UnitOfWork,
    first: date | None = None,
    until: date | None = None,
    *,
    zone: str,
    compare: bool = True,
) -> Dashboard:
    """The page of the days from `first` to before `until`: by default the last 28, today included.

    Days are those of the workspace's zone, or of `zone` where it chose none. Raises RangeError.
    """
    zone = await get_zone(uow, zone)
    today = rules.local_day(uow.now, zone)
    last = (until or today + timedelta(days=1)) - timedelta(days=1)
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise RangeError(MOST_DAYS)
    observed = await measuring.get_observed(uow)
    cells = await _read(uow, first, last, zone, observed)
    state = await dashboard.get_state(uow, first, last)
    return Dashboard(
        first=first,
        last=last,
        zone=zone,
        as_of=state.as_of,
        stale_days=state.stale,
        chapters={
            chapter: [_figure(name, cells, compare=compare) for name in names]
            for chapter, names in CHAPTERS.items()
        },
        series=await _series(uow, rules.day_range(first, last, zone), observed),
        negative_breakdown=await dashboard.list_causes(uow, first, last),
    )


async def _read(
    uow: UnitOfWork, first: date, last: date, zone: str, observed: Observed
) -> dict[tuple[str, bool], Cell]:
    """Every number of the page, by its name and whether it is of the range or from before it."""
    earlier, _ = rules.previous(first, last)
    totals = await dashboard.list_totals(uow, _NAMES, earlier, first, last)
    bins = await dashboard.list_bins(uow, earlier, first, last)
    cells: dict[tuple[str, bool], Cell] = {}
    for present, begins, ends in (
        (True, first, last),
        (False, earlier, first - timedelta(days=1)),
    ):
        span = rules.day_range(begins, ends, zone)
        none = {
            feed: rules.why_none(span.start, span.end, observed[feed], uow.now) for feed in Feed
        }
        found = {name: totals.get((name, present), rules.NOTHING) for name in _NAMES}
        times = found["response_time"]
        found["response_time"] = rules.from_bins(bins[present], times.count, times.total or 0.0)
        for definition in REGISTRY.values():
            if (figures := _found(definition, found)) is not None:
                reason = none[definition.feed]
                cells[definition.name, present] = rules.cell(definition, "", figures, reason)
        people = await _people(uow, begins, ends, none[Feed.MESSAGES])
        cells |= {(name, present): cell for name, cell in people.items()}
    return cells


def _found(definition: Definition, found: dict[str, Figures]) -> Figures | None:
    if definition.of is not None and set(definition.of) <= set(found):
        first, second = (found[name] for name in definition.of)
        return rules.combined(first, second)
    return found.get(definition.name)


async def _people(
    uow: UnitOfWork, first: date, last: date, none: NoNumber | None
) -> dict[str, Cell]:
    """Who commented, who had before, and how many of those of the days before came again."""
    earlier, until = rules.previous(first, last)
    people = await dashboard.count_people(uow, earlier, first, last)
    before = await dashboard.count_people(uow, earlier, earlier, until)
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


async def _series(uow: UnitOfWork, wanted: Range, observed: Observed) -> dict[str, list[Point]]:
    days = rules.days_of(wanted)
    found = await dashboard.list_series(uow, list(SERIES), days[0], days[-1])
    series = {}
    for name in SERIES:
        definition = REGISTRY[name]
        mine = {day.isoformat(): figures for (of, day), figures in found.items() if of == name}
        cells = rules.filled(definition, wanted, mine, observed[definition.feed], uow.now)
        series[name] = [Point(date.fromisoformat(c.key), c.value, c.reason) for c in cells]
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
