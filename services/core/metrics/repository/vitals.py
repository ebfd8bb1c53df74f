"""Reads what a few metrics came to lately in every workspace, out of sums of days, at once."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

PATIENCE: Final = "SET LOCAL statement_timeout = '2s'"
# One look into the key of the sums for each figure: OFFSET 0 keeps it from becoming a walk over
# all days there are.
VITALS: Final = """
SELECT h.workspace_id, w.metric, w.split, d.ago, r.key, r.count AS counted, r.part
FROM (
  SELECT workspace_id, zone FROM metric_heads
  WHERE CAST(:workspace_id AS uuid) IS NULL OR workspace_id = CAST(:workspace_id AS uuid)
  ORDER BY workspace_id LIMIT :most
) AS h
CROSS JOIN unnest(CAST(:metrics AS text[]), CAST(:splits AS text[])) AS w (metric, split)
CROSS JOIN generate_series(0, 1) AS d (ago)
CROSS JOIN LATERAL (
  SELECT key, count, part FROM metric_rollups
  WHERE workspace_id = h.workspace_id AND metric = w.metric AND split = w.split
    AND day = CAST(CAST(:now AS timestamptz) AT TIME ZONE h.zone AS date) - d.ago
  OFFSET 0
) AS r
ORDER BY h.workspace_id, w.metric, w.split, r.key, d.ago
"""


async def list_vitals(
    uow: UnitOfWork, wanted: Iterable[tuple[str, str]], *, workspace_id: UUID | None, most: int
) -> list[Row[Any]]:
    """Of today and of yesterday in each workspace's own zone; `wanted` are metrics and splits."""
    metrics, splits = zip(*wanted, strict=True)
    await uow.execute(PATIENCE)
    found = await uow.execute(
        VITALS,
        {
            "workspace_id": workspace_id,
            "metrics": list(metrics),
            "splits": list(splits),
            "most": most,
            "now": uow.now,
        },
    )
    return list(found)
