"""The acts of people on cases: each is a fact the fold respects, settled and told in one unit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts import service as alerts
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.cases import service as cases
from services.core.cases.errors import CaseClosedError, PastMomentError
from services.core.cases.folding import window_of
from services.core.cases.types import ActKind, CaseState
from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import reacting
from services.core.kit.uow import UnitOfWork
from services.core.sla import service as sla
from services.core.sla.errors import ReplyWindowClosedError
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces

CLOSED = {CaseState.RESOLVED, CaseState.VOID}
# Who corrects a judgement is looking at it: a promise that turns out to be broken alarms the others
# only after this long.
GRACE = timedelta(minutes=10)


async def reply(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    text: str | None,
    occurred_at: datetime | None = None,
    external_id: str | None = None,
    member_id: UUID | None = None,
    resolves: bool | None = None,
) -> UUID:
    """Record a reply the brand gave; returns its message id. Settles by `occurred_at` (UTC).

    Given the platform's `external_id`, the platform's own word of the same reply changes
    nothing. Raises NotFoundError for a foreign case or member, ReplyWindowClosedError for a reply
    behind the platform's window that the platform gave no id.
    """
    case = await _hold(uow, case_id)
    if external_id is None:
        await _require_open_window(uow, case, min(occurred_at or uow.now, uow.now))
    member = await workspaces.get_member(uow, member_id) if member_id else None
    draft = conversations.ReplyDraft(
        source_id=case.source_id,
        thread_id=case.thread_id,
        external_id=external_id or conversations.reply_key(),
        text=text,
        occurred_at=min(occurred_at or uow.now, uow.now),
        member_handle=member.handle if member else None,
        resolves=resolves,
    )
    message_id = await conversations.add_reply(uow, draft)
    entry = AuditEntry("case.replied", "case", case_id, {"message_id": str(message_id)})
    await audit.record(uow, [entry])
    since = min(draft.occurred_at, case.opened_at)
    await settle(uow, [Touched(case.thread_id, since)], resolution="answered")
    return message_id


async def resolve(uow: UnitOfWork, case_id: UUID, *, note: str | None = None) -> None:
    """Close a case. Closing a closed one changes nothing."""
    case = await _hold(uow, case_id)
    if case.state in CLOSED:
        return
    await _act(uow, case, ActKind.RESOLVE, note=note)


async def reopen(uow: UnitOfWork, case_id: UUID, *, note: str | None = None) -> None:
    """Open a closed case again; a question closed without a reply counts from now.

    Raises CaseClosedError for a void case: its questions were taken back.
    """
    case = await _hold(uow, case_id)
    if case.state == CaseState.VOID:
        act = "reopened"
        raise CaseClosedError(act)
    if case.state != CaseState.RESOLVED:
        return
    await _act(uow, case, ActKind.REOPEN, note=note)


async def snooze(
    uow: UnitOfWork, case_id: UUID, *, until: datetime, note: str | None = None
) -> None:
    """Pause the case's clocks until a moment, or until the follower writes.

    Raises PastMomentError for a moment not ahead, CaseClosedError for a case that is over.
    """
    case = await _hold(uow, case_id)
    if until <= uow.now:
        raise PastMomentError
    if case.state in CLOSED:
        act = "snoozed"
        raise CaseClosedError(act)
    await _act(uow, case, ActKind.SNOOZE, until=until, note=note)


async def wait(uow: UnitOfWork, case_id: UUID, *, note: str | None = None) -> None:
    """Say that the follower was asked something: the clocks stand still until somebody speaks.

    Raises CaseClosedError for a case that is over.
    """
    case = await _hold(uow, case_id)
    if case.state in CLOSED:
        act = "left waiting"
        raise CaseClosedError(act)
    await _act(uow, case, ActKind.WAIT, note=note)


async def wake(uow: UnitOfWork, case_id: UUID) -> None:
    """End a snooze, or the waiting for a follower, now. Waking what is awake changes nothing."""
    case = await _hold(uow, case_id)
    if case.state not in CLOSED:
        await _act(uow, case, ActKind.WAKE)


async def assign(uow: UnitOfWork, case_id: UUID, *, member_id: UUID | None) -> None:
    """Give the case to a member, or to nobody. Raises NotFoundError for a foreign member."""
    case = await _hold(uow, case_id)
    if member_id is not None:
        await workspaces.get_member(uow, member_id)
    await cases.assign(uow, case, member_id)


async def retier(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    tier: Tier,
    note: str | None = None,
    grace: timedelta = GRACE,
) -> None:
    """Correct the tier. The elapsed time is kept: the promise counts from the same start.

    A promise that is broken under the new tier alarms somebody after `grace`, once.
    """
    case = await _hold(uow, case_id)
    if case.tier == tier and case.tier_override == tier:
        return
    await conversations.record_retier(uow, case.opening_message_id, tier=tier, note=note)
    await _act(uow, case, ActKind.RETIER, tier=tier, note=note, grace=grace)


async def settle(
    uow: UnitOfWork,
    touched: Sequence[Touched],
    *,
    resolution: str,
    grace: timedelta = timedelta(),
    anew: bool = False,
) -> cases.Refolded:
    """Fold the threads again and let their alerts follow. The caller holds the threads.

    With `anew`, open clocks move to the current versions of policy and calendar.
    """
    refolded = await cases.refold(uow, touched, grace=grace, anew=anew)
    if refolded.settled:
        await alerts.settle(uow, refolded.settled, resolution=resolution)
    if refolded.corrected:
        await alerts.correct(uow, dict(refolded.corrected))
    if refolded.replanned:
        await alerts.settle(uow, refolded.replanned, resolution="planned anew")
    if touched:
        await reacting.carry_out(uow)
    return refolded


async def _require_open_window(uow: UnitOfWork, case: Row[Any], at: datetime) -> None:
    version = (case.policy_id, case.policy_version)
    policy = (await sla.get_policies_by_version(uow, {version}))[version]
    seconds = policy.reply_windows.get(case.channel)
    newest = await conversations.get_newest_window(
        uow, case.thread_id, at, anyhow=seconds is not None
    )
    if newest is None:
        return
    closes = window_of(newest.occurred_at, newest.window_until, seconds)
    if closes is not None and at > closes:
        raise ReplyWindowClosedError


async def _hold(uow: UnitOfWork, case_id: UUID) -> Row[Any]:
    """The case as it stands once its thread is held, so that two people act one by one."""
    case = await cases.get_case(uow, case_id)
    await conversations.hold_thread(uow, case.thread_id)
    return await cases.get_case(uow, case_id)


async def _act(
    uow: UnitOfWork,
    case: Row[Any],
    kind: ActKind,
    *,
    until: datetime | None = None,
    tier: Tier | None = None,
    note: str | None = None,
    grace: timedelta = timedelta(),
) -> None:
    detail = {"note": note} if note else None
    await cases.add_act(uow, case, kind, until=until, tier=tier, detail=detail)
    touched = [Touched(case.thread_id, case.opened_at)]
    await settle(uow, touched, resolution=kind.value, grace=grace)
