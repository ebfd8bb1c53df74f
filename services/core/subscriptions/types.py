"""What a subscription is: somebody else's address, told of every fact of the kinds it asked for."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.triage.types import Tier


class Ordering(StrEnum):
    """By subject: a later fact of a case waits until the earlier one arrived or was given up."""

    NONE = "none"
    SUBJECT = "subject"


class ParcelState(StrEnum):
    """Of a fact on its way to one subscriber."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


class Outcome(StrEnum):
    """What an attempt came to. `in_doubt`: it may have arrived; `gone`: asked never to return."""

    STARTED = "started"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    GONE = "gone"


class PauseReason(StrEnum):
    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which facts are wanted: kinds (`case.opened`, `alert.*`, `*`), and of what.

    Without tiers or sources any will do; with them, facts that name none are left out.
    """

    kinds: tuple[str, ...]
    tiers: tuple[Tier, ...] = ()
    source_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionDraft:
    """What people decide about a subscription. No secret means: make one."""

    name: str
    url: str
    wish: Wish
    ordering: Ordering = Ordering.NONE
    enabled: bool = True
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """Only what is named changes."""

    name: str | None = None
    url: str | None = None
    kinds: tuple[str, ...] | None = None
    tiers: tuple[Tier, ...] | None = None
    source_ids: tuple[UUID, ...] | None = None
    ordering: Ordering | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """`position` is the number of the last fact looked at for it.

    The first of `secrets` is the one in force; the other one signs too, during a rotation.
    """

    id: UUID
    name: str
    url: str
    wish: Wish
    ordering: Ordering
    enabled: bool
    position: int
    paused_at: datetime | None
    pause_reason: PauseReason | None
    failing_since: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def live(self) -> bool:
        return self.enabled and self.paused_at is None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has not arrived yet: how many are on their way or given up, since when."""

    pending: int
    dead: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact to be sent now, under a lease that `token` names."""

    workspace_id: UUID
    subscription_id: UUID
    seq: int
    token: int
    attempt: int
    ordered: bool
    subject_id: UUID
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    message: dict[str, Any] = field(repr=False)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What the endpoint really said. `retry_after` is in seconds."""

    outcome: Outcome
    status_code: int | None = None
    detail: str = ""
    retry_after: float | None = None
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """A result, and what it makes of the fact: what is written down after an attempt."""

    claim: Claim
    result: Result
    state: ParcelState
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    status_code: int | None
    took_ms: int | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One fact for one subscriber, with the attempts to bring it there, newest first."""

    seq: int
    webhook_id: UUID
    kind: str
    subject_kind: str
    subject_id: UUID
    state: ParcelState
    waits: bool
    next_at: datetime
    attempt_count: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class ParcelRange:
    """Numbers and times a parcel was queued at, all of them optional; `until` is not included."""

    first_seq: int | None = None
    last_seq: int | None = None
    since: datetime | None = None
    until: datetime | None = None
