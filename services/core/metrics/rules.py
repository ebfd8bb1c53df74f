"""Decide what a number is, when it is none and why, and how sums of days add up again."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from services.core.kit.zones import find_zone
from services.core.metrics.errors import CellError, UnknownSplitError
from services.core.metrics.types import (
    Cell,
    Coordinates,
    Definition,
    Figures,
    Head,
    Measure,
    NoNumber,
    Part,
    Split,
)
from services.core.objectives.errors import UnknownTimeZoneError
from services.core.objectives.types import Range

HOUR: Final = 3600.0
# A histogram as people read it: up to so many hours, the edge included, and beyond.
READ_EDGES: Final = (HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR)
# As sums of days keep it: eight bins for each doubling from 14 s to 9 months, and 24 h for itself,
# so that the read one comes out of it to the last answer. A percentile is told within 9 %.
EDGES: Final = tuple(sorted({*(HOUR * 2 ** (step / 8) for step in range(-64, 105)), 24 * HOUR}))

# Sums of days may take a tenth of the time, and are never older than this because of it.
REST_FACTOR: Final = 9
LONGEST_REST: Final = timedelta(minutes=10)

NOTHING: Final = Figures(0)
BY_TIME: Final = (Split.DAY, Split.MONTH, Split.HOUR, Split.WEEKDAY, Split.HOUR_OF_WEEK)
# Split by these, the largest come first.
BY_SIZE: Final = (Split.FOLLOWER, Split.POST, Split.MEMBER, Split.SOURCE, Split.SUBTYPE)


def splits(definition: Definition, registry: Mapping[str, Definition]) -> list[Split]:
    """What a metric may be split by; made of two others, what both may be."""
    if definition.of is None:
        keys = definition.rows.keys if definition.rows else {}
        return [by for by in Split if by in keys]
    first, second = (splits(registry[name], registry) for name in definition.of)
    return [by for by in first if by in second]


def require_split(
    definition: Definition, registry: Mapping[str, Definition], by: Split | None
) -> Split | None:
    """`by`, or what the metric is usually split by. Raises UnknownSplitError."""
    by = by or definition.default_by
    allowed = splits(definition, registry)
    if by is not None and by not in allowed:
        raise UnknownSplitError([one.value for one in allowed])
    return by


def require_cell(definition: Definition, wanted: Coordinates) -> None:
    """Raises CellError when no cell has such coordinates."""
    if (wanted.by is None) != (wanted.key is None):
        raise CellError("Give `by` and `key` together, or neither.")
    one_kind = definition.measure in {Measure.COUNT, Measure.TIMES, Measure.MEAN}
    if wanted.part is Part.PART and one_kind:
        raise CellError("This metric has one kind of rows; leave `part` out.")


def cell(definition: Definition, key: str, found: Figures, none: NoNumber | None = None) -> Cell:
    """The value of what was found; of nothing, for the reason `none`, where there is one."""
    return cell_of(definition.measure, key, found, none)


def cell_of(measure: Measure, key: str, found: Figures, none: NoNumber | None) -> Cell:
    """The same by the measure alone."""
    value, reason = told(measure, found, none)
    return Cell(
        key=key,
        value=value,
        reason=reason,
        count=found.count,
        part=found.part,
        median=found.median,
        p90=found.p90,
        histogram=found.histogram,
    )


def told(
    measure: Measure, found: Figures, none: NoNumber | None
) -> tuple[float | None, NoNumber | None]:
    """A number, or why there is none."""
    lone = measure is Measure.DIFFERENCE and found.part
    if none is not None and not found.count and not lone:
        return None, none
    value = _value(measure, found)
    return value, NoNumber.NOTHING_TO_DIVIDE if value is None else None


def combined(first: Figures, second: Figures) -> Figures:
    """Of a metric made of two: what is divided by, or subtracted from, and the other."""
    return Figures(first.count, second.count)


def adds_up(definition: Definition, by: Split | None) -> bool:
    """Whether a metric's cells of a split come to its total: each row is in one, and counted."""
    rows = definition.rows
    counted = definition.measure in {Measure.COUNT, Measure.SHARE}
    return (
        by is not None and rows is not None and counted and not rows.group and by not in rows.joins
    )


def added(cells: Iterable[Figures]) -> Figures:
    """The total of cells that add up."""
    counts = [(found.count, found.part) for found in cells]
    return Figures(sum(count for count, _ in counts), sum(part for _, part in counts))


