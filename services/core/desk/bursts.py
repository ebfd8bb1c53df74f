"""One public answer for many who asked the same: it settles the clocks of those on the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.bursts import service as bursts
from services.core.cases import service as cases
from services.core.cases.types import CaseState
from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import service as desk
from services.core.kit.errors import FieldProblem, InvalidInputError
from services.core.kit.uow import UnitOfWork
from services.core.workspaces import service as workspaces


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """What was said once, under the post. `external_id` is the platform's id of it, if known."""

    text: str
    occurred_at: datetime | None = None
    external_id: str | None = None
    member_id: UUID | None = None
    resolves: bool | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Cases the answer was recorded in, and those in which nobody waited any more."""

    answered: tuple[UUID, ...]
    untouched: tuple[UUID, ...]


async def answer(
    uow: UnitOfWork, burst_id: UUID, case_ids: Sequence[UUID], said: PublicAnswer
) -> Settled:
    """Record one answer in each case on the list, and settle their clocks by when it was given.

    Only the cases named are touched; doing it twice changes nothing. The number of statements
    does not grow with the list, but for the trail of each alert that is let go. Raises
    NotFoundError for a foreign burst or member, InvalidInputError for a case outside the burst.
    """
    burst, members = await bursts.get_burst(uow, burst_id)
    _check(case_ids, {member.case_id for member in members})
    if said.member_id is not None:
        handle = (await workspaces.get_member(uow, said.member_id)).handle
    else:
        handle = None
    wanted = list(dict.fromkeys(case_ids))
    threads = [row.thread_id for row in await cases.list_cases(uow, wanted)]
    await conversations.hold_threads(uow, threads)
    # As they stand now that they are held: somebody may just have answered one of them.
    rows = {row.id: row for row in await cases.list_cases(uow, wanted)}
    waiting = [rows[one] for one in wanted if _waits(rows[one])]
    drafts = [_draft(uow, row, place, said, handle) for place, row in enumerate(waiting)]
    if drafts:
        message_ids = await conversations.add_replies(uow, drafts)
        entries = [
            AuditEntry("case.replied", "case", row.id, _told(burst_id, message_id))
            for row, message_id in zip(waiting, message_ids, strict=True)
        ]
        await audit.record(uow, entries)
        await bursts.record_answer(uow, burst, [row.id for row in waiting])
        touched = [
            Touched(row.thread_id, min(draft.occurred_at, row.opened_at))
            for row, draft in zip(waiting, drafts, strict=True)
        ]
        await desk.settle(uow, touched, resolution="answered")
    answered = tuple(row.id for row in waiting)
    return Settled(answered, tuple(one for one in wanted if one not in answered))


def _check(case_ids: Sequence[UUID], members: set[UUID]) -> None:
    problems = [
        FieldProblem(f"/case_ids/{place}", "not_in_burst", "This case is not in the burst.")
        for place, case_id in enumerate(case_ids)
        if case_id not in members
    ]
    if problems:
        raise InvalidInputError("The request is not valid.", errors=problems)


def _waits(row: Row[Any]) -> bool:
    return bool(row.unanswered) and row.state not in {CaseState.RESOLVED, CaseState.VOID}


def _draft(
    uow: UnitOfWork, row: Row[Any], place: int, said: PublicAnswer, handle: str | None
) -> conversations.ReplyDraft:
    """The first case keeps the platform's id, so that its echo is the same reply."""
    key = said.external_id if place == 0 else None
    if said.external_id is not None and place:
        key = f"{said.external_id}:{row.id}"
    return conversations.ReplyDraft(
        source_id=row.source_id,
        thread_id=row.thread_id,
        external_id=key or conversations.reply_key(),
        text=said.text,
        occurred_at=min(said.occurred_at or uow.now, uow.now),
        member_handle=handle,
        resolves=said.resolves,
    )


def _told(burst_id: UUID, message_id: UUID) -> dict[str, Any]:
    return {"message_id": str(message_id), "burst_id": str(burst_id)}
