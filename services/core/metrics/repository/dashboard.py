"""Adds up sums of days for the page: a few hundred rows come out, whatever was said."""

from datetime import date
from typing import Any, Final

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork
from services.core.metrics.types import Figures, People

TOTALS: Final = """
SELECT metric, day >= CAST(:first AS date) AS present, CAST(sum(count) AS bigint) AS counted,
  CAST(sum(part) AS bigint) AS part, sum(total) AS total
FROM metric_rollups
WHERE workspace_id = :workspace_id AND metric = ANY(CAST(:metrics AS text[])) AND split = 'total'
  AND day >= CAST(:before AS date) AND day <= CAST(:last AS date)
GROUP BY 1, 2
"""
DAYS: Final = """
SELECT metric, day, count AS counted, part, total FROM metric_rollups
WHERE workspace_id = :workspace_id AND metric = ANY(CAST(:metrics AS text[])) AND split = 'total'
  AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
"""
BINS: Final = """
SELECT day >= CAST(:first AS date) AS present, CAST(b.key AS int) AS bin,
  CAST(sum(CAST(b.value AS bigint)) AS bigint) AS counted
FROM metric_rollups r CROSS JOIN LATERAL jsonb_each_text(r.bins) AS b
WHERE r.workspace_id = :workspace_id AND r.metric = 'response_time' AND r.split = 'total'
  AND r.day >= CAST(:before AS date) AND r.day <= CAST(:last AS date)
GROUP BY 1, 2
"""
# Who is new to a range had not commented since its first day; the days before say since when.
PEOPLE: Final = """
SELECT coalesce(sum(people - before), 0) AS spoke, coalesce(sum(known - before), 0) AS returned,
  coalesce(sum(earlier - before), 0) AS stayed, coalesce(sum(known - lately), 0) AS came_back
FROM (
  SELECT people, known,
    coalesce(within[least(day - CAST(:first AS date), cardinality(within))], 0) AS before,
    coalesce(within[least(day - CAST(:earlier AS date), cardinality(within))], 0) AS earlier,
    coalesce(within[least(30, cardinality(within))], 0) AS lately
  FROM metric_days
  WHERE workspace_id = :workspace_id AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
) AS days
"""
KEYS: Final = """
SELECT key, CAST(sum(count) AS bigint) AS counted FROM metric_rollups
WHERE workspace_id = :workspace_id AND metric = 'negative_breakdown' AND split = 'subtype'
  AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
GROUP BY key ORDER BY 2 DESC, 1
"""
STATE: Final = """
SELECT min(as_of) AS as_of, count(*) FILTER (WHERE stale_since IS NOT NULL) AS stale
FROM metric_days
WHERE workspace_id = :workspace_id AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
"""


async def list_totals(
    uow: UnitOfWork, metrics: list[str], before: date, first: date, last: date
) -> dict[tuple[str, bool], Figures]:
    """By metric, and whether it is of the range or of the days before it."""
    bound = {"metrics": metrics, "before": before, "first": first, "last": last}
    return {(row.metric, row.present): _figures(row) for row in await _run(uow, TOTALS, bound)}


async def list_series(
    uow: UnitOfWork, metrics: list[str], first: date, last: date
) -> dict[tuple[str, date], Figures]:
    bound = {"metrics": metrics, "first": first, "last": last}
    return {(row.metric, row.day): _figures(row) for row in await _run(uow, DAYS, bound)}


async def list_bins(
    uow: UnitOfWork, before: date, first: date, last: date
) -> dict[bool, list[tuple[int, int]]]:
    """Of response times, by whether they are of the range."""
    found: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    bound = {"before": before, "first": first, "last": last}
    for row in await _run(uow, BINS, bound):
        found[row.present].append((row.bin, row.counted))
    return found


async def count_people(uow: UnitOfWork, earlier: date, first: date, last: date) -> People:
    (row,) = await _run(uow, PEOPLE, {"earlier": earlier, "first": first, "last": last})
    return People(int(row.spoke), int(row.returned), int(row.stayed), int(row.came_back))


async def list_causes(uow: UnitOfWork, first: date, last: date) -> dict[str, int]:
    """What people were unhappy about, the most frequent first."""
    bound = {"first": first, "last": last}
    return {row.key: row.counted for row in await _run(uow, KEYS, bound)}


async def get_state(uow: UnitOfWork, first: date, last: date) -> Row[Any]:
    (row,) = await _run(uow, STATE, {"first": first, "last": last})
    return row


async def _run(uow: UnitOfWork, statement: str, bound: dict[str, Any]) -> list[Row[Any]]:
    return list(await uow.execute(statement, {"workspace_id": uow.workspace_id} | bound))


def _figures(row: Row[Any]) -> Figures:
    return Figures(row.counted, row.part, None if row.total is None else float(row.total))
