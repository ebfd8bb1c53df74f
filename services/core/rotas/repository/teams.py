"""SQL of teams and of the people in a workspace: who they are, and where they are reached."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, update

from services.core.kit.uow import UnitOfWork
from services.core.rotas.models import MemberContactRow, TeamMemberRow, TeamRow
from services.core.rotas.types import ContactKind, Known, Team
from services.core.workspaces.types import Role

TEAMS = """
SELECT t.id, t.name, t.version, t.created_at, t.updated_at,
  array_remove(array_agg(m.member_id ORDER BY m.member_id), NULL) AS member_ids
FROM teams t
LEFT JOIN team_members m ON m.workspace_id = t.workspace_id AND m.team_id = t.id
WHERE t.workspace_id = :workspace_id AND t.archived_at IS NULL {conditions}
GROUP BY t.workspace_id, t.id ORDER BY t.name, t.id
"""
CHOSEN = "AND t.id = ANY(CAST(:ids AS uuid[]))"

ACTIVE = """
SELECT id, active FROM members
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

# An address of e-mail of their own stands in for one that is not given as a contact.
PEOPLE = """
SELECT m.id, m.name, m.role, m.email, c.contacts
FROM members m
LEFT JOIN LATERAL (
  SELECT jsonb_object_agg(kind, address) AS contacts FROM member_contacts
  WHERE workspace_id = m.workspace_id AND member_id = m.id
) AS c ON true
WHERE m.workspace_id = :workspace_id AND m.active
  AND (:everybody OR m.id = ANY(CAST(:ids AS uuid[])) OR m.role = ANY(CAST(:roles AS text[])))
ORDER BY m.id
"""

CONTACTS = """
SELECT kind, address FROM member_contacts
WHERE workspace_id = :workspace_id AND member_id = :member_id ORDER BY kind
"""


async def list_teams(uow: UnitOfWork, team_ids: Sequence[UUID] | None = None) -> list[Team]:
    """Live ones with their members, by name: all, or those named."""
    bound: dict[str, Any] = {"workspace_id": uow.workspace_id}
    if team_ids is not None:
        bound["ids"] = list(team_ids)
    statement = TEAMS.format(conditions="" if team_ids is None else CHOSEN)
    return [_team(row) for row in await uow.execute(statement, bound)]


async def add_team(uow: UnitOfWork, team: Team) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "id": team.id,
        "name": team.name,
        "version": team.version,
        "created_at": team.created_at,
        "updated_at": team.updated_at,
    }
    await uow.execute(insert(TeamRow).values(row))
    await _add_members(uow, team.id, team.member_ids)


async def change_team(uow: UnitOfWork, team: Team) -> None:
    """Name and members as they are given, in place of those before."""
    values = {"name": team.name, "version": team.version, "updated_at": team.updated_at}
    await _update(uow, team.id, values)
    await uow.execute(
        delete(TeamMemberRow).where(
            TeamMemberRow.workspace_id == uow.workspace_id, TeamMemberRow.team_id == team.id
        )
    )
    await _add_members(uow, team.id, team.member_ids)


async def archive_team(uow: UnitOfWork, team_id: UUID) -> None:
    await _update(uow, team_id, {"archived_at": uow.now})


async def list_active(uow: UnitOfWork, member_ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Of those that exist, whether they are active."""
    bound = {"workspace_id": uow.workspace_id, "ids": list(member_ids)}
    return {row.id: row.active for row in await uow.execute(ACTIVE, bound)}


async def list_people(
    uow: UnitOfWork,
    member_ids: Iterable[UUID],
    *,
    roles: Collection[Role] = (),
    everybody: bool = False,
) -> dict[UUID, Known]:
    """Active members with these ids or roles, or all of them, in the order they joined."""
    bound = {
        "workspace_id": uow.workspace_id,
        "ids": list(member_ids),
        "roles": list(roles),
        "everybody": everybody,
    }
    return {row.id: _known(row) for row in await uow.execute(PEOPLE, bound)}


async def list_contacts(uow: UnitOfWork, member_id: UUID) -> dict[ContactKind, str]:
    bound = {"workspace_id": uow.workspace_id, "member_id": member_id}
    rows = await uow.execute(CONTACTS, bound)
    return {ContactKind(row.kind): row.address for row in rows}


async def put_contacts(
    uow: UnitOfWork, member_id: UUID, contacts: Mapping[ContactKind, str]
) -> None:
    """Exactly these, in place of those before."""
    await uow.execute(
        delete(MemberContactRow).where(
            MemberContactRow.workspace_id == uow.workspace_id,
            MemberContactRow.member_id == member_id,
        )
    )
    rows = [
        {
            "workspace_id": uow.workspace_id,
            "member_id": member_id,
            "kind": kind.value,
            "address": address,
            "updated_at": uow.now,
        }
        for kind, address in contacts.items()
    ]
    if rows:
        await uow.execute(insert(MemberContactRow).values(rows))


def _team(row: Row[Any]) -> Team:
    return Team(
        id=row.id,
        name=row.name,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        member_ids=tuple(row.member_ids),
    )


def _known(row: Row[Any]) -> Known:
    own = {ContactKind.EMAIL.value: row.email} if row.email else {}
    return Known(row.id, row.name, Role(row.role), own | (row.contacts or {}))


async def _add_members(uow: UnitOfWork, team_id: UUID, member_ids: Iterable[UUID]) -> None:
    rows = [
        {"workspace_id": uow.workspace_id, "team_id": team_id, "member_id": member_id}
        for member_id in member_ids
    ]
    if rows:
        await uow.execute(insert(TeamMemberRow).values(rows))


async def _update(uow: UnitOfWork, team_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(TeamRow)
        .where(TeamRow.workspace_id == uow.workspace_id, TeamRow.id == team_id)
        .values(values)
    )
