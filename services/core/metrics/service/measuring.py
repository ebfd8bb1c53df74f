"""Read a metric out of raw rows, as of now, and the rows behind each of its cells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.kit.uow import UnitOfWork
from services.core.metrics import rules
from services.core.metrics.definitions import REGISTRY
from services.core.metrics.errors import UnknownMetricError
from services.core.metrics.repository import measuring
from services.core.metrics.types import (
    Coordinates,
    Definition,
    Figures,
    Measured,
    Part,
    RowPlace,
    Split,
)
from services.core.objectives.types import Range

# More keys than this are no table anybody reads.
MOST_CELLS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Counted:
    """One row behind a cell. `subject` says what its id is of; `value` is what it added."""

    id: UUID
    subject: str
    at: datetime
    part: bool
    value: float | None


def get_definition(name: str) -> Definition:
    """Raises UnknownMetricError."""
    found = REGISTRY.get(name)
    if found is None:
        raise UnknownMetricError
    return found


def splits_of(definition: Definition) -> list[Split]:
    """What a metric may be split by."""
    return rules.splits(definition, REGISTRY)


async def measure(
    uow: UnitOfWork, name: str, wanted: Range, by: Split | None = None, *, limit: int = MOST_CELLS
) -> Measured:
    """A metric over a range, split. Raises UnknownMetricError, UnknownSplitError.

    Split by day, every day has a cell, empty ones too; else only keys something was found for.
    """
    definition = get_definition(name)
    by = rules.require_split(definition, REGISTRY, by)
    since = (await measuring.get_observed(uow))[definition.feed]
    none = rules.why_none(wanted.start, wanted.end, since, uow.now)
    found = {} if by is None else await _split(uow, definition, wanted, by, limit)
    if rules.adds_up(definition, by) and len(found) <= limit:
        total = rules.added(found.values())
    else:
        total = await _total(uow, definition, wanted)
    if by is Split.DAY:
        items = rules.filled(definition, wanted, found, since, uow.now)
    else:
        items = [rules.cell(definition, key, figures) for key, figures in found.items()][:limit]
    return Measured(
        definition=definition,
        range=wanted,
        by=by,
        as_of=uow.now,
        observed_since=since,
        total=rules.cell(definition, "", total, none),
        items=items,
        truncated=len(found) > limit,
    )


async def list_rows(
    uow: UnitOfWork,
    name: str,
    wanted: Range,
    cell: Coordinates,
    *,
    after: RowPlace | None = None,
    limit: int = 50,
) -> list[Counted]:
    """The rows behind a cell, the first first.

    Raises UnknownMetricError, UnknownSplitError, CellError.
    """
    definition = get_definition(name)
    rules.require_cell(definition, cell)
    if cell.by is not None:
        rules.require_split(definition, REGISTRY, cell.by)
    part = cell.part
    if definition.of is not None:
        # Of a metric made of two, each part is all of one of them.
        definition = REGISTRY[definition.of[part is Part.PART]]
        part = Part.ALL
    assert definition.rows is not None  # noqa: S101 - what is made of two is resolved above
    rows = definition.rows
    place = (cell.by, cell.key, part)
    found = await measuring.list_rows(uow, (rows, wanted), place, after=after, limit=limit)
    return [
        Counted(row.id, rows.subject, row.at, bool(row.mark), _number(row.value)) for row in found
    ]


async def _total(uow: UnitOfWork, definition: Definition, wanted: Range) -> Figures:
    if definition.of is None:
        assert definition.rows is not None  # noqa: S101 - a definition has rows, or is of two
        return await measuring.get_figures(uow, (definition, definition.rows), wanted)
    first, second = [await _total(uow, REGISTRY[name], wanted) for name in definition.of]
    return rules.combined(first, second)


async def _split(
    uow: UnitOfWork, definition: Definition, wanted: Range, by: Split, limit: int
) -> dict[str, Figures]:
    if definition.of is None:
        assert definition.rows is not None  # noqa: S101 - a definition has rows, or is of two
        asked = (definition, definition.rows)
        found = await measuring.list_figures(uow, asked, wanted, by, limit)
        return dict(found)
    first, second = [await _split(uow, REGISTRY[name], wanted, by, limit) for name in definition.of]
    keys = dict.fromkeys((*first, *second))
    nothing = rules.NOTHING
    return {key: rules.combined(first.get(key, nothing), second.get(key, nothing)) for key in keys}


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)
