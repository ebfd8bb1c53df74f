"""SQL of presence: come or stay, leave, see who is there."""

from datetime import datetime
from uuid import UUID

from services.core.kit.uow import UnitOfWork
from services.core.presence.types import Doing, Presence

# What was before is read by the snapshot, so that staying can be told from coming.
APPEAR = """
WITH before AS (
  SELECT doing FROM presences WHERE workspace_id = :workspace_id AND case_id = :case_id
    AND member_id = :member_id AND until > :now
), gone AS (
  DELETE FROM presences WHERE workspace_id = :workspace_id AND case_id = :case_id
    AND member_id <> :member_id AND until <= :now
)
INSERT INTO presences AS p (workspace_id, case_id, member_id, doing, since, until)
VALUES (:workspace_id, :case_id, :member_id, :doing, :now, :until)
ON CONFLICT (workspace_id, case_id, member_id) DO UPDATE SET
  doing = excluded.doing, until = excluded.until,
  since = CASE WHEN p.until > :now AND p.doing = excluded.doing THEN p.since ELSE :now END
RETURNING (SELECT doing FROM before) AS was
"""

LEAVE = """
DELETE FROM presences
WHERE workspace_id = :workspace_id AND case_id = :case_id AND member_id = :member_id
RETURNING until > :now AS was_there
"""

# Who answers comes first. A team is a few dozen at most; the limit is for what no team is.
PRESENT = """
SELECT p.member_id, m.handle, m.name, p.doing, p.since, p.until
FROM presences p
JOIN members m ON m.workspace_id = :workspace_id AND m.id = p.member_id
WHERE p.workspace_id = :workspace_id AND p.case_id = :case_id AND p.until > :now
ORDER BY p.doing <> 'replying', p.since, p.member_id LIMIT :limit
"""

FORGET = "DELETE FROM presences WHERE until <= :now"


async def appear(
    uow: UnitOfWork, case_id: UUID, member_id: UUID, doing: Doing, until: datetime
) -> str | None:
    """Write that somebody is there; returns what they did a moment ago, if they were."""
    bound = {
        "workspace_id": uow.workspace_id,
        "case_id": case_id,
        "member_id": member_id,
        "doing": doing,
        "now": uow.real_now,
        "until": until,
    }
    was: str | None = (await uow.execute(APPEAR, bound)).scalar_one()
    return was


async def leave(uow: UnitOfWork, case_id: UUID, member_id: UUID) -> bool:
    """True when they were there until now."""
    bound = {"workspace_id": uow.workspace_id, "case_id": case_id, "member_id": member_id}
    left = await uow.execute(LEAVE, bound | {"now": uow.real_now})
    return bool(left.scalar_one_or_none())


async def list_present(uow: UnitOfWork, case_id: UUID, limit: int) -> list[Presence]:
    bound = {"workspace_id": uow.workspace_id, "case_id": case_id, "limit": limit}
    rows = await uow.execute(PRESENT, bound | {"now": uow.real_now})
    return [
        Presence(each.member_id, each.handle, each.name, Doing(each.doing), each.since, each.until)
        for each in rows
    ]


async def forget(uow: UnitOfWork) -> int:
    """In every workspace: delete what ran out; how many."""
    return (await uow.execute(FORGET, {"now": uow.now})).rowcount
