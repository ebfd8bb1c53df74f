"""Leave a channel alone that nothing comes through, and say so on another; take it up again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.alerts.facts import channel_changed
from services.core.alerts.repository import channel_states
from services.core.alerts.service.channels import get_channel
from services.core.alerts.service.raising import ALERTS_QUEUE, raise_for_detector
from services.core.alerts.service.settling import settle_detector_firings
from services.core.alerts.types import Channel, DetectorNotice, Severity
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream
from services.core.triage.types import Tier

PAUSED: Final = "channel_paused"


async def pause_channel(uow: UnitOfWork, channel_id: UUID, reason: str) -> bool:
    """Stop sending to it; what waits, and what comes, is kept. Announces `channel.paused`.

    False when it was paused already or is gone. A warning goes to another channel.
    """
    name = await channel_states.pause(uow, channel_id, reason)
    if name is None:
        return False
    # After it: the paused channel is not among those that hear of it.
    await raise_for_detector(uow, _notice(channel_id, name, reason, uow.real_now))
    await stream.announce(uow, [channel_changed("paused", channel_id, reason=reason)])
    detail = {"reason": reason}
    await audit.record(uow, [AuditEntry("channel.paused", "channel", channel_id, detail)])
    return True


async def resume_channel(uow: UnitOfWork, channel_id: UUID) -> Channel:
    """Send to it again, what waited first; its limits hold, so much of that may be digests.

    Safe to repeat. Announces `channel.resumed`. Raises NotFoundError.
    """
    channel = await get_channel(uow, channel_id)
    if await channel_states.resume(uow, channel_id) and channel.paused_at is not None:
        firing = _firing_id(channel_id, channel.paused_at)
        await settle_detector_firings(uow, [firing], resolution="resumed")
        await channel_states.open_doors(uow, [channel_id])
        await channel_states.bring_forward(uow, channel_id)
        uow.wake(ALERTS_QUEUE)
        await stream.announce(uow, [channel_changed("resumed", channel_id)])
        await audit.record(uow, [AuditEntry("channel.resumed", "channel", channel_id)])
    return await get_channel(uow, channel_id)


def _notice(channel_id: UUID, name: str, reason: str, at: datetime) -> DetectorNotice:
    sentence = {
        "zh": f"渠道“{name}”已暂停发送，之后的提醒先留着。请检查后恢复它。",
        "en": f"The channel “{name}” is paused: {reason} Alerts for it are kept; please look, "
        "and take it up again.",
    }
    return DetectorNotice(
        detector_id=channel_id,
        kind=PAUSED,
        firing_id=_firing_id(channel_id, at),
        severity=Severity.BREACH,
        tier=Tier.URGENT,
        detail={"kind": PAUSED, "channel_id": str(channel_id), "reason": reason}
        | {"sentence": sentence},
    )


def _firing_id(channel_id: UUID, paused_at: datetime) -> UUID:
    """One for each pause, the same whoever asks."""
    return ids.derived_id(PAUSED, channel_id, paused_at.isoformat())
