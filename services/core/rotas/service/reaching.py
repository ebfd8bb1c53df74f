"""Find the people an audience names, many questions at a time."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.core.calendars import service as calendars
from services.core.calendars.types import Absence
from services.core.kit.uow import UnitOfWork
from services.core.rotas import rules
from services.core.rotas.audiences import Place
from services.core.rotas.repository import rotas, teams
from services.core.rotas.turns import TICK, Attendance
from services.core.rotas.types import AudienceKind, Override, Person, Rota, Team, Wanted


async def resolve_audiences(uow: UnitOfWork, wanted: Sequence[Wanted]) -> list[tuple[Person, ...]]:
    """Whom each question names at its moment, in the same order; an empty tuple is nobody.

    Whoever is away is replaced by their stand-in, or left out without one. A person is in an
    answer once, for the first of its audiences that names them. Rotas and teams that are unknown
    or archived name nobody. At most five statements, however many questions there are.
    """
    if not wanted:
        return []
    start = min(each.at for each in wanted)
    end = max(each.at for each in wanted) + TICK
    rota_ids = _ids(wanted, AudienceKind.ROTA)
    team_ids = _ids(wanted, AudienceKind.TEAM)
    found = await rotas.list_rotas(uow, rota_ids) if rota_ids else []
    overrides = await rotas.list_overrides(uow, rota_ids, start, end) if rota_ids else []
    named = await teams.list_teams(uow, team_ids) if team_ids else []
    absences = await calendars.list_absences(uow, start, end)
    kinds = {audience.kind for each in wanted for audience in each.audiences}
    people = await teams.list_people(
        uow,
        _members(wanted, found, overrides, named, absences),
        roles={audience.role for each in wanted for audience in each.audiences if audience.role},
        everybody=AudienceKind.EVERYBODY in kinds,
    )
    place = Place(
        people=people,
        attendance=Attendance(absences, people),
        rotas={rota.id: rota for rota in found},
        teams={team.id: team for team in named},
        overrides=overrides,
    )
    return [place.find(each) for each in wanted]


def _ids(wanted: Iterable[Wanted], kind: AudienceKind) -> list[UUID]:
    named = (audience for each in wanted for audience in each.audiences)
    return sorted({each.id for each in named if each.kind is kind and each.id is not None})


def _members(
    wanted: Sequence[Wanted],
    found: Iterable[Rota],
    overrides: Iterable[Override],
    named: Iterable[Team],
    absences: Iterable[Absence],
) -> set[UUID]:
    """Everybody who may be in an answer, but for roles and everybody."""
    ids = {each.assignee_id for each in wanted if each.assignee_id is not None}
    ids.update(_ids(wanted, AudienceKind.MEMBER))
    for rota in found:
        ids.update(rules.members_of(rota.draft))
    ids.update(each.member_id for each in overrides)
    for team in named:
        ids.update(team.member_ids)
    ids.update(each.stand_in_id for each in absences if each.stand_in_id is not None)
    return ids
