"""SQL of notices: the question of a case that is past its time."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

# What the follower was told counts; where nothing was told, the team's own target does.
LATE = """
SELECT started_at, coalesce(promise_due_at, due_at) AS due_at,
  promise_due_at IS NOT NULL AS promised, policy_id, policy_version
FROM clocks
WHERE workspace_id = :workspace_id AND case_id = :case_id AND settled_at IS NULL
  AND state IN ('running', 'missed') AND kind <> 'resolution'
  AND coalesce(promise_due_at, due_at) < :now
ORDER BY coalesce(promise_due_at, due_at) LIMIT 1
"""


async def find_late(uow: UnitOfWork, case_id: UUID) -> Row[Any] | None:
    """The clock that is late the longest of those that run."""
    bound = {"workspace_id": uow.workspace_id, "case_id": case_id, "now": uow.now}
    return (await uow.execute(LATE, bound)).one_or_none()
