"""Turn what happened into alerts: a timer that fired, a rule, a burn, a detector."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from services.core.alerts import rules
from services.core.alerts.facts import alert_changed
from services.core.alerts.ladder_types import Ladder, LadderStep, StepClock
from services.core.alerts.repository import alerts as alert_rows
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import ladders as ladder_rows
from services.core.alerts.service.advancing import begin
from services.core.alerts.service.parcels import QUEUE, note_origins
from services.core.alerts.stored_steps import freeze
from services.core.alerts.types import (
    Alert,
    BurnNotice,
    DetectorNotice,
    RuleMatch,
)
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.calendars import service as calendars
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.sla import service as sla
from services.core.sla.types import FiredTimer
from services.core.stream import service as stream

ALERTS_QUEUE: Final = QUEUE
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
    enabled = await list_enabled(uow)
    ladders = await _ladders_of(uow, fired)
    rows = []
    # In one order everywhere, so that two raisers never wait for each other crosswise.
    for timer in sorted(fired, key=lambda timer: (timer.clock_id, timer.percent)):
        snapshot, steps = ladders[timer.policy_id, timer.policy_version]
        told = rules.channels_for(steps, timer.percent, enabled)
        ladder = {**snapshot, "channel_ids": [str(channel_id) for channel_id in told]}
        rows.append(rules.new_alert(timer, alert_id=ids.new_id(), now=uow.now, ladder=ladder))
    return await _raise(uow, rows, enabled)


async def _raise(uow: UnitOfWork, rows: Sequence[dict[str, Any]], enabled: Sequence[UUID]) -> int:
    raised = await alert_rows.add_alerts(uow, rows)
    note_origins(uow, raised)
    await begin(uow, raised, enabled)
    await stream.announce(uow, [alert_changed("raised", alert) for alert in raised])
    await audit.record(uow, [_raised_entry(alert) for alert in raised])
    return len(raised)


async def raise_for_rules(uow: UnitOfWork, matches: Sequence[RuleMatch]) -> int:
    """Raise an alert for each message a rule wants told of, on the default ladder, and queue it.

    A rule tells of a message once. Announces and records as `raise_for`; returns how many are new.
    """
    if not matches:
        return 0
    enabled = await list_enabled(uow)
    ladder = await _default_ladder(uow, rules.BREACH_PERCENT, enabled)
    rows = [
        rules.new_rule_alert(
            match,
            alert_id=ids.new_id(),
            now=uow.now,
            ladder=ladder,
            request_id=uow.request_of(match.message_id, match.case_id),
        )
        for match in sorted(matches, key=lambda match: (match.rule_id, match.message_id))
    ]
    return await _raise(uow, rows, enabled)


async def raise_for_burn(uow: UnitOfWork, notice: BurnNotice) -> int:
    """Raise the one alert of an error budget that burns, on the default ladder, and queue it.

    Announces and records as `raise_for`; returns 0 when this burn has been told of.
    """
    enabled = await list_enabled(uow)
    ladder = await _default_ladder(uow, rules.burn_step(notice), enabled)
    row = rules.new_burn_alert(notice, alert_id=ids.new_id(), now=uow.now, ladder=ladder)
    return await _raise(uow, [row], enabled)


async def raise_for_detector(uow: UnitOfWork, notice: DetectorNotice) -> int:
    """Raise the one alert of a detector that went off, on its ladder, and queue it.

    Announces and records as `raise_for`; returns 0 when this firing has been told of.
    """
    enabled = await list_enabled(uow)
    step = rules.detector_step(notice)
    ladder = await _default_ladder(uow, step, enabled, instead=notice.ladder_id)
    row = rules.new_detector_alert(notice, alert_id=ids.new_id(), now=uow.now, ladder=ladder)
    return await _raise(uow, [row], enabled)


async def list_enabled(uow: UnitOfWork) -> list[UUID]:
    """The channels something may be said through, by name."""
    return [one.id for one in await channel_rows.list_channels(uow) if one.enabled]


async def _default_ladder(
    uow: UnitOfWork, percent: int, enabled: Sequence[UUID], *, instead: UUID | None = None
) -> dict[str, Any]:
    """The default ladder as it is now, with the channels it chooses at this percent.

    `instead` names another one, if it is still there.
    """
    live = await ladder_rows.list_ladders(uow)
    default = next((ladder for ladder in live if ladder.name == DEFAULT_LADDER), None)
    own = next((ladder for ladder in live if ladder.id == instead), None)
    snapshot, steps = _frozen(own or default)
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
    calendar_ids: dict[tuple[UUID, int], UUID] = {}
    for key in wanted:
        policy = policies.get(key)
        own = by_id.get(policy.ladder_id) if policy and policy.ladder_id else None
        chosen[key] = _frozen(own or default)
        if policy and policy.calendar_id and _counts_hours(chosen[key][1]):
            calendar_ids[key] = policy.calendar_id
    hours: set[tuple[UUID, int | None]] = {(one, None) for one in calendar_ids.values()}
    opened = await calendars.open_hours(uow, hours) if hours else {}
    for key, calendar_id in calendar_ids.items():
        if (calendar_id, None) in opened:
            version = opened[calendar_id, None][1]
            chosen[key][0]["calendar"] = {"id": str(calendar_id), "version": version}
    return chosen


def _counts_hours(steps: Sequence[LadderStep]) -> bool:
    return any(step.clock is StepClock.WORKING or step.only_in_hours for step in steps)


def _frozen(ladder: Ladder | None) -> tuple[dict[str, Any], Sequence[LadderStep]]:
    return (freeze(ladder), ladder.steps) if ladder else (_NO_LADDER, EVERYBODY)


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
