"""How communities do today, a few numbers of each, for those who watch many of them at once."""

from typing import Final
from uuid import UUID

from services.core.kit.uow import Database
from services.core.metrics import rules
from services.core.metrics.definitions import REGISTRY
from services.core.metrics.repository import vitals
from services.core.metrics.sums import TOTAL_SPLIT
from services.core.metrics.types import Figures, Split, Vital

# What is told, and split by what besides the total: only what sums of days have.
TOLD: Final = {
    "attainment": (TOTAL_SPLIT, Split.TIER.value),
    "reply_rate": (TOTAL_SPLIT,),
    "negative_share": (TOTAL_SPLIT,),
}
# Whoever watches more of them has one told at a time.
MOST_WORKSPACES: Final = 200


async def read_vitals(database: Database, workspace_id: UUID | None = None) -> list[Vital]:
    """Today's and yesterday's figures of one workspace, or of the first 200, in one statement.

    What has no number, for nothing happened, is left out. Raises UnavailableError when the
    database is away or too busy to say within 2 s.
    """
    wanted = [(name, split) for name, splits in TOLD.items() for split in splits]
    async with database.system() as uow:
        rows = await vitals.list_vitals(
            uow, wanted, workspace_id=workspace_id, most=MOST_WORKSPACES
        )
    found = []
    for row in rows:
        figures = Figures(row.counted, row.part)
        cell = rules.cell(REGISTRY[row.metric], row.key, figures)
        if cell.value is not None:
            tier = row.key if row.split == Split.TIER else None
            found.append(Vital(row.workspace_id, row.metric, tier, row.ago, cell.value, cell.count))
    return found
