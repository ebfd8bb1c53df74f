"""What people do with an alert: look, say "I have it", close it, ask again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.alerts import climbing
from services.core.alerts.climbing import Climb
from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.facts import alert_changed
from services.core.alerts.repository import alerts as alert_rows
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import climbing as climbs
from services.core.alerts.repository import outbox
from services.core.alerts.service.advancing import advance, hours_of, read_step, steps_of
from services.core.alerts.service.climbing import list_past
from services.core.alerts.service.parcels import Telling, queue
from services.core.alerts.service.settling import let_go
from services.core.alerts.types import Alert, AlertFilter, AlertState, Purpose
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.triage.types import Tier

BY_HAND: Final = "by hand"
OVER: Final = frozenset({AlertState.RESOLVED, AlertState.EXPIRED})
# A ladder has some steps and each some rounds; the limit is for one that is asked again for ever.
MOST_STEPS: Final = 1_000


async def get_alert(uow: UnitOfWork, alert_id: UUID) -> Alert:
    """Raises NotFoundError."""
    return _found(await alert_rows.get_alert(uow, alert_id))


async def list_alerts(
    uow: UnitOfWork,
    wanted: AlertFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    oldest_first: bool = False,
) -> list[Alert]:
    """Newest first; pass time and id of the last alert seen as `after` for the next page."""
    return await alert_rows.list_alerts(
        uow, wanted, after=after, limit=limit, oldest_first=oldest_first
    )


async def acknowledge(
    uow: UnitOfWork,
    alert_id: UUID,
    *,
    note: str | None = None,
    only_this: bool = False,
    minutes: int | None = None,
    until_resolved: bool = False,
) -> Alert:
    """Say that somebody has it: all firing alerts of its case, or just this one.

    What was not sent yet stays unsent, and the ladder rests for so many `minutes` (by tier where
    none are named) or until the alert is over. Then it goes on where it stood. Repeating it with
    a time agrees on that one from now; else it changes nothing, as with an alert that is over.
    Announces `alert.acknowledged` for each. Raises NotFoundError.
    """
    if not await alert_rows.lock_together(uow, alert_id, only_this=only_this):
        raise NotFoundError("alert")
    by = uow.actor.label or uow.actor.id
    taken = await alert_rows.acknowledge(
        uow,
        alert_id,
        by=by,
        note=note,
        only_this=only_this,
        rests={
            tier: climbing.rest_until(tier, uow.now, minutes, ever=until_resolved) for tier in Tier
        },
        prolong=minutes is not None or until_resolved,
    )
    if taken:
        await outbox.cancel_of_alerts(uow, [one.id for one in taken], "Somebody has it.")
        await stream.announce(uow, [_acknowledged(one, by) for one in taken])
        await audit.record(uow, _entries("alert.acknowledged", taken, note))
    return await get_alert(uow, alert_id)


async def unacknowledge(
    uow: UnitOfWork, alert_id: UUID, *, note: str | None = None, only_this: bool = False
) -> Alert:
    """Take it back: the ladders of the case's acknowledged alerts, or of this one, go on at once.

    An alert that nobody has stays as it is. Announces `alert.unacknowledged` for each. Raises
    NotFoundError.
    """
    together = await alert_rows.lock_together(uow, alert_id, only_this=only_this)
    if not together:
        raise NotFoundError("alert")
    held = [one for one in together if one.state is AlertState.ACKNOWLEDGED]
    if held:
        again = [replace(one, climb_at=uow.now) for one in held]
        enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
        past = await list_past(uow, again)
        moved = await advance(uow, again, enabled=enabled, past=past)
        facts = [alert_changed("unacknowledged", one.after) for one in moved]
        await stream.announce(uow, facts)
        await audit.record(uow, _entries("alert.unacknowledged", held, note))
    return await get_alert(uow, alert_id)


async def list_climb(uow: UnitOfWork, alert_id: UUID) -> Climb:
    """What became of each step, and what comes next and when. Raises NotFoundError."""
    alert = await get_alert(uow, alert_id)
    rows = await climbs.list_steps(uow, alert_id, MOST_STEPS)
    past = (await list_past(uow, [alert])).get(alert_id, frozenset())
    return Climb(
        alert=alert,
        steps=steps_of(alert),
        done=tuple(read_step(row) for row in rows),
        ahead=tuple(climbing.ahead(alert, steps_of(alert), past, await hours_of(uow, alert))),
    )


async def resolve(uow: UnitOfWork, alert_id: UUID, *, note: str | None = None) -> Alert:
    """Close one alert by hand; its clock goes on. Repeating it changes nothing.

    Announces `alert.resolved`. Raises NotFoundError.
    """
    alert = _found(await alert_rows.get_alert(uow, alert_id, lock=True))
    if alert.state in OVER:
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
    if alert.state in OVER:
        raise AlertResolvedError
    enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
    kept = [one for one in enabled if str(one) in alert.ladder["channel_ids"]]
    sequence = await outbox.get_next_sequence(uow, alert_id)
    await queue(uow, [Telling(alert, one, Purpose.RENOTIFY, sequence) for one in kept or enabled])
    await stream.announce(uow, [alert_changed("renotified", alert, round=sequence)])
    await audit.record(uow, _entries("alert.renotified", [alert], note))
    return alert


def _acknowledged(alert: Alert, by: str) -> Fact:
    resume_at = alert.resume_at.isoformat() if alert.resume_at else None
    return alert_changed("acknowledged", alert, by=by, resume_at=resume_at)


def _found(alert: Alert | None) -> Alert:
    if alert is None:
        raise NotFoundError("alert")
    return alert


def _entries(action: str, alerts: Sequence[Alert], note: str | None) -> list[AuditEntry]:
    # The note itself stands with the alert; the trail holds no texts.
    detail = {"with_note": note is not None}
    return [AuditEntry(action, "alert", alert.id, detail) for alert in alerts]
