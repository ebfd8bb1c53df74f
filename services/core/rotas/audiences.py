"""Who an audience is at a moment, with the reason each person is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.core.rotas import turns
from services.core.rotas.rules import MOST_PEOPLE
from services.core.rotas.turns import TICK, Attendance
from services.core.rotas.types import (
    Audience,
    AudienceKind,
    Known,
    Override,
    Person,
    Rota,
    Shift,
    Team,
    Wanted,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What decides who an audience is: `people` are the active members that may be meant."""

    people: Mapping[UUID, Known]
    attendance: Attendance
    rotas: Mapping[UUID, Rota]
    teams: Mapping[UUID, Team]
    overrides: Sequence[Override]
    # Who was found on call: many questions are about the same rota at the same moment.
    _shifts: dict[tuple[UUID, datetime], Shift] = field(default_factory=dict)

    def find(self, wanted: Wanted) -> tuple[Person, ...]:
        """Each person once, for the first reason there is; nobody when all are away or gone."""
        found: dict[UUID, Person] = {}
        for audience in wanted.audiences:
            for person in self._of(audience, wanted):
                if len(found) == MOST_PEOPLE:
                    break
                found.setdefault(person.member_id, person)
        return tuple(found.values())

    def _of(self, audience: Audience, wanted: Wanted) -> Iterator[Person]:
        if audience.kind is AudienceKind.ROTA:
            yield from self._on_call(audience, wanted.at)
            return
        member_ids, because = self._named(audience, wanted)
        for person in self._there(member_ids, wanted.at, because):
            if audience.kind is not AudienceKind.STAND_IN or person.member_id not in member_ids:
                yield person

    def _named(self, audience: Audience, wanted: Wanted) -> tuple[Sequence[UUID | None], str]:
        """The members an audience means, there or not, and why they are told."""
        match audience.kind:
            case AudienceKind.TEAM:
                team = self.teams.get(audience.id) if audience.id else None
                return (team.member_ids, f"in the team {team.name}") if team else ((), "")
            case AudienceKind.ROLE:
                these = [each.id for each in self.people.values() if each.role is audience.role]
                return these, str(audience.role)
            case AudienceKind.MEMBER:
                return [audience.id], "named in the ladder"
            case AudienceKind.EVERYBODY:
                return list(self.people), "everybody"
            case _:
                return [wanted.assignee_id], "assignee"

    def _on_call(self, audience: Audience, at: datetime) -> Iterator[Person]:
        rota = self.rotas.get(audience.id) if audience.id else None
        if rota is None:
            return
        shift = self._shifts.get((rota.id, at))
        if shift is None:
            own = [each for each in self.overrides if each.rota_id == rota.id]
            shift = turns.lay_out(rota, own, self.attendance, at, at + TICK)[0]
            self._shifts[rota.id, at] = shift
        yield from self._told(shift, f"on call in {rota.draft.name}")

    def _there(
        self, member_ids: Iterable[UUID | None], at: datetime, because: str
    ) -> Iterator[Person]:
        for member_id in member_ids:
            shift = Shift(at, at + TICK, planned_id=member_id)
            yield from self._told(self.attendance.answered(shift), because)

    def _told(self, shift: Shift, because: str) -> Iterator[Person]:
        known = self.people.get(shift.member_id) if shift.member_id else None
        planned = self.people.get(shift.planned_id) if shift.planned_id else None
        if known is None:
            return
        if planned is not None and planned.id != known.id:
            because = f"stands in for {planned.name}"
        yield Person(known.id, known.name, known.contacts, because)