def why_none(
    start: datetime, end: datetime, since: datetime | None, now: datetime
) -> NoNumber | None:
    """Why a range says nothing: nothing was heard of yet, or it has not begun."""
    if since is None or end <= since:
        return NoNumber.NOT_OBSERVED
    return NoNumber.NOT_YET if start >= now else None


def require_zone(zone: str, *, pointer: str = "query/tz") -> None:
    """Raises UnknownTimeZoneError."""
    if find_zone(zone) is None:
        raise UnknownTimeZoneError(pointer)


def is_resting(head: Head, now: datetime) -> bool:
    return head.rests_until is not None and now < head.rests_until


def rest_after(seconds: float, now: datetime) -> datetime:
    """When a workspace's days may be done again that took so long: a tenth of the time is theirs.

    Never later than `LONGEST_REST` from now, however long they took.
    """
    return now + min(timedelta(seconds=seconds) * (1 + REST_FACTOR), LONGEST_REST)


def days_of(wanted: Range) -> list[date]:
    """Every day of the zone that the range touches."""
    zone = ZoneInfo(wanted.zone)
    first = wanted.start.astimezone(zone).date()
    last = (wanted.end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def day_range(first: date, last: date, zone: str) -> Range:
    """From the beginning of one day to the end of another, in the zone."""
    return Range(midnight(first, zone), midnight(last + timedelta(days=1), zone), zone)


# Of a page of ninety days each is asked for by every feed.
@lru_cache(maxsize=4096)
def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def local_days(hour: datetime, zone: str) -> set[date]:
    """The days an hour belongs to: two where a zone keeps other minutes than UTC."""
    place = ZoneInfo(zone)
    end = hour + timedelta(hours=1, microseconds=-1)
    return {hour.astimezone(place).date(), end.astimezone(place).date()}


def filled(
    definition: Definition,
    wanted: Range,
    found: Mapping[str, Figures],
    since: datetime | None,
    now: datetime,
) -> list[Cell]:
    """A cell for each day of the range; nothing happened is not the same as nothing observed."""
    none = why_none_by_day(wanted, since, now)
    return [
        cell(definition, day.isoformat(), found.get(day.isoformat(), NOTHING), reason)
        for day, reason in none.items()
    ]


def why_none_by_day(
    wanted: Range, since: datetime | None, now: datetime
) -> dict[date, NoNumber | None]:
    """Why each day of the range says nothing where nothing was counted."""
    days = days_of(wanted)
    midnights = [midnight(day, wanted.zone) for day in [*days, days[-1] + timedelta(days=1)]]
    return {
        day: why_none(start, end, since, now)
        for day, (start, end) in zip(days, pairwise(midnights), strict=True)
    }


def previous(first: date, last: date) -> tuple[date, date]:
    """As many days just before."""
    length = last - first + timedelta(days=1)
    return first - length, last - length


def change(now: float | None, before: float | None) -> float | None:
    """How much more, as a share of before; None when one of them is not known or was nothing."""
    if now is None or not before:
        return None
    return (now - before) / before


def from_bins(bins: Iterable[tuple[int, int]], count: int, total: float) -> Figures:
    """Times out of sums of days: mean and histogram exact, percentiles to the end of their bin."""
    if not count:
        return NOTHING
    counts = [0] * (len(EDGES) + 1)
    for place, number in bins:
        counts[place] += number
    read = [0] * (len(READ_EDGES) + 1)
    for place, number in enumerate(counts):
        upper = EDGES[place] if place < len(EDGES) else float("inf")
        read[bisect_left(READ_EDGES, upper)] += number
    return Figures(
        count,
        total=total,
        median=_percentile(counts, count, 0.5),
        p90=_percentile(counts, count, 0.9),
        histogram=tuple(read),
    )


def _percentile(counts: list[int], count: int, share: float) -> float:
    """The upper end of the bin the nearest rank lies in."""
    place = bisect_left(list(accumulate(counts)), count * share)
    return round(EDGES[min(place, len(EDGES) - 1)], 3)


def _value(measure: Measure, found: Figures) -> float | None:
    if measure is Measure.COUNT:
        return found.count
    if measure is Measure.DIFFERENCE:
        return found.count - found.part
    if not found.count:
        return None
    if measure in {Measure.SHARE, Measure.RATIO}:
        return found.part / found.count
    return None if found.total is None else round(found.total / found.count, 3)
