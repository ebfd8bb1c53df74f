"""Attainment as a table of plain cells, for spreadsheets and terminals."""

import csv
import io
from typing import Any, Final

from services.core.objectives.types import Attainment, Cell

BINS: Final = ("up_to_1h", "up_to_4h", "up_to_8h", "up_to_24h", "over_24h")
# What makes a spreadsheet take a cell for a formula: a handle may begin like that. Where Chinese is
# typed, full-width signs are read as the plain ones.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")

# What a program may pass over before it looks.
_BLANKS: Final = " \u00a0\u200b\u3000\ufeff"

COLUMNS: Final = (
    "by",
    "key",
    *(
        f"{prefix}{what}"
        for prefix in ("", "target_", "promise_")
        for what in ("met", "missed", "open", "rate")
    ),
    *(
        f"{name}_{what}"
        for name in ("wall", "counted")
        for what in ("count", "mean_seconds", "median_seconds", "p90_seconds")
    ),
    *BINS,
)


def lines(found: Attainment) -> list[list[Any]]:
    """A line a key, then one of all responses and one of resolution; None where nothing is known.

    A line's first cell says what it is: the split, `total`, or `resolution`.
    """
    split = [[found.by.value, key, *_cells(cell)] for key, cell in found.items]
    apart = (("total", found.total), ("resolution", found.resolution))
    return [*split, *([name, "", *_cells(cell)] for name, cell in apart)]


def as_csv(found: Attainment) -> str:
    """With a line of names, and no cell a spreadsheet would run."""
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([[harmless(value) for value in line] for line in lines(found)])
    return paper.getvalue()


def harmless(value: Any) -> Any:
    """A text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.lstrip(_BLANKS).startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _cells(cell: Cell) -> list[Any]:
    values: list[Any] = []
    for share in (cell.clock, cell.target, cell.promise):
        values += [share.met, share.missed, share.open, share.rate]
    for times in (cell.wall, cell.counted):
        values += [times.count, times.mean, times.median, times.p90]
    return [*values, *cell.histogram]
