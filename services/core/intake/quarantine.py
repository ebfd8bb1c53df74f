"""SQL of the quarantine: what was given up on, and its second chance. By `ix_journal_state`."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork

# Said twice: the index is partial over two states, and is only used for a query that names them.
_QUARANTINED: Final = "state = 'quarantined' AND state IN ('quarantined', 'no_handler_yet')"

LIST: Final = f"""
SELECT delivery_id, position, source_id, external_id, type, occurred_at, received_at, attempts,
  error
FROM journal
WHERE workspace_id = :workspace_id AND {_QUARANTINED}
  AND (CAST(:source_id AS uuid) IS NULL OR source_id = :source_id)
  AND delivery_id >= :first AND delivery_id < :end
  {{stretch}}
"""

KNOWN: Final = """
SELECT DISTINCT delivery_id FROM journal
WHERE workspace_id = :workspace_id AND delivery_id = ANY(CAST(:delivery_ids AS uuid[]))
"""

# The oldest first: a range that holds more than one call releases goes on where it ended.
CHOOSE: Final = f"""
SELECT delivery_id, count(*) AS entries FROM (
  SELECT delivery_id FROM journal
  WHERE workspace_id = :workspace_id AND {_QUARANTINED}
    AND (CAST(:source_id AS uuid) IS NULL OR source_id = :source_id)
    AND delivery_id >= :first AND delivery_id < :end
  ORDER BY delivery_id, position LIMIT :scanned
) AS entries
GROUP BY delivery_id ORDER BY delivery_id LIMIT :limit
"""

# With a fresh count of attempts, due now. The token stays: who held it before is still refused.
RELEASE: Final = f"""
WITH released AS (
  UPDATE journal SET state = 'pending', next_at = :now, attempts = 0, error = NULL,
    processed_at = NULL
  WHERE workspace_id = :workspace_id AND {_QUARANTINED}
    AND (CAST(:source_id AS uuid) IS NULL OR source_id = :source_id)
    AND delivery_id = ANY(CAST(:delivery_ids AS uuid[]))
  RETURNING delivery_id
)
SELECT delivery_id, count(*) AS entries FROM released GROUP BY delivery_id
"""


async def list_entries(
    uow: UnitOfWork, wanted: Stretch, *, source_id: UUID | None, first: UUID, end: UUID
) -> list[Row[Any]]:
    """By delivery and position, of deliveries in [first, end)."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "source_id": source_id,
        "first": first,
        "end": end,
    } | wanted.bound
    statement = LIST.format(stretch=wanted.sql("delivery_id", "position"))
    return list(await uow.execute(statement, parameters))


async def list_known(uow: UnitOfWork, delivery_ids: Sequence[UUID]) -> set[UUID]:
    parameters = {"workspace_id": uow.workspace_id, "delivery_ids": list(delivery_ids)}
    return set((await uow.execute(KNOWN, parameters)).scalars())


async def choose_deliveries(
    uow: UnitOfWork, *, source_id: UUID | None, first: UUID, end: UUID, limit: int, scanned: int
) -> list[UUID]:
    """Deliveries in [first, end) with quarantined entries, oldest first."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "source_id": source_id,
        "first": first,
        "end": end,
        "limit": limit,
        "scanned": scanned,
    }
    return [row.delivery_id for row in await uow.execute(CHOOSE, parameters)]


async def release_deliveries(
    uow: UnitOfWork, delivery_ids: Sequence[UUID], *, source_id: UUID | None
) -> dict[UUID, int]:
    """How many entries of each wait again; those without any are not in it."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "delivery_ids": list(delivery_ids),
        "source_id": source_id,
        "now": uow.real_now,
    }
    rows = await uow.execute(RELEASE, parameters)
    return {row.delivery_id: int(row.entries) for row in rows}
