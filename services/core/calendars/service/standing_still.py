"""Absences and outages: announce, end, take back, and say how far cases were planned anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.calendars import repository, rules
from services.core.calendars.errors import StandstillBegunError, StandstillOverError
from services.core.calendars.facts import standstill_changed
from services.core.calendars.types import Absence, Standstill, StandstillDraft
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream
from services.core.workspaces import service as workspaces

REPLANS = "standstills"  # the queue of the job that plans open cases anew
DUE_AT_ONCE = 20
_TURN = "standstills"
# Absences are half open: one that begins now is on.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Walk:
    """How far open cases were planned anew: those after a case, changed since a moment or all."""

    source_id: UUID | None
    after: UUID | None
    since: datetime | None


async def list_standstills(uow: UnitOfWork, wanted: Stretch) -> list[Standstill]:
    """Those announced and not taken back, by when they begin."""
    return await repository.list_standstills(uow, wanted)


async def get_standstill(uow: UnitOfWork, standstill_id: UUID) -> Standstill:
    """Raises NotFoundError for one that is unknown or was taken back."""
    row = await repository.get_standstill(uow, standstill_id)
    if row is None:
        noun = "standstill"
        raise NotFoundError(noun)
    return repository.read_standstill(row)


async def list_absences(uow: UnitOfWork, since: datetime, until: datetime) -> list[Absence]:
    """Members that are away at some moment of a range, each with who stands in; one statement.

    The team's own absences are not in it. No two of one member overlap.
    """
    absent = await repository.list_absent(uow, since, until)
    return [
        Absence(each.member_id, each.stand_in_id, each.starts_at, each.ends_at)
        for each in absent
        if each.member_id is not None and each.ends_at is not None
    ]


async def list_stand_ins(uow: UnitOfWork) -> dict[UUID, UUID]:
    """Who answers now for each member that is away; stand-ins that are away themselves passed by.

    Members nobody stands in for are not in it.
    """
    absent = await list_absences(uow, uow.now, uow.now + _TICK)
    named = {each.member_id: each.stand_in_id for each in absent}
    found: dict[UUID, UUID] = {}
    for away, first in named.items():
        stand_in = first
        passed = {away}
        while stand_in in named and stand_in not in passed:
            passed.add(stand_in)
            stand_in = named[stand_in]
        if stand_in is not None and stand_in not in named:
            found[away] = stand_in
    return found


async def announce(uow: UnitOfWork, draft: StandstillDraft) -> Standstill:
    """Open cases it stops are planned anew soon after, in batches.

    The caller has checked the source. Raises InvalidInputError with a reason for each field:
    times that cannot be, members there are not, two absences of one person at once, stand-ins
    that go round in a circle.
    """
    await repository.take_turns(uow, _TURN)
    problems = rules.problems_of_standstill(draft, uow.now)
    problems += await _problems_of_members(uow, draft)
    if not problems:
        problems = await _problems_of_absence(uow, draft)
    if problems:
        raise InvalidInputError("The standstill is not valid.", errors=problems)
    pauses = rules.pauses(draft)
    standstill_id = ids.new_id()
    row = {
        "id": standstill_id,
        "reason": draft.reason.value,
        "source_id": draft.source_id,
        "member_id": draft.member_id,
        "stand_in_id": draft.stand_in_id,
        "starts_at": draft.starts_at,
        "ends_at": draft.ends_at,
        "notice_zh": draft.notice_zh,
        "notice_en": draft.notice_en,
        "note": draft.note,
        "pauses": pauses,
        "created_at": uow.now,
        "created_by": uow.actor.id,
        "replan_at": uow.now if pauses else None,
        "replanned": 0,
    }
    await repository.add_standstill(uow, row)
    standstill = await get_standstill(uow, standstill_id)
    await _tell(uow, "announced", standstill)
    return standstill


async def end(uow: UnitOfWork, standstill_id: UUID) -> Standstill:
    """It is over now: clocks go on. One that has not begun is taken back instead.

    Raises NotFoundError, StandstillOverError.
    """
    before = await _lock(uow, standstill_id)
    if before.ends_at is not None and before.ends_at <= uow.now:
        raise StandstillOverError
    if before.starts_at >= uow.now:
        raise StandstillOverError
    values = {"ends_at": uow.now, "ended_at": uow.now, **_anew(uow, before)}
    await repository.change_standstill(uow, standstill_id, values)
    standstill = await get_standstill(uow, standstill_id)
    await _tell(uow, "ended", standstill)
    return standstill


async def withdraw(uow: UnitOfWork, standstill_id: UUID) -> None:
    """Take back what has not begun. Raises NotFoundError, StandstillBegunError."""
    before = await _lock(uow, standstill_id)
    if before.starts_at <= uow.now:
        raise StandstillBegunError
    values = {"withdrawn_at": uow.now, **_anew(uow, before)}
    await repository.change_standstill(uow, standstill_id, values)
    await _tell(uow, "withdrawn", before)


async def list_to_replan(database: Database) -> list[tuple[UUID, UUID]]:
    """Workspaces and their standstills because of which open cases are to be planned anew now."""
    async with database.system() as uow:
        rows = await repository.list_to_replan(uow, DUE_AT_ONCE)
    return [(row.workspace_id, row.id) for row in rows]


async def take_walk(uow: UnitOfWork, standstill_id: UUID) -> Walk | None:
    """How far it came, held until the unit ends; None when nothing is due or another has it."""
    row = await repository.lock_standstill(uow, standstill_id, patient=False)
    if row is None or row.replan_at is None or row.replan_at > uow.now:
        return None
    return Walk(row.source_id, row.replan_after, row.replan_since)


async def note_walk(uow: UnitOfWork, standstill_id: UUID, *, last: UUID | None, count: int) -> None:
    """Go on after a case next time; without one the walk is at its end, and the next is set."""
    row = await repository.lock_standstill(uow, standstill_id)
    if row is None or row.replan_at is None:
        return
    values = {"replan_after": last, "replanned": row.replanned + count}
    if last is None:
        standstill = repository.read_standstill(row)
        second = row.replan_since is not None
        following = rules.next_replan(standstill, row.replan_at, second=second)
        if row.withdrawn_at is not None and second:
            following = None
        values["replan_at"], values["replan_since"] = following or (None, None)
    await repository.change_standstill(uow, standstill_id, values)


def _anew(uow: UnitOfWork, before: Standstill) -> dict[str, object]:
    if not before.pauses:
        return {}
    return {"replan_at": uow.now, "replan_since": None, "replan_after": None, "replanned": 0}


async def _lock(uow: UnitOfWork, standstill_id: UUID) -> Standstill:
    row: Row[object] | None = await repository.lock_standstill(uow, standstill_id)
    if row is None or row.withdrawn_at is not None:
        noun = "standstill"
        raise NotFoundError(noun)
    return repository.read_standstill(row)


async def _problems_of_members(uow: UnitOfWork, draft: StandstillDraft) -> list[FieldProblem]:
    problems = []
    for name in ("member_id", "stand_in_id"):
        member_id = getattr(draft, name)
        if member_id is None:
            continue
        try:
            await workspaces.get_member(uow, member_id)
        except NotFoundError:
            detail = "There is no such member."
            problems.append(FieldProblem(f"/{name}", "not_found", detail))
    return problems


async def _problems_of_absence(uow: UnitOfWork, draft: StandstillDraft) -> list[FieldProblem]:
    if draft.member_id is None or draft.ends_at is None:
        return []
    absence = Absence(draft.member_id, draft.stand_in_id, draft.starts_at, draft.ends_at)
    others = await list_absences(uow, draft.starts_at, draft.ends_at)
    if rules.overlaps(absence, others):
        detail = "This member is away at that time already."
        return [FieldProblem("/starts_at", "overlap", detail)]
    if rules.closes_circle(absence, others):
        detail = "Whoever stands in is away at the same time, and the circle comes back here."
        return [FieldProblem("/stand_in_id", "circle", detail)]
    return []


async def _tell(uow: UnitOfWork, verb: str, standstill: Standstill) -> None:
    entry = AuditEntry(
        f"standstill.{verb}", "standstill", standstill.id, {"reason": standstill.reason.value}
    )
    await audit.record(uow, [entry])
    await stream.announce(uow, [standstill_changed(verb, standstill)])
    if standstill.pauses:
        uow.wake(REPLANS)
