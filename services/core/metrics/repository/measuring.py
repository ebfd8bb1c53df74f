"""Runs what a definition says over raw rows, and reads the answer as what it means."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork
from services.core.metrics import statements
from services.core.metrics.rules import NOTHING, READ_EDGES
from services.core.metrics.types import (
    Definition,
    Feed,
    Figures,
    Part,
    RowPlace,
    Rows,
    Split,
)
from services.core.objectives.types import Range

# A metric, and its rows.
Asked = tuple[Definition, Rows]


async def list_figures(
    uow: UnitOfWork, asked: Asked, wanted: Range, by: Split | None, limit: int
) -> list[tuple[str, Figures]]:
    """What each key came to; more than `limit` of them say that there are more."""
    statement = statements.cells(*asked, by)
    found = await _rows(uow, statement, _range(wanted) | {"limit": limit + 1})
    return [(row.key, _figures(row)) for row in found]


async def get_figures(uow: UnitOfWork, asked: Asked, wanted: Range) -> Figures:
    found = await list_figures(uow, asked, wanted, None, 1)
    return found[0][1] if found else NOTHING


async def list_rows(
    uow: UnitOfWork,
    asked: tuple[Rows, Range],
    cell: tuple[Split | None, str | None, Part],
    *,
    after: RowPlace | None,
    limit: int,
) -> list[Row[Any]]:
    (rows, wanted), (by, key, part) = asked, cell
    statement = statements.listed(rows, by, part, after=after is not None)
    bound = _range(wanted) | {"key": key, "limit": limit}
    if after is not None:
        bound |= {"after_at": after[0], "after_id": after[1]}
    return await _rows(uow, statement, bound)


async def get_observed(uow: UnitOfWork) -> dict[Feed, datetime | None]:
    """Since when each feed was heard of."""
    (row,) = await _rows(uow, statements.OBSERVED, {})
    return {feed: getattr(row, feed.value) for feed in Feed}


async def _rows(uow: UnitOfWork, statement: str, bound: dict[str, Any]) -> list[Row[Any]]:
    every = {"workspace_id": uow.workspace_id, "now": uow.now} | bound
    named = {name: value for name, value in every.items() if f":{name}" in statement}
    return list(await uow.execute(statement, named))


def _range(wanted: Range) -> dict[str, Any]:
    return {"start": wanted.start, "end": wanted.end, "zone": wanted.zone}


def _figures(row: Row[Any]) -> Figures:
    total = None if row.total is None else float(row.total)
    if not hasattr(row, "median"):
        return Figures(row.counted, row.part, total)
    bins = tuple(getattr(row, f"bin_{place}") for place in range(len(READ_EDGES) + 1))
    return Figures(row.counted, row.part, total, _rounded(row.median), _rounded(row.p90), bins)


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)
