"""What escalation announces."""

from typing import Any

from services.core.alerts.types import Alert, Dispatch, SendResult
from services.core.stream.types import Fact


def alert_changed(verb: str, alert: Alert, **more: Any) -> Fact:
    """`alert.raised`, `alert.acknowledged`, `alert.resolved`, `alert.renotified`."""
    return Fact(
        kind=f"alert.{verb}",
        subject_kind="alert",
        subject_id=alert.id,
        payload={
            "case_id": str(alert.case_id),
            "clock_id": str(alert.clock_id),
            "clock_kind": alert.clock_kind.value,
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
