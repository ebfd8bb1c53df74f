"""SQL that holds a thing still while it is compared with what its caller saw."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.core.kit.uow import UnitOfWork
from services.core.preconditions.types import Thing

_TABLES: Final[Mapping[Thing, str]] = {
    Thing.CALENDAR: "calendars",
    Thing.CHANNEL: "channels",
    Thing.DETECTOR: "detectors",
    Thing.FOLLOWER: "followers",
    Thing.INHIBITION: "inhibitions",
    Thing.LADDER: "ladders",
    Thing.MEMBER: "members",
    Thing.POLICY: "policies",
    Thing.REPORT: "reports",
    Thing.ROTA: "rotas",
    Thing.RULE: "rules",
    Thing.SOURCE: "sources",
    Thing.STANDSTILL: "standstills",
    Thing.SUBSCRIPTION: "subscriptions",
    Thing.TEAM: "teams",
    Thing.VIEW: "saved_views",
}
# Weaker than what deletes a row: rows that refer to this one may come meanwhile.
_ROW: Final = """
SELECT 1 FROM {table} WHERE workspace_id = :workspace_id AND id = :id FOR NO KEY UPDATE
"""
# Whoever changes a case holds its thread first.
_CASE: Final = """
SELECT 1 FROM threads WHERE workspace_id = :workspace_id AND id = (
  SELECT thread_id FROM cases WHERE workspace_id = :workspace_id AND id = :id
) FOR UPDATE
"""
_WORKSPACE: Final = "SELECT 1 FROM workspaces WHERE id = :workspace_id FOR NO KEY UPDATE"


async def hold(uow: UnitOfWork, thing: Thing, thing_id: UUID | None) -> None:
    """Lock its row until the unit ends, if there is one."""
    if thing is Thing.WORKSPACE or thing_id is None:
        await uow.execute(_WORKSPACE, {"workspace_id": uow.workspace_id})
        return
    statement = _CASE if thing is Thing.CASE else _ROW.format(table=_TABLES[thing])
    await uow.execute(statement, {"workspace_id": uow.workspace_id, "id": thing_id})
