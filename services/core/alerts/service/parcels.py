"""Put what is to be said of alerts into the outbox: one row for each channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.actions import service as actions
from services.core.alerts import rules
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import outbox
from services.core.alerts.service import texts
from services.core.alerts.types import Alert, ChannelKind, Purpose
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


def note_origins(uow: UnitOfWork, alerts: Sequence[Alert]) -> None:
    """What is written of these came of what moves their cases now, or else of what raised them.

    A timer knows no request: hours later the news still names the one that brought the question.
    """
    for alert in alerts:
        moved_by = uow.request_of(alert.id, alert.message_id, alert.case_id)
        uow.origins[alert.id] = moved_by or alert.request_id


async def queue(uow: UnitOfWork, tellings: Sequence[Telling]) -> None:
    """Queue each once, whoever asks how often, and wake whoever sends."""
    if not tellings:
        return
    secret = await actions.secret_of(uow)
    kinds = {one.id: one.kind for one in await channel_rows.list_channels(uow)}
    rows = []
    for telling in tellings:
        person_id = _only_reader(telling, kinds.get(telling.channel_id))
        rows.append(_row(uow, telling, secret, person_id))
    await texts.word_rows(uow, rows)
    await outbox.add_dispatches(uow, rows)
    uow.wake(QUEUE)


def _only_reader(telling: Telling, kind: ChannelKind | None) -> UUID | None:
    """Whose links they are. In a chat of many they are nobody's: anybody there may press them."""
    if kind is not ChannelKind.EMAIL or len(telling.people) != 1:
        return None
    return telling.people[0].member_id


def _row(
    uow: UnitOfWork, telling: Telling, secret: bytes, person_id: UUID | None
) -> dict[str, Any]:
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
            alert,
            workspace_id=uow.workspace_id,
            secret=secret,
            now=uow.real_now,
            person_id=person_id,
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
        "request_id": uow.request_of(alert.id),
    }
