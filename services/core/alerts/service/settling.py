"""Let alerts go when what they warned of is over, and say so to whoever was told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.core.alerts.facts import alert_changed
from services.core.alerts.repository import alerts as alert_rows
from services.core.alerts.repository import outbox
from services.core.alerts.service.parcels import Telling, queue
from services.core.alerts.types import Alert, Purpose
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream


async def settle_burns(uow: UnitOfWork, burn_ids: Sequence[UUID], *, resolution: str) -> int:
    """As `settle`, for the alerts of burns that are over."""
    if not burn_ids:
        return 0
    by = uow.actor.label or uow.actor.id
    settled = await alert_rows.resolve_of_burns(uow, burn_ids, by=by, resolution=resolution)
    await let_go(uow, settled)
    return len(settled)


async def settle(uow: UnitOfWork, clock_ids: Sequence[UUID], *, resolution: str) -> int:
    """Resolve the alerts of these clocks; returns how many were still open.

    What was not sent yet is cancelled; where an alert was sent, or may have been, the news that it
    is over follows. `resolution` says why, in English: "answered", "withdrawn". Safe to repeat.
    """
    if not clock_ids:
        return 0
    by = uow.actor.label or uow.actor.id
    settled = await alert_rows.resolve_of_clocks(uow, clock_ids, by=by, resolution=resolution)
    await let_go(uow, settled)
    return len(settled)


async def settle_detector_firings(
    uow: UnitOfWork, firing_ids: Sequence[UUID], *, resolution: str
) -> int:
    """As `settle`, for the alerts of detectors that have calmed down."""
    if not firing_ids:
        return 0
    by = uow.actor.label or uow.actor.id
    settled = await alert_rows.resolve_of_detectors(uow, firing_ids, by=by, resolution=resolution)
    await let_go(uow, settled)
    return len(settled)


async def let_go(uow: UnitOfWork, resolved: Sequence[Alert]) -> None:
    """Cancel and follow up, announce and record alerts that were just resolved."""
    if not resolved:
        return
    reached = await outbox.cancel_of_alerts(
        uow, [alert.id for alert in resolved], "The alert is resolved."
    )
    by_id = {alert.id: alert for alert in resolved}
    follow_ups = [
        Telling(
            by_id[row.alert_id],
            row.channel_id,
            Purpose.RESOLVED,
            # Not before the firing on its way has landed: news of the end must not come first.
            next_at=_after(row.lease_end, uow.real_now),
        )
        for row in reached
    ]
    await queue(uow, follow_ups)
    facts = [alert_changed("resolved", one, resolution=one.resolution) for one in resolved]
    await stream.announce(uow, facts)
    entries = [
        AuditEntry("alert.resolved", "alert", alert.id, {"resolution": alert.resolution})
        for alert in resolved
    ]
    await audit.record(uow, entries)


def _after(lease_end: datetime | None, now: datetime) -> datetime:
    """When a follow-up may go: an attempt on its way has landed by the end of its lease."""
    return now if lease_end is None else max(now, lease_end + timedelta(milliseconds=1))
