"""Turn fired timers into alerts, and let alerts go when what they warned of is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.core.alerts import rules
from services.core.alerts.facts import alert_changed
from services.core.alerts.ladder_types import Ladder, LadderStep
from services.core.alerts.repository import alerts as alert_rows
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import ladders as ladder_rows
from services.core.alerts.repository import outbox
from services.core.alerts.stored_steps import freeze
from services.core.alerts.types import (
    Alert,
    BurnNotice,
    DetectorNotice,
    Purpose,
    RuleMatch,
)
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.sla import service as sla
from services.core.sla.types import FiredTimer
from services.core.stream import service as stream

ALERTS_QUEUE: Final = "alerts"
DEFAULT_LADDER: Final = "default"
# Everybody, from the first step on: what the default ladder says, and what holds without one.
EVERYBODY: Final = (LadderStep(percent=0),)

_NO_LADDER: Final[dict[str, Any]] = {
    "id": None,
    "name": DEFAULT_LADDER,
    "version": 0,
    "steps": [{"percent": 0, "channel_ids": []}],
}


async def raise_for(uow: UnitOfWork, fired: Sequence[FiredTimer]) -> int:
    """Raise an alert for each timer that has none yet, and queue it; returns how many are new.

    Set-based: the number of statements does not grow with the number of timers. Announces
    `alert.raised`, records each alert in the trail and wakes the outbox.
    """
    if not fired:
        return 0
    ladders = await _ladders_of(uow, fired)
    enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
    rows = []
    # In one order everywhere, so that two raisers never wait for each other crosswise.
    for timer in sorted(fired, key=lambda timer: (timer.clock_id, timer.percent)):
        snapshot, steps = ladders[timer.policy_id, timer.policy_version]
        told = rules.channels_for(steps, timer.percent, enabled)
        ladder = {**snapshot, "channel_ids": [str(channel_id) for channel_id in told]}
        rows.append(rules.new_alert(timer, alert_id=ids.new_id(), now=uow.now, ladder=ladder))
    return await _raise(uow, rows)


async def _raise(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> int:
    raised = await alert_rows.add_alerts(uow, rows)
    await queue(uow, [(alert, _told(alert)) for alert in raised], Purpose.FIRING)
    await stream.announce(uow, [alert_changed("raised", alert) for alert in raised])
    await audit.record(uow, [_raised_entry(alert) for alert in raised])
    return len(raised)


async def raise_for_rules(uow: UnitOfWork, matches: Sequence[RuleMatch]) -> int:
    """Raise an alert for each message a rule wants told of, on the default ladder, and queue it.

    A rule tells of a message once. Announces and records as `raise_for`; returns how many are new.
    """
    if not matches:
        return 0
    ladder = await _default_ladder(uow, rules.BREACH_PERCENT)
    rows = [
        rules.new_rule_alert(match, alert_id=ids.new_id(), now=uow.now, ladder=ladder)
        for match in sorted(matches, key=lambda match: (match.rule_id, match.message_id))
    ]
    return await _raise(uow, rows)


async def raise_for_burn(uow: UnitOfWork, notice: BurnNotice) -> int:
    """Raise the one alert of an error budget that burns, on the default ladder, and queue it.

    Announces and records as `raise_for`; returns 0 when this burn has been told of.
    """
    ladder = await _default_ladder(uow, rules.burn_step(notice))
    row = rules.new_burn_alert(notice, alert_id=ids.new_id(), now=uow.now, ladder=ladder)
    return await _raise(uow, [row])


async def raise_for_detector(uow: UnitOfWork, notice: DetectorNotice) -> int:
    """Raise the one alert of a detector that went off, on the default ladder, and queue it.

    Announces and records as `raise_for`; returns 0 when this firing has been told of.
    """
    ladder = await _default_ladder(uow, rules.detector_step(notice))
    row = rules.new_detector_alert(notice, alert_id=ids.new_id(), now=uow.now, ladder=ladder)
    return await _raise(uow, [row])


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


async def let_go(uow: UnitOfWork, resolved: Sequence[Alert]) -> None:
    """Cancel and follow up, announce and record alerts that were just resolved."""
    if not resolved:
        return
    reached = await outbox.cancel_of_alerts(
        uow, [alert.id for alert in resolved], "The alert is resolved."
    )
    by_id = {alert.id: alert for alert in resolved}
    follow_ups = [
        _outbox_row(uow, by_id[row.alert_id], row.channel_id, Purpose.RESOLVED)
        # Not before the firing on its way has landed: news of the end must not come first.
        | {"next_at": _after(row.lease_end, uow.real_now)}
        for row in reached
    ]
    await outbox.add_dispatches(uow, follow_ups)
    if follow_ups:
        uow.wake(ALERTS_QUEUE)
    facts = [alert_changed("resolved", one, resolution=one.resolution) for one in resolved]
    await stream.announce(uow, facts)
    entries = [
        AuditEntry("alert.resolved", "alert", alert.id, {"resolution": alert.resolution})
        for alert in resolved
    ]
    await audit.record(uow, entries)


async def queue(
    uow: UnitOfWork,
    told: Sequence[tuple[Alert, Sequence[UUID]]],
    purpose: Purpose,
    sequence: int = 0,
) -> None:
    """Put each alert into the outbox once for each of its channels."""
    rows = [
        _outbox_row(uow, alert, channel_id, purpose, sequence)
        for alert, channel_ids in told
        for channel_id in channel_ids
    ]
    await outbox.add_dispatches(uow, rows)
    if rows:
        uow.wake(ALERTS_QUEUE)


async def _default_ladder(uow: UnitOfWork, percent: int) -> dict[str, Any]:
    """The default ladder as it is now, with the channels it chooses at this percent."""
    live = await ladder_rows.list_ladders(uow)
    default = next((ladder for ladder in live if ladder.name == DEFAULT_LADDER), None)
    snapshot, steps = _frozen(default)
    enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
    told = rules.channels_for(steps, percent, enabled)
    return {**snapshot, "channel_ids": [str(channel_id) for channel_id in told]}


async def _ladders_of(
    uow: UnitOfWork, fired: Sequence[FiredTimer]
) -> Mapping[tuple[UUID, int], tuple[dict[str, Any], Sequence[LadderStep]]]:
    """The ladder of each policy version: its own, else the default one, else everybody."""
    wanted = {(timer.policy_id, timer.policy_version) for timer in fired}
    policies = await sla.get_policies_by_version(uow, wanted)
    live = await ladder_rows.list_ladders(uow)
    by_id = {ladder.id: ladder for ladder in live}
    default = next((ladder for ladder in live if ladder.name == DEFAULT_LADDER), None)
    chosen = {}
    for key in wanted:
        policy = policies.get(key)
        own = by_id.get(policy.ladder_id) if policy and policy.ladder_id else None
        chosen[key] = _frozen(own or default)
    return chosen


def _frozen(ladder: Ladder | None) -> tuple[dict[str, Any], Sequence[LadderStep]]:
    return (freeze(ladder), ladder.steps) if ladder else (_NO_LADDER, EVERYBODY)


def _told(alert: Alert) -> list[UUID]:
    return [UUID(channel_id) for channel_id in alert.ladder["channel_ids"]]


def _outbox_row(
    uow: UnitOfWork, alert: Alert, channel_id: UUID, purpose: Purpose, sequence: int = 0
) -> dict[str, Any]:
    message = rules.build_message(alert, purpose, now=uow.now, resolution=alert.resolution)
    return {
        "id": ids.new_id(),
        "alert_id": alert.id,
        "channel_id": channel_id,
        "purpose": purpose.value,
        "sequence": sequence,
        "tier": alert.tier.value,
        "state": "pending",
        "next_at": uow.real_now,
        "message": message,
        "created_at": uow.real_now,
    }


def _after(lease_end: datetime | None, now: datetime) -> datetime:
    """When a follow-up may go: an attempt on its way has landed by the end of its lease."""
    return now if lease_end is None else max(now, lease_end + timedelta(milliseconds=1))


def _raised_entry(alert: Alert) -> AuditEntry:
    detail = {
        "kind": alert.kind.value,
        "case_id": str(alert.case_id) if alert.case_id else None,
        "rule_id": str(alert.rule_id) if alert.rule_id else None,
        "step": alert.step,
        "severity": alert.severity.value,
        "channel_ids": alert.ladder["channel_ids"],
    }
    return AuditEntry("alert.raised", "alert", alert.id, detail)
