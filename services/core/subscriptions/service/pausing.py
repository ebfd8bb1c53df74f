"""Leave an endpoint alone that takes nothing, and warn somebody until it is taken up again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.types import DetectorNotice, Severity
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream
from services.core.subscriptions.facts import subscription_changed
from services.core.subscriptions.repository import subscriptions as rows
from services.core.subscriptions.types import PauseReason, Subscription
from services.core.triage.types import Tier

PAUSED: Final = "subscription_paused"
_WHY: Final = {
    PauseReason.GONE: ("对方说这个地址已经不用了", "its endpoint says that it is gone"),
    PauseReason.FAILING: ("对方三天没有收下任何消息", "nothing has arrived there for three days"),
}


async def pause(uow: UnitOfWork, subscription_id: UUID, reason: PauseReason) -> bool:
    """Send nothing more to it. Raises an alert and announces `subscription.paused`, once.

    False when it was paused already, or is gone.
    """
    subscription = await rows.pause(uow, subscription_id, reason)
    if subscription is None or subscription.paused_at is None:
        return False
    await alerts.raise_for_detector(uow, _notice(subscription, reason, subscription.paused_at))
    await stream.announce(uow, [subscription_changed("paused", subscription)])
    detail = {"reason": reason.value}
    entry = AuditEntry("subscription.paused", "subscription", subscription_id, detail)
    await audit.record(uow, [entry])
    return True


async def end_warning(uow: UnitOfWork, before: Subscription, *, resolution: str) -> None:
    """Let the alert of its pause go, where there was one; safe to repeat."""
    if before.paused_at is not None:
        firing = _firing_id(before.id, before.paused_at)
        await alerts.settle_detector_firings(uow, [firing], resolution=resolution)


def _notice(subscription: Subscription, reason: PauseReason, at: datetime) -> DetectorNotice:
    zh, en = _WHY[reason]
    name = subscription.name
    sentence = {
        "zh": f"订阅“{name}”已暂停：{zh}。消息先不发了，请检查后恢复它。",
        "en": f"The subscription “{name}” is paused: {en}. Please look, and take it up again.",
    }
    return DetectorNotice(
        detector_id=subscription.id,
        kind=PAUSED,
        firing_id=_firing_id(subscription.id, at),
        severity=Severity.WARNING,
        tier=Tier.IMPORTANT,
        detail={"kind": PAUSED, "subscription_id": str(subscription.id), "reason": reason.value}
        | {"sentence": sentence},
    )


def _firing_id(subscription_id: UUID, paused_at: datetime) -> UUID:
    """One for each pause, the same whoever asks."""
    return ids.derived_id(PAUSED, subscription_id, paused_at.isoformat())
