"""Who is on call: at a moment, in a range, and where nobody is."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.core.calendars import service as calendars
from services.core.calendars.types import Absence
from services.core.kit.errors import InvalidInputError
from services.core.kit.uow import UnitOfWork
from services.core.rotas import rules, turns
from services.core.rotas.repository import rotas, teams
from services.core.rotas.service.writing import get_rota
from services.core.rotas.turns import Attendance
from services.core.rotas.types import Gap, Override, Rota, Shift


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rotas with what decides who has them in a range."""

    rotas: Sequence[Rota]
    overrides: Sequence[Override]
    attendance: Attendance

    def lay_out(self, rota: Rota, start: datetime, end: datetime) -> list[Shift]:
        own = [each for each in self.overrides if each.rota_id == rota.id]
        return turns.lay_out(rota, own, self.attendance, start, end)

    def find_gaps(self, start: datetime, end: datetime) -> list[Gap]:
        """Of all rotas, in order of their beginnings: half a second for the most there may be."""
        gaps = [
            gap
            for rota in self.rotas
            for gap in turns.find_gaps(rota, self.lay_out(rota, start, end))
        ]
        return sorted(gaps, key=lambda gap: (gap.start, gap.rota_name))


async def list_shifts(
    uow: UnitOfWork, rota_id: UUID, start: datetime, end: datetime
) -> list[Shift]:
    """The range without holes or overlaps, gaps included, by the version in force now.

    Raises NotFoundError, and InvalidInputError for a range that is inverted or too long.
    """
    problems = rules.problems_of_range(start, end)
    if problems:
        raise InvalidInputError("The request is not valid.", errors=problems)
    rota = await get_rota(uow, rota_id)
    schedule = await _load_schedule(uow, [rota], start, end)
    return await asyncio.to_thread(schedule.lay_out, rota, start, end)


async def show_on_call(uow: UnitOfWork, rota_id: UUID, at: datetime) -> Shift:
    """Who is on call at a moment, from then on; its end is cut after 92 days.

    Raises NotFoundError.
    """
    return (await list_shifts(uow, rota_id, at, at + rules.LONGEST_RANGE))[0]


async def list_on_call(uow: UnitOfWork, at: datetime) -> list[tuple[Rota, Shift]]:
    """Every live rota by name, with who is on call at a moment; the shift is cut after 92 days.

    Five statements or fewer.
    """
    end = at + rules.LONGEST_RANGE
    found = await rotas.list_rotas(uow)
    schedule = await _load_schedule(uow, found, at, end)
    return await asyncio.to_thread(
        lambda: [(rota, schedule.lay_out(rota, at, end)[0]) for rota in found]
    )


async def list_gaps(uow: UnitOfWork, until: datetime, *, rota_id: UUID | None = None) -> list[Gap]:
    """From now on, where a rota's cover says somebody has to be on call and nobody is.

    In order of their beginnings; at most 92 days ahead are looked at. Five statements or fewer.
    """
    until = min(until, uow.now + rules.LONGEST_RANGE)
    found = await rotas.list_rotas(uow, None if rota_id is None else [rota_id])
    schedule = await _load_schedule(uow, found, uow.now, until)
    return await asyncio.to_thread(schedule.find_gaps, uow.now, until)


async def _load_schedule(
    uow: UnitOfWork, found: Sequence[Rota], start: datetime, end: datetime
) -> Schedule:
    """What decides who has these rotas between two moments; three statements, none for none."""
    if not found:
        return Schedule([], [], Attendance([], ()))
    overrides = await rotas.list_overrides(uow, [rota.id for rota in found], start, end)
    absences = await calendars.list_absences(uow, start, end)
    planned = {member_id for rota in found for member_id in rules.members_of(rota.draft)}
    planned |= {each.member_id for each in overrides}
    attendance = Attendance(absences, await _list_active(uow, planned, absences))
    return Schedule(found, overrides, attendance)


async def _list_active(
    uow: UnitOfWork, member_ids: Collection[UUID], absences: Iterable[Absence]
) -> set[UUID]:
    """Who of the members, and of those that stand in for anybody, has not left."""
    stand_ins = {each.stand_in_id for each in absences if each.stand_in_id is not None}
    known = await teams.list_active(uow, {*member_ids, *stand_ins})
    return {member_id for member_id, active in known.items() if active}
