"""One act of a person on many cases at once: each is told apart, all are settled together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.cases import service as cases
from services.core.cases.errors import CaseClosedError, PastMomentError
from services.core.cases.types import ActKind, CaseState
from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import service as desk
from services.core.kit.errors import DomainError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces

MOST_CASES: Final = 500


class BulkAct(StrEnum):
    ASSIGN = "assign"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    SNOOZE = "snooze"
    WAIT = "wait"
    WAKE = "wake"
    RETIER = "retier"


# What each act says of a case that is over; the others have nothing to refuse.
_NOT_WHEN_CLOSED: Final[Mapping[BulkAct, str]] = {
    BulkAct.SNOOZE: "snoozed",
    BulkAct.WAIT: "left waiting",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done: `until` for a snooze, `tier` for a correction, `member_id` or nobody."""

    act: BulkAct
    member_id: UUID | None = None
    until: datetime | None = None
    tier: Tier | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it for one case: refused, or done; `changed` is false where it was so before."""

    case_id: UUID
    changed: bool
    refusal: DomainError | None = None


async def act(
    uow: UnitOfWork, case_ids: Sequence[UUID], wish: Wish, *, grace: timedelta = desk.GRACE
) -> list[Outcome]:
    """Do it to each case that allows it, in the order of the ids; the others say why not.

    All of it is one unit, whose number of statements does not grow with the number of cases, but
    for the trail of each alert that is let go. Doing it twice changes nothing. Raises
    PastMomentError for a snooze into the past and NotFoundError for a foreign member.
    """
    if wish.until is not None and wish.until <= uow.now:
        raise PastMomentError
    if wish.member_id is not None:
        await workspaces.get_member(uow, wish.member_id)
    wanted = list(dict.fromkeys(case_ids))
    threads = {row.thread_id for row in await cases.list_cases(uow, wanted)}
    await conversations.hold_threads(uow, list(threads))
    # As they stand now that they are held: two people act one by one.
    rows = {row.id: row for row in await cases.list_cases(uow, wanted)}
    refused = {one: refusal for one in wanted if (refusal := _refusal(rows.get(one), wish))}
    due = [rows[one] for one in wanted if one not in refused and _changes(rows[one], wish)]
    if due:
        await _do(uow, due, wish, grace)
    changed = {row.id for row in due}
    return [Outcome(one, one in changed, refused.get(one)) for one in wanted]


def _refusal(row: Row[Any] | None, wish: Wish) -> DomainError | None:
    if row is None:
        return NotFoundError("case")
    told = _NOT_WHEN_CLOSED.get(wish.act)
    if told is not None and row.state in desk.CLOSED:
        return CaseClosedError(told)
    if wish.act is BulkAct.REOPEN and row.state == CaseState.VOID:
        return CaseClosedError("reopened")
    return None


def _changes(row: Row[Any], wish: Wish) -> bool:
    match wish.act:
        case BulkAct.ASSIGN:
            return bool(row.assignee_id != wish.member_id)
        case BulkAct.RESOLVE:
            return row.state not in desk.CLOSED
        case BulkAct.REOPEN:
            return bool(row.state == CaseState.RESOLVED)
        case BulkAct.WAKE:
            # A waiting for the follower is no state of the case: only closed ones cannot wake.
            return row.state not in desk.CLOSED
        case BulkAct.RETIER:
            return not (row.tier == wish.tier and row.tier_override == wish.tier)
        case BulkAct.SNOOZE | BulkAct.WAIT:
            return True


async def _do(uow: UnitOfWork, rows: Sequence[Row[Any]], wish: Wish, grace: timedelta) -> None:
    if wish.act is BulkAct.ASSIGN:
        await cases.assign_all(uow, rows, wish.member_id)
        return
    if wish.act is BulkAct.RETIER and wish.tier is not None:
        opening = [row.opening_message_id for row in rows]
        await conversations.record_retiers(uow, opening, tier=wish.tier, note=wish.note)
    kind = ActKind(wish.act.value)
    detail = {"note": wish.note} if wish.note else None
    await cases.add_acts(uow, rows, kind, until=wish.until, tier=wish.tier, detail=detail)
    touched = _touched(rows)
    alarm_after = grace if wish.act is BulkAct.RETIER else timedelta()
    await desk.settle(uow, touched, resolution=kind.value, grace=alarm_after)


def _touched(rows: Sequence[Row[Any]]) -> list[Touched]:
    """A thread once, from its first case on: several cases may lie on one."""
    since: dict[UUID, datetime] = {}
    for row in rows:
        since[row.thread_id] = min(row.opened_at, since.get(row.thread_id, row.opened_at))
    return [Touched(thread, start) for thread, start in since.items()]
