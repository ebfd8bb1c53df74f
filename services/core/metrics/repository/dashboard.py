"""Adds up sums of days for the page: a few hundred rows come out, whatever was said."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork
from services.core.metrics.types import Figures, People

# One walk over the days: what each metric came to in the range, before it, and day by day. A row
# for each metric, its days as arrays: hundreds of rows cost our own process more than Postgres.
TOTALS: Final = """
SELECT metric,
  CAST(coalesce(sum(count) FILTER (WHERE present), 0) AS bigint) AS counted,
  CAST(coalesce(sum(part) FILTER (WHERE present), 0) AS bigint) AS part,
  sum(total) FILTER (WHERE present) AS total,
  CAST(coalesce(sum(count) FILTER (WHERE NOT present), 0) AS bigint) AS counted_before,
  CAST(coalesce(sum(part) FILTER (WHERE NOT present), 0) AS bigint) AS part_before,
  sum(total) FILTER (WHERE NOT present) AS total_before,
  array_agg(day) FILTER (WHERE shown) AS days, array_agg(count) FILTER (WHERE shown) AS counts,
  array_agg(part) FILTER (WHERE shown) AS parts, array_agg(total) FILTER (WHERE shown) AS totals
FROM (
  SELECT metric, day, count, part, total, day >= CAST(:first AS date) AS present,
    day >= CAST(:first AS date) AND metric = ANY(CAST(:series AS text[])) AS shown
  FROM metric_rollups
  WHERE workspace_id = :workspace_id AND metric = ANY(CAST(:metrics AS text[]))
    AND split = 'total' AND day >= CAST(:before AS date) AND day <= CAST(:last AS date)
) AS kept GROUP BY metric
"""
BINS: Final = """
SELECT day >= CAST(:first AS date) AS present, CAST(b.key AS int) AS bin,
  CAST(sum(CAST(b.value AS bigint)) AS bigint) AS counted
FROM metric_rollups r CROSS JOIN LATERAL jsonb_each_text(r.bins) AS b
WHERE r.workspace_id = :workspace_id AND r.metric = 'response_time' AND r.split = 'total'
  AND r.day >= CAST(:before AS date) AND r.day <= CAST(:last AS date)
GROUP BY 1, 2
"""
# Who is new to a range had not commented since its first day; the days before say since when. The
# ranges are as long as each other: the page's own, the one before it, and the one before that.
PEOPLE: Final = """
SELECT ago,
  coalesce(sum(people - before), 0) AS spoke, coalesce(sum(known - before), 0) AS returned,
  coalesce(sum(earlier - before), 0) AS stayed, coalesce(sum(known - lately), 0) AS came_back
FROM (
  SELECT ago, people, known,
    coalesce(within[least(place, longest)], 0) AS before,
    coalesce(within[least(place + CAST(:days AS int), longest)], 0) AS earlier,
    coalesce(within[least(30, longest)], 0) AS lately
  FROM (
    SELECT (CAST(:last AS date) - day) / CAST(:days AS int) AS ago, people, known, within,
      CAST(:days AS int) - 1 - (CAST(:last AS date) - day) % CAST(:days AS int) AS place,
      cardinality(within) AS longest
    FROM metric_days
    WHERE workspace_id = :workspace_id AND day <= CAST(:last AS date)
      AND day > CAST(:last AS date) - 3 * CAST(:days AS int)
  ) AS placed
) AS days GROUP BY ago
"""
KEYS: Final = """
SELECT key, CAST(sum(count) AS bigint) AS counted FROM metric_rollups
WHERE workspace_id = :workspace_id AND metric = 'negative_breakdown' AND split = 'subtype'
  AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
GROUP BY key ORDER BY 2 DESC, 1
"""
# A day's row is written anew whenever its sums are, or who commented within days before it: the
# transactions that wrote them tell one state of all the page stands on from any other.
STATE: Final = """
SELECT min(as_of) FILTER (WHERE day >= CAST(:first AS date)) AS as_of,
  count(*) FILTER (WHERE stale_since IS NOT NULL AND day >= CAST(:first AS date)) AS stale,
  coalesce(md5(string_agg(day || ' ' || xmin, ',' ORDER BY day)), '') AS print
FROM metric_days
WHERE workspace_id = :workspace_id AND day > CAST(:last AS date) - 3 * CAST(:days AS int)
  AND day <= CAST(:last AS date)
"""


async def list_totals(
    uow: UnitOfWork, metrics: list[str], series: list[str], bounds: tuple[date, date, date]
) -> tuple[dict[tuple[str, bool], Figures], dict[str, dict[date, Figures]]]:
    """By metric, and whether it is of the range or of the days before it; and `series` by days.

    `bounds` are the first day before, and the first and the last of the range.
    """
    before, first, last = bounds
    bound = {"metrics": metrics, "series": series, "before": before, "first": first, "last": last}
    totals: dict[tuple[str, bool], Figures] = {}
    days: dict[str, dict[date, Figures]] = {name: {} for name in series}
    for row in await _run(uow, TOTALS, bound):
        totals[row.metric, True] = _figures(row.counted, row.part, row.total)
        totals[row.metric, False] = _figures(row.counted_before, row.part_before, row.total_before)
        if row.days is not None:
            each = zip(row.days, row.counts, row.parts, row.totals, strict=True)
            days[row.metric] = {day: _figures(*figures) for day, *figures in each}
    return totals, days


async def list_bins(
    uow: UnitOfWork, before: date, first: date, last: date
) -> dict[bool, list[tuple[int, int]]]:
    """Of response times, by whether they are of the range."""
    found: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    bound = {"before": before, "first": first, "last": last}
    for row in await _run(uow, BINS, bound):
        found[row.present].append((row.bin, row.counted))
    return found


async def list_people(uow: UnitOfWork, last: date, days: int) -> list[People]:
    """Of so many days until the last one, of as many before, and of as many before those."""
    found = {row.ago: row for row in await _run(uow, PEOPLE, {"last": last, "days": days})}
    return [_people(found.get(ago)) for ago in range(3)]


async def list_causes(uow: UnitOfWork, first: date, last: date) -> dict[str, int]:
    """What people were unhappy about, the most frequent first."""
    bound = {"first": first, "last": last}
    return {row.key: row.counted for row in await _run(uow, KEYS, bound)}


async def get_state(uow: UnitOfWork, first: date, last: date) -> Row[Any]:
    """When the oldest sum was made, how many are stale, and a print of all of them."""
    days = (last - first).days + 1
    (row,) = await _run(uow, STATE, {"first": first, "last": last, "days": days})
    return row


async def _run(uow: UnitOfWork, statement: str, bound: dict[str, Any]) -> list[Row[Any]]:
    return list(await uow.execute(statement, {"workspace_id": uow.workspace_id} | bound))


def _figures(count: int, part: int, total: Decimal | None) -> Figures:
    return Figures(count, part, None if total is None else float(total))


def _people(row: Row[Any] | None) -> People:
    if row is None:
        return People(0, 0, 0, 0)
    return People(int(row.spoke), int(row.returned), int(row.stayed), int(row.came_back))
