"""The log of what was sent to a subscriber, and a second chance for what was given up."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import UnitOfWork
from services.core.subscriptions import rules
from services.core.subscriptions.repository import parcels, queueing
from services.core.subscriptions.service.administering import get_subscription
from services.core.subscriptions.service.sending import SENDING_QUEUE
from services.core.subscriptions.types import (
    Attempt,
    Backlog,
    Ordering,
    Outcome,
    Parcel,
    ParcelRange,
    ParcelState,
)

MOST_ATTEMPTS: Final = 5_000
MOST_REDRIVEN: Final = 5_000
# Beyond this a count changes nothing about what a person does.
MOST_COUNTED: Final = 10_000
NEWEST = newest(50)


async def list_parcels(
    uow: UnitOfWork,
    subscription_id: UUID,
    wanted: Stretch = NEWEST,
    *,
    state: ParcelState | None = None,
) -> list[Parcel]:
    """What was queued for it with the attempts at each. Raises NotFoundError."""
    await get_subscription(uow, subscription_id)
    found = await parcels.list_parcels(uow, subscription_id, wanted, state=state)
    seqs = [row.seq for row in found]
    attempts: dict[int, list[Attempt]] = {}
    for row in await parcels.list_attempts(uow, subscription_id, seqs, MOST_ATTEMPTS):
        attempts.setdefault(row.seq, []).append(_read_attempt(row))
    return [_read(subscription_id, row, attempts.get(row.seq, ())) for row in found]


async def list_backlogs(uow: UnitOfWork, subscription_ids: Sequence[UUID]) -> dict[UUID, Backlog]:
    """By subscription; counts stop at 10,000."""
    found = await parcels.list_backlogs(uow, subscription_ids, MOST_COUNTED)
    return {row.subscription_id: Backlog(row.pending, row.dead, row.oldest_at) for row in found}


async def redrive(uow: UnitOfWork, subscription_id: UUID, within: ParcelRange) -> int:
    """Send the dead of a range again, oldest 5,000 first, with a fresh count of attempts.

    They keep their webhook-ids. Returns how many. Raises NotFoundError.
    """
    subscription = await get_subscription(uow, subscription_id)
    ordered = subscription.ordering is Ordering.SUBJECT
    if ordered:
        await queueing.take_turns(uow, [subscription_id])
    subjects = await parcels.redrive(uow, subscription_id, within, MOST_REDRIVEN)
    if ordered and subjects:
        await parcels.line_up(uow, subscription_id, subjects)
    detail = {"redriven": len(subjects), "first": within.first_seq, "last": within.last_seq}
    entry = AuditEntry("subscription.redriven", "subscription", subscription_id, detail)
    await audit.record(uow, [entry])
    uow.wake(SENDING_QUEUE)
    return len(subjects)


def _read_attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        number=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=Outcome(row.outcome),
        status_code=row.status_code,
        took_ms=row.took_ms,
        detail=row.detail,
    )


def _read(subscription_id: UUID, row: Row[Any], attempts: Sequence[Attempt]) -> Parcel:
    return Parcel(
        seq=row.seq,
        webhook_id=rules.webhook_id_of(subscription_id, row.seq),
        kind=row.kind,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        state=ParcelState(row.state),
        waits=row.waits,
        next_at=row.next_at,
        attempt_count=row.attempts,
        last_error=row.last_error,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=tuple(attempts),
    )
