"""What people do with an alert: look, say "I have it", close it, ask again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.facts import alert_changed
from services.core.alerts.repository import alerts as alert_rows
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import outbox
from services.core.alerts.service.parcels import Telling, queue
from services.core.alerts.service.settling import let_go
from services.core.alerts.types import Alert, AlertFilter, AlertState, Purpose
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream

BY_HAND: Final = "by hand"


async def get_alert(uow: UnitOfWork, alert_id: UUID) -> Alert:
    """Raises NotFoundError."""
    return _found(await alert_rows.get_alert(uow, alert_id))


async def list_alerts(
    uow: UnitOfWork,
    wanted: AlertFilter,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Alert]:
    """Newest first; pass time and id of the last alert seen as `before` for the next page."""
    return await alert_rows.list_alerts(uow, wanted, before=before, limit=limit)


async def acknowledge(
    uow: UnitOfWork, alert_id: UUID, *, note: str | None = None, only_this: bool = False
) -> Alert:
    """Say that somebody has it: all firing alerts of its case, or just this one.

    What was not sent yet stays unsent. Repeating it, or acknowledging a resolved alert, changes
    nothing. Announces `alert.acknowledged` for each. Raises NotFoundError.
    """
    _found(await alert_rows.get_alert(uow, alert_id, lock=True))
    by = uow.actor.label or uow.actor.id
    taken = await alert_rows.acknowledge(uow, alert_id, by=by, note=note, only_this=only_this)
    if taken:
        await outbox.cancel_of_alerts(uow, [one.id for one in taken], "Somebody has it.")
        await stream.announce(uow, [alert_changed("acknowledged", one, by=by) for one in taken])
        await audit.record(uow, _entries("alert.acknowledged", taken, note))
    return await get_alert(uow, alert_id)


async def resolve(uow: UnitOfWork, alert_id: UUID, *, note: str | None = None) -> Alert:
    """Close one alert by hand; its clock goes on. Repeating it changes nothing.

    Announces `alert.resolved`. Raises NotFoundError.
    """
    alert = _found(await alert_rows.get_alert(uow, alert_id, lock=True))
    if alert.state is AlertState.RESOLVED:
        return alert
    by = uow.actor.label or uow.actor.id
    resolved = await alert_rows.resolve_alerts(
        uow, [alert_id], by=by, resolution=BY_HAND, note=note
    )
    await let_go(uow, resolved)
    return await get_alert(uow, alert_id)


async def renotify(uow: UnitOfWork, alert_id: UUID, *, note: str | None = None) -> Alert:
    """Tell the alert's channels once more, each call a new round.

    The channels are those of its frozen ladder that are still there, or all if none is. Announces
    `alert.renotified`. Raises NotFoundError, AlertResolvedError.
    """
    # The lock makes rounds one after the other: two at once would take one number.
    alert = _found(await alert_rows.get_alert(uow, alert_id, lock=True))
    if alert.state is AlertState.RESOLVED:
        raise AlertResolvedError
    enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
    kept = [one for one in enabled if str(one) in alert.ladder["channel_ids"]]
    sequence = await outbox.get_next_sequence(uow, alert_id)
    await queue(uow, [Telling(alert, one, Purpose.RENOTIFY, sequence) for one in kept or enabled])
    await stream.announce(uow, [alert_changed("renotified", alert, round=sequence)])
    await audit.record(uow, _entries("alert.renotified", [alert], note))
    return alert


def _found(alert: Alert | None) -> Alert:
    if alert is None:
        raise NotFoundError("alert")
    return alert


def _entries(action: str, alerts: Sequence[Alert], note: str | None) -> list[AuditEntry]:
    # The note itself stands with the alert; the trail holds no texts.
    detail = {"with_note": note is not None}
    return [AuditEntry(action, "alert", alert.id, detail) for alert in alerts]
