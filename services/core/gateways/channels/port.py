"""What an alert needs from any channel: take one parcel, say honestly what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class Failure(StrEnum):
    """Why there is no answer. After `timeout` and `lost` the parcel may have arrived."""

    TIMEOUT = "timeout"
    LOST = "lost"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked_address"
    MISCONFIGURED = "misconfigured"


class Verdict(StrEnum):
    """What the body of an answer said where a status does not: chat robots refuse with a 200."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to send. `id` stays the same over every attempt: it tells a repeat.

    Every one of `secrets` signs: two during a rotation. `message["repeat"]` is true when an earlier
    attempt may have arrived. `request_id` is of the request this came of, where it was one.
    """

    id: UUID
    message: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side really said. Exactly one of `status_code` and `failure` is set.

    `retry_after` is in seconds; `detail` is a short printable piece of the answer, not trusted.
    `verdict` goes before the status; without one the status decides.
    """

    status_code: int | None = None
    failure: Failure | None = None
    retry_after: float | None = None
    detail: str = ""
    took_ms: int = 0
    verdict: Verdict | None = None


class ChannelGateway(Protocol):
    async def send(self, parcel: Parcel) -> Answer:
        """Deliver once, within a bounded time. Returns for every outcome; raises for none."""
        ...
