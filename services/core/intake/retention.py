"""SQL of keeping and dropping: partitions of deliveries, journal entries and ids that are old."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from services.core.kit.uow import UnitOfWork

ENSURE: Final = "SELECT warmline_ensure_delivery_partition(CAST(:month AS date))"

DROP: Final = "SELECT warmline_drop_delivery_partition(CAST(:month AS date))"

PARTITIONS: Final = """
SELECT to_date(right(child.relname, 6), 'YYYYMM') AS month
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = 'deliveries'::regclass AND child.relname ~ '^deliveries_[0-9]{6}$'
ORDER BY month
"""

# What still waits, or waits for a person, needs its body.
UNFINISHED: Final = """
SELECT
  EXISTS (SELECT FROM journal
          WHERE state = 'pending' AND delivery_id >= :first AND delivery_id < :end)
  OR EXISTS (SELECT FROM journal
             WHERE state = 'quarantined' AND state IN ('quarantined', 'no_handler_yet')
               AND delivery_id >= :first AND delivery_id < :end)
"""

# By the block range index; the id is what says in which partition the body was.
FORGET_ENTRIES: Final = """
DELETE FROM journal WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM journal
  WHERE received_at < :before AND delivery_id < :end AND state NOT IN ('pending', 'quarantined')
  LIMIT :limit
))
"""

FORGET_KEYS: Final = """
DELETE FROM delivery_keys WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM delivery_keys WHERE seen_at < :before LIMIT :limit
))
"""


async def ensure_partition(uow: UnitOfWork, month: date) -> None:
    await uow.execute(ENSURE, {"month": month})


async def list_partitions(uow: UnitOfWork) -> list[date]:
    """The first days of the months that have a partition, oldest first."""
    return list((await uow.execute(PARTITIONS)).scalars())


async def has_unfinished(uow: UnitOfWork, first: UUID, end: UUID) -> bool:
    """Whether deliveries with ids in [first, end) have events nobody has dealt with."""
    row = await uow.execute(UNFINISHED, {"first": first, "end": end})
    return bool(row.scalar_one())


async def drop_partition(uow: UnitOfWork, month: date) -> bool:
    row = await uow.execute(DROP, {"month": month})
    return bool(row.scalar_one())


async def forget_entries(uow: UnitOfWork, before: datetime, end: UUID, limit: int) -> int:
    """Delete finished entries received before `before` whose delivery's id is below `end`."""
    return await _count(uow, FORGET_ENTRIES, before=before, end=end, limit=limit)


async def forget_keys(uow: UnitOfWork, before: datetime, limit: int) -> int:
    return await _count(uow, FORGET_KEYS, before=before, limit=limit)


async def _count(uow: UnitOfWork, statement: str, **parameters: Any) -> int:
    return (await uow.execute(statement, parameters)).rowcount
