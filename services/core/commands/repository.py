"""SQL of orders from outside: what they name, and climbs that go on at once."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.core.kit.uow import UnitOfWork

# Where the id of each name is found.
_TABLES: Final = {
    "source_id": "sources",
    "post_id": "posts",
    "thread_id": "threads",
    "follower_id": "followers",
    "rule_id": "rules",
    "case_id": "cases",
}

UNKNOWN = " UNION ALL ".join(
    f"SELECT '{name}' AS name WHERE CAST(:{name} AS uuid) IS NOT NULL AND NOT EXISTS ("
    f"SELECT FROM {table} WHERE workspace_id = :workspace_id AND id = CAST(:{name} AS uuid))"
    for name, table in _TABLES.items()
)

# Their last word is that this silence holds them.
CLIMB_ON = """
UPDATE alerts a SET climb_at = :now
WHERE a.workspace_id = :workspace_id AND a.state = 'firing' AND a.climb_at > :now AND EXISTS (
  SELECT FROM alert_steps s
  WHERE s.workspace_id = :workspace_id AND s.alert_id = a.id AND s.position = a.climb_position
    AND s.round = a.climb_round AND s.reason = 'silence' AND s.detail->>'id' = :silence_id
)
"""

# With those of its case, in the order in which acknowledging takes them: two who act on two of them
# in one moment would else each hold what the other wants.
HOLD = """
SELECT FROM alerts chosen JOIN alerts a
  ON a.workspace_id = :workspace_id AND (a.id = chosen.id
    OR (a.case_id = chosen.case_id AND a.state IN ('firing', 'acknowledged')))
WHERE chosen.workspace_id = :workspace_id AND chosen.id = :alert_id
ORDER BY a.id FOR UPDATE OF a
"""

# Open alerts, by a part of an id at its end or at its beginning.
OPEN = """
SELECT id FROM alerts
WHERE workspace_id = :workspace_id AND state IN ('firing', 'acknowledged')
  AND (CAST(:part AS text) IS NULL OR replace(CAST(id AS text), '-', '') LIKE '%' || :part
    OR replace(CAST(id AS text), '-', '') LIKE :part || '%')
ORDER BY fired_at DESC LIMIT :limit
"""


async def hold_alert(uow: UnitOfWork, alert_id: UUID) -> None:
    """Until the transaction ends, two acts on one alert come one after the other."""
    await uow.execute(HOLD, {"workspace_id": uow.workspace_id, "alert_id": alert_id})


async def list_open(uow: UnitOfWork, part: str | None, limit: int) -> list[UUID]:
    """The newest open alerts whose ids end or begin with this, in hexadecimal."""
    parameters = {"workspace_id": uow.workspace_id, "part": part, "limit": limit}
    return list((await uow.execute(OPEN, parameters)).scalars())


async def list_unknown(uow: UnitOfWork, wanted: Mapping[str, UUID]) -> list[str]:
    """Of ids by name (`source_id`, …) the names of those that are not there."""
    parameters = dict.fromkeys(_TABLES) | dict(wanted) | {"workspace_id": uow.workspace_id}
    return list((await uow.execute(UNKNOWN, parameters)).scalars())


async def climb_on(uow: UnitOfWork, silence_id: UUID) -> int:
    """Have what a silence held go on now; returns how many alerts that is."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "now": uow.now,
        "silence_id": str(silence_id),
    }
    return int((await uow.execute(CLIMB_ON, parameters)).rowcount)
