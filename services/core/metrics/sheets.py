"""A metric as a table of plain cells, for spreadsheets."""

import csv
import io
from typing import Final

from services.core.metrics.types import Measured
from services.core.objectives.sheets import harmless

BINS: Final = ("up_to_1h", "up_to_4h", "up_to_8h", "up_to_24h", "over_24h")
COLUMNS: Final = ("by", "key", "value", "reason", "count", "part", "median", "p90", *BINS)


def as_csv(found: Measured) -> str:
    """With a line of names, one of the total, and no cell a spreadsheet would run."""
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    split = found.by.value if found.by else "total"
    for name, cell in (("total", found.total), *((split, cell) for cell in found.items)):
        reason = cell.reason.value if cell.reason else None
        bins = cell.histogram or (None,) * len(BINS)
        line = (name, cell.key, cell.value, reason, cell.count, cell.part, cell.median, cell.p90)
        writer.writerow([harmless(value) for value in (*line, *bins)])
    return paper.getvalue()
