"""Say what a queued sending waits for, so that nobody has to guess why it has not gone out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WaitsFor(StrEnum):
    """`answer`: it is on its way. `turn`: the channel's limit, or those before it."""

    ANSWER = "answer"
    CHANNEL_OFF = "channel_off"
    CHANNEL_PAUSED = "channel_paused"
    CHANNEL_SHUT = "channel_shut"
    RETRY = "retry"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Queued:
    """A sending that waits, and how its channel stands."""

    next_at: datetime
    is_sending: bool
    enabled: bool
    paused: bool
    open_until: datetime | None


def what_for(queued: Queued, now: datetime) -> tuple[WaitsFor, datetime | None]:
    """What stands between a sending and its channel, and until when, where that is known."""
    if queued.is_sending and queued.next_at > now:
        return WaitsFor.ANSWER, queued.next_at
    if not queued.enabled:
        return WaitsFor.CHANNEL_OFF, None
    if queued.paused:
        return WaitsFor.CHANNEL_PAUSED, None
    shut = queued.open_until if queued.open_until and queued.open_until > now else None
    if queued.next_at > now and (shut is None or queued.next_at > shut):
        return WaitsFor.RETRY, queued.next_at
    return (WaitsFor.CHANNEL_SHUT, shut) if shut else (WaitsFor.TURN, None)
