"""SQL of refused signatures: how many of a source in one minute, and forgetting them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.core.kit.uow import UnitOfWork

NOTE = """
INSERT INTO signature_refusals (workspace_id, source_id, minute, count)
SELECT :workspace_id, r.source_id, date_trunc('minute', CAST(:now AS timestamptz)), r.count
FROM unnest(CAST(:source_ids AS uuid[]), CAST(:counts AS integer[])) AS r(source_id, count)
ON CONFLICT (workspace_id, source_id, minute)
DO UPDATE SET count = signature_refusals.count + excluded.count
"""

FORGET = "DELETE FROM signature_refusals WHERE minute < :before"


async def note_refusals(uow: UnitOfWork, counts: Mapping[UUID, int]) -> None:
    """Add to the counts of this minute, by source."""
    # In one order everywhere: two processes that count at once never wait crosswise.
    source_ids = sorted(counts)
    parameters = {
        "workspace_id": uow.workspace_id,
        "now": uow.now,
        "source_ids": source_ids,
        "counts": [counts[source_id] for source_id in source_ids],
    }
    await uow.execute(NOTE, parameters)


async def forget_refusals(uow: UnitOfWork, before: datetime) -> int:
    return (await uow.execute(FORGET, {"before": before})).rowcount
