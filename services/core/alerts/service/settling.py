"""Let alerts go when what they warned of is over, and say so to whoever was told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.core.alerts.climbing import EXPIRES_AFTER
from services.core.alerts.facts import alert_changed
from services.core.alerts.repository import alerts as alert_rows
from services.core.alerts.repository import climbing as climbs
from services.core.alerts.repository import outbox
from services.core.alerts.service.parcels import Telling, note_origins, queue
from services.core.alerts.types import Alert, AlertState, Purpose
from services.core.alerts.wording import IN_TIME, LATE
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.turns import apart
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla.types import ClockState
from services.core.stream import service as stream

TOO_OLD: Final = "nobody ended it"
_WORDS: Final = {ClockState.MET: IN_TIME, ClockState.MISSED: LATE}


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


async def correct(uow: UnitOfWork, verdicts: Mapping[UUID, ClockState]) -> int:
    """Tell whoever was alarmed that a promise was kept after all, or was not; how many were.

    Each channel that really took an alert of the clock hears it once for each time it turns.
    """
    told = await climbs.list_reached(uow, list(verdicts))
    note_origins(uow, [alert for alert, _, _ in told])
    tellings = [
        Telling(
            replace(alert, resolution=_WORDS[verdicts[alert.clock_id]]),
            channel_id,
            Purpose.CORRECTED,
            sequence,
        )
        for alert, channel_id, sequence in told
        if alert.clock_id is not None
    ]
    await queue(uow, tellings)
    return len(tellings)


async def let_go(uow: UnitOfWork, resolved: Sequence[Alert]) -> None:
    """Cancel and follow up, announce and record alerts that were just resolved."""
    if not resolved:
        return
    note_origins(uow, resolved)
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


async def expire(database: Database, *, batch: int = 500) -> int:
    """End alerts nobody ended for so long that they wake nobody any more; returns how many.

    Announces `alert.expired`. Nothing is sent: there is no news in it. A sandbox's alerts grow old
    by its own clock.
    """
    count = 0
    async with database.system() as uow:
        workspace_ids = await climbs.list_expirable(
            uow, uow.now - EXPIRES_AFTER, drifts=database.clock.drifts
        )
    for workspace_id in workspace_ids:
        async with apart(database, workspace_id, "expiry"), database.unit(workspace_id) as uow:
            before = uow.now - EXPIRES_AFTER
            old = [
                alert
                for state in (AlertState.FIRING, AlertState.ACKNOWLEDGED)
                for alert in await climbs.expire(
                    uow, state.value, before, resolution=TOO_OLD, limit=batch
                )
            ]
            if old:
                note_origins(uow, old)
                await outbox.cancel_of_alerts(uow, [one.id for one in old], "The alert is too old.")
                await stream.announce(uow, [alert_changed("expired", one) for one in old])
            count += len(old)
    return count
