"""What escalation announces."""

from typing import Any
from uuid import UUID

from services.core.alerts.types import Alert, Dispatch, SendResult
from services.core.stream.types import Fact


def alert_changed(verb: str, alert: Alert, **more: Any) -> Fact:
    """`alert.raised`, `alert.acknowledged`, `alert.resolved`, `alert.renotified`."""
    return Fact(
        kind=f"alert.{verb}",
        subject_kind="alert",
        subject_id=alert.id,
        payload={
            "kind": alert.kind.value,
            "case_id": str(alert.case_id) if alert.case_id else None,
            "clock_id": str(alert.clock_id) if alert.clock_id else None,
            "clock_kind": alert.clock_kind.value if alert.clock_kind else None,
            "rule_id": str(alert.rule_id) if alert.rule_id else None,
            "message_id": str(alert.message_id) if alert.message_id else None,
            "burn_id": str(alert.burn_id) if alert.burn_id else None,
            "detector_firing_id": (
                str(alert.detector_firing_id) if alert.detector_firing_id else None
            ),
            "step": alert.step,
            "severity": alert.severity.value,
            "tier": alert.tier.value,
            "state": alert.state.value,
            "due_at": alert.due_at.isoformat(),
            **more,
        },
    )


def send_dead_lettered(dispatch: Dispatch, result: SendResult) -> Fact:
    """`send.dead_lettered`: somebody was not told, and nobody will try again unasked."""
    return Fact(
        kind="send.dead_lettered",
        subject_kind="alert",
        subject_id=dispatch.alert_id,
        payload={
            "outbox_id": str(dispatch.outbox_id),
            "channel_id": str(dispatch.channel_id),
            "attempts": dispatch.attempt,
            "status_code": result.status_code,
        },
    )


def channel_changed(verb: str, channel_id: UUID, **more: Any) -> Fact:
    """`channel.paused`, `channel.resumed`: whether alerts can get through there."""
    return Fact(
        kind=f"channel.{verb}",
        subject_kind="channel",
        subject_id=channel_id,
        payload={"channel_id": str(channel_id), **more},
    )
