"""The nouns of escalation: alerts, ladders, channels, and what became of each sending."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How loud. 50 % is a hint, 80 % a warning, 100 % a breach, beyond it an escalation."""

    HINT = "hint"
    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"


class ChannelKind(StrEnum):
    WEBHOOK = "webhook"
    CONSOLE = "console"


class Purpose(StrEnum):
    """Why something is sent: the alert, its repetition, or the news that it is over."""

    FIRING = "firing"
    RENOTIFY = "renotify"
    RESOLVED = "resolved"


class OutboxState(StrEnum):
    """`pending` covers a leased row too: its `next_at` is then the end of the lease."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What one attempt came to. `in_doubt`: the process died before it could know."""

    STARTED = "started"
    SENT = "sent"
    RETRYABLE = "retryable"
    PERMANENT = "permanent"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class LadderStep:
    """At this percent of the budget, tell these channels; an empty tuple is all of them."""

    percent: int
    channel_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    id: UUID
    name: str
    version: int
    steps: tuple[LadderStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One thing to send, claimed: the message, where to, and the token that proves the claim."""

    workspace_id: UUID
    outbox_id: UUID
    token: int
    attempt: int
    in_doubt: bool
    channel_kind: ChannelKind
    channel_config: dict[str, Any]
    channel_secret: str | None
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the other side really said, bounded; `retry_after` in seconds when it named one."""

    outcome: Outcome
    status_code: int | None = None
    detail: str = ""
    retry_after: float | None = None
    took_ms: int = 0
    sent_at: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)
