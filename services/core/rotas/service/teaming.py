"""Teams, and where each member is reached."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.rotas import rules
from services.core.rotas.errors import TeamNameTakenError, TooManyTeamsError
from services.core.rotas.facts import team_changed
from services.core.rotas.repository import rotas, teams
from services.core.rotas.types import ContactKind, Team, TeamDraft
from services.core.stream import service as stream
from services.core.workspaces import service as workspaces

_TURN = "teams"


async def list_teams(uow: UnitOfWork) -> list[Team]:
    """Live teams with their members, by name."""
    return await teams.list_teams(uow)


async def get_team(uow: UnitOfWork, team_id: UUID) -> Team:
    """Raises NotFoundError for an unknown or archived team."""
    for team in await teams.list_teams(uow, [team_id]):
        return team
    noun = "team"
    raise NotFoundError(noun)


async def create_team(uow: UnitOfWork, draft: TeamDraft) -> Team:
    """Raises InvalidInputError, TeamNameTakenError, TooManyTeamsError."""
    await _check(uow, draft)
    await rotas.take_turns(uow, _TURN)
    if len(await teams.list_teams(uow)) >= rules.MOST_TEAMS:
        raise TooManyTeamsError(rules.MOST_TEAMS)
    member_ids = tuple(sorted(draft.member_ids))
    team = Team(ids.new_id(), draft.name, 1, uow.now, uow.now, member_ids)
    with _names_are_unique():
        await teams.add_team(uow, team)
    await _tell(uow, "created", team)
    return team


async def change_team(uow: UnitOfWork, team_id: UUID, draft: TeamDraft) -> Team:
    """Name and members in place of those before. Raises as `create_team`, and NotFoundError."""
    await _check(uow, draft)
    await rotas.take_turns(uow, _TURN)
    before = await get_team(uow, team_id)
    team = replace(
        before,
        name=draft.name,
        version=before.version + 1,
        updated_at=uow.now,
        member_ids=tuple(sorted(draft.member_ids)),
    )
    with _names_are_unique():
        await teams.change_team(uow, team)
    await _tell(uow, "changed", team)
    return team


async def archive_team(uow: UnitOfWork, team_id: UUID) -> None:
    """It reaches nobody any more. Raises NotFoundError."""
    await rotas.take_turns(uow, _TURN)
    team = await get_team(uow, team_id)
    await teams.archive_team(uow, team_id)
    await _tell(uow, "archived", team)


async def list_contacts(uow: UnitOfWork, member_id: UUID) -> dict[ContactKind, str]:
    """Where a member is reached, by kind of channel. Raises NotFoundError."""
    await workspaces.get_member(uow, member_id)
    return await teams.list_contacts(uow, member_id)


async def put_contacts(
    uow: UnitOfWork, member_id: UUID, contacts: Mapping[ContactKind, str]
) -> dict[ContactKind, str]:
    """Exactly these, in place of those before. Raises NotFoundError, InvalidInputError.

    The trail says which kinds were given, never the addresses.
    """
    await workspaces.get_member(uow, member_id)
    problems = rules.problems_of_contacts(contacts)
    if problems:
        raise InvalidInputError("The contacts are not valid.", errors=problems)
    await rotas.take_turns(uow, f"contacts/{member_id}")
    await teams.put_contacts(uow, member_id, contacts)
    detail = {"kinds": sorted(contacts)}
    await audit.record(uow, [AuditEntry("member.contacts_changed", "member", member_id, detail)])
    return dict(contacts)


async def _check(uow: UnitOfWork, draft: TeamDraft) -> None:
    known = await teams.list_active(uow, draft.member_ids)
    problems = rules.problems_of_team(draft, known)
    if problems:
        raise InvalidInputError("The team is not valid.", errors=problems)


async def _tell(uow: UnitOfWork, verb: str, team: Team) -> None:
    detail = {"version": team.version, "members": [str(each) for each in team.member_ids]}
    await audit.record(uow, [AuditEntry(f"team.{verb}", "team", team.id, detail)])
    await stream.announce(uow, [team_changed(verb, team)])


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise TeamNameTakenError from error
