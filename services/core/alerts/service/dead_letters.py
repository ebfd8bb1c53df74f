"""The log of what was sent where, and a second chance for what nobody would take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.repository import outbox
from services.core.alerts.service.channels import get_channel
from services.core.alerts.service.handling import OVER, get_alert
from services.core.alerts.service.raising import ALERTS_QUEUE
from services.core.alerts.types import (
    Attempt,
    Delivery,
    LetterRange,
    OutboxState,
    Outcome,
    Purpose,
    Redriven,
)
from services.core.alerts.waiting import Queued, WaitsFor, what_for
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.errors import NotFoundError
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Tier

MAX_ATTEMPTS: Final = 5_000
# The first of them, the newest first.
NEWEST: Final = newest(50)
MAX_REDRIVEN: Final = 10_000
EVERYTHING: Final = LetterRange()
# Said when an alert is over, so that its being over takes nothing away from it.
NEWS_OF_THE_END: Final = frozenset({Purpose.RESOLVED, Purpose.CORRECTED})


async def list_deliveries(
    uow: UnitOfWork, alert_id: UUID, wanted: Stretch = NEWEST
) -> list[Delivery]:
    """What was queued for one alert, with the attempts at each. Raises NotFoundError."""
    await get_alert(uow, alert_id)
    return await _with_attempts(uow, await outbox.list_of_alert(uow, alert_id, wanted))


async def list_dead_letters(
    uow: UnitOfWork, wanted: Stretch = NEWEST, *, channel_id: UUID | None = None
) -> list[Delivery]:
    """What was given up, with the attempts at each."""
    rows = await outbox.list_dead(uow, wanted, channel_id=channel_id)
    return await _with_attempts(uow, rows)


async def redrive(
    uow: UnitOfWork, outbox_id: UUID | None = None, *, within: LetterRange = EVERYTHING
) -> Redriven:
    """Queue one dead letter, or a range of them, with a fresh count of attempts under the same id.

    Letters about alerts that are over are cancelled when a range is asked for. Raises
    NotFoundError when the one is not dead or the range's channel unknown, AlertResolvedError when
    the one's alert is over.
    """
    if within.channel_id is not None:
        await get_channel(uow, within.channel_id)
    dead = await outbox.lock_dead(uow, outbox_id=outbox_id, within=within, limit=MAX_REDRIVEN)
    if outbox_id is not None and not dead:
        raise NotFoundError("dead letter")
    stale = [row.id for row in dead if _is_stale(row)]
    if outbox_id is not None and stale:
        raise AlertResolvedError
    wanted = [row.id for row in dead if not _is_stale(row)]
    await outbox.redrive(uow, wanted)
    await outbox.cancel_dead(uow, stale)
    await audit.record(
        uow,
        [AuditEntry("dead_letter.redriven", "outbox", one) for one in wanted]
        + [AuditEntry("dead_letter.cancelled", "outbox", one) for one in stale],
    )
    if wanted:
        uow.wake(ALERTS_QUEUE)
    return Redriven(queued=len(wanted), cancelled=len(stale))


def _is_stale(row: Row[Any]) -> bool:
    return row.alert_state in OVER and row.purpose not in NEWS_OF_THE_END


async def _with_attempts(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> list[Delivery]:
    if not rows:
        return []
    attempts: dict[UUID, list[Attempt]] = {}
    for row in await outbox.list_attempts(uow, [row.id for row in rows], MAX_ATTEMPTS):
        attempts.setdefault(row.outbox_id, []).append(_read_attempt(row))
    return [_read_delivery(row, attempts.get(row.id, []), uow.real_now) for row in rows]


def _waits(
    row: Row[Any], attempts: Sequence[Attempt], now: datetime
) -> tuple[WaitsFor | None, datetime | None]:
    if row.state != OutboxState.PENDING:
        return None, None
    queued = Queued(
        next_at=row.next_at,
        is_sending=any(one.outcome is Outcome.STARTED for one in attempts),
        enabled=row.enabled,
        paused=row.paused_at is not None,
        open_until=row.open_until,
    )
    return what_for(queued, now)


def _read_attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        number=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=Outcome(row.outcome),
        status_code=row.status_code,
        detail=row.detail,
        digest_id=row.digest_id,
    )


def _read_delivery(row: Row[Any], attempts: Sequence[Attempt], now: datetime) -> Delivery:
    waits_for, waits_until = _waits(row, attempts, now)
    return Delivery(
        id=row.id,
        alert_id=row.alert_id,
        case_id=row.case_id,
        channel_id=row.channel_id,
        channel_name=row.channel_name,
        purpose=Purpose(row.purpose),
        sequence=row.sequence,
        tier=Tier(row.tier),
        state=OutboxState(row.state),
        next_at=row.next_at,
        attempt_count=row.attempt_count,
        last_error=row.last_error,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=tuple(attempts),
        digest_id=row.digest_id,
        fallback_of=row.fallback_of,
        fell_back_at=row.fell_back_at,
        waits_for=waits_for,
        waits_until=waits_until,
        closes_digest_id=row.closes_digest_id,
        request_id=row.request_id,
    )
