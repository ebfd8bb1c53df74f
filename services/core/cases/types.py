"""The nouns of work: cases, what folds into them, and the shape a fold gives."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.core.sla.types import ClockKind, Pause
from services.core.triage.types import Tier


class CaseState(StrEnum):
    """`answered`: nobody waits, nobody said it is done. `void`: every question was withdrawn."""

    OPEN = "open"
    ANSWERED = "answered"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    VOID = "void"


class ActKind(StrEnum):
    """What a person did to a case, and the fold must respect."""

    RESOLVE = "resolve"
    REOPEN = "reopen"
    SNOOZE = "snooze"
    WAIT = "wait"
    WAKE = "wake"
    RETIER = "retier"


@dataclass(frozen=True, slots=True)
class Ask:
    """An inbound message that deserves a reply. `deleted_at` when its author took it back.

    `window_until` is when the platform takes no reply to it any more.
    """

    message_id: UUID
    at: datetime
    tier: Tier
    deleted_at: datetime | None = None
    window_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """An inbound message that deserves no reply, and yet lets the platform take one longer."""

    message_id: UUID
    at: datetime
    window_until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply by the brand, or by an advocate. `resolves=None` leaves it to the policy.

    `below` is the question an advocate answered; None for the brand's own words.
    """

    message_id: UUID
    at: datetime
    resolves: bool | None = None
    below: UUID | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The moment the author took a question back."""

    message_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A person's act; `case_id` keeps it with its case when a late message moves the borders."""

    id: UUID
    kind: ActKind
    at: datetime
    until: datetime | None = None
    tier: Tier | None = None


@dataclass(slots=True)
class Episode:
    """One promise inside a case: from its first open question to its settlement."""

    kind: ClockKind
    number: int
    started_at: datetime
    trigger_message_id: UUID | None
    asks: list[Ask] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    tier_override: Tier | None = None
    # Of a reply window only: when it closes.
    until: datetime | None = None
    settled_at: datetime | None = None
    settling_message_id: UUID | None = None
    void_reason: str | None = None


@dataclass(slots=True)
class CaseShape:
    """What a case is, said by its messages and acts alone."""

    opened_at: datetime
    opening_message_id: UUID
    state: CaseState
    message_ids: list[UUID] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    tier: Tier = Tier.ROUTINE
    tier_override: Tier | None = None
    unanswered: int = 0
    reopened: int = 0
    answered_at: datetime | None = None
    resolved_at: datetime | None = None
    snoozed_until: datetime | None = None
