"""Numbers: a metric by its name, the rows behind it, sums of days, and the page of all of them."""

from services.core.metrics.service.dashboard import find_edition, read_dashboard, read_edition
from services.core.metrics.service.measuring import (
    MOST_CELLS,
    Counted,
    get_definition,
    list_rows,
    measure,
    splits_of,
)
from services.core.metrics.service.summing import (
    DAYS_A_UNIT,
    catch_up,
    get_zone,
    rebuild,
    recount,
    recount_due,
    refresh,
    set_zone,
)
from services.core.metrics.service.vitals import MOST_WORKSPACES, TOLD, read_vitals

__all__ = [
    "DAYS_A_UNIT",
    "MOST_CELLS",
    "MOST_WORKSPACES",
    "TOLD",
    "Counted",
    "catch_up",
    "find_edition",
    "get_definition",
    "get_zone",
    "list_rows",
    "measure",
    "read_dashboard",
    "read_edition",
    "read_vitals",
    "rebuild",
    "recount",
    "recount_due",
    "refresh",
    "set_zone",
    "splits_of",
]
