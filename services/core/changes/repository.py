"""SQL of changed hours: noted by the hundred, taken by whoever holds the workspace's days."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, Table

from services.core.changes.models import ChangedHourRow
from services.core.kit.bulk import insert_rows
from services.core.kit.uow import UnitOfWork

HOURS: Final = cast("Table", ChangedHourRow.__table__)

# A row that is not committed yet is not seen, stays, and is taken the next time.
TAKE: Final = """
WITH taken AS (
  DELETE FROM changed_hours WHERE workspace_id = :workspace_id AND id IN (
    SELECT id FROM changed_hours WHERE workspace_id = :workspace_id ORDER BY id LIMIT :limit
  ) RETURNING hour, noted_at
)
SELECT hour, min(noted_at) AS noted_at, count(*) AS notes FROM taken GROUP BY hour ORDER BY hour
"""

LOOK: Final = """
SELECT hour, min(noted_at) AS noted_at FROM changed_hours
WHERE workspace_id = :workspace_id GROUP BY hour
"""

# A loose index scan: the cost is that of the workspaces, not of what they noted.
WORKSPACES: Final = """
WITH RECURSIVE noted (workspace_id) AS (
  (SELECT workspace_id FROM changed_hours ORDER BY workspace_id LIMIT 1)
  UNION ALL
  SELECT (
    SELECT c.workspace_id FROM changed_hours c WHERE c.workspace_id > noted.workspace_id
    ORDER BY c.workspace_id LIMIT 1
  ) FROM noted WHERE noted.workspace_id IS NOT NULL
)
SELECT workspace_id FROM noted WHERE workspace_id IS NOT NULL
"""


async def add_hours(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await insert_rows(uow, HOURS, rows)


async def take_hours(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    """Each hour once, with when it was first noted; the notes are gone with this unit."""
    bound = {"workspace_id": uow.workspace_id, "limit": limit}
    return list(await uow.execute(TAKE, bound))


async def list_hours(uow: UnitOfWork) -> list[Row[Any]]:
    """Each noted hour once."""
    return list(await uow.execute(LOOK, {"workspace_id": uow.workspace_id}))


async def list_workspaces(uow: UnitOfWork) -> list[UUID]:
    return list((await uow.execute(WORKSPACES)).scalars())


async def get_oldest(uow: UnitOfWork) -> datetime | None:
    """When the oldest note of all workspaces was written."""
    found: datetime | None = (
        await uow.execute("SELECT min(noted_at) FROM changed_hours")
    ).scalar_one()
    return found
