"""Put what is to be said of alerts into the outbox: one row for each channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.actions import service as actions
from services.core.alerts import rules
from services.core.alerts.repository import outbox
from services.core.alerts.types import Alert, Purpose
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.rotas.types import Person

QUEUE: Final = "alerts"
# What is over needs nobody's hand.
_OVER: Final = frozenset({Purpose.RESOLVED, Purpose.CORRECTED})


@dataclass(frozen=True, slots=True)
class Telling:
    """One alert for one channel, and the people it is meant for."""

    alert: Alert
    channel_id: UUID
    purpose: Purpose
    sequence: int = 0
    people: Sequence[Person] = ()
    told_late_by: int = 0
    next_at: datetime | None = None


async def queue(uow: UnitOfWork, tellings: Sequence[Telling]) -> None:
    """Queue each once, whoever asks how often, and wake whoever sends."""
    if not tellings:
        return
    secret = await actions.secret_of(uow)
    await outbox.add_dispatches(uow, [_row(uow, telling, secret) for telling in tellings])
    uow.wake(QUEUE)


def _row(uow: UnitOfWork, telling: Telling, secret: bytes) -> dict[str, Any]:
    alert = telling.alert
    message = rules.build_message(
        alert,
        telling.purpose,
        now=uow.now,
        resolution=alert.resolution,
        people=telling.people,
        told_late_by=telling.told_late_by,
    )
    if telling.purpose not in _OVER:
        message["links"] |= actions.links_of(
            alert, workspace_id=uow.workspace_id, secret=secret, now=uow.real_now
        )
    return {
        "id": ids.new_id(),
        "alert_id": alert.id,
        "channel_id": telling.channel_id,
        "purpose": telling.purpose.value,
        "sequence": telling.sequence,
        "tier": alert.tier.value,
        "state": "pending",
        "next_at": telling.next_at or uow.real_now,
        "message": message,
        "created_at": uow.real_now,
    }
