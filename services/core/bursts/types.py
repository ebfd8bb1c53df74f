"""The nouns of bursts: many people ask the same thing under one post."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.core.cases.types import CaseState
from services.core.triage.types import Tier


@dataclass(frozen=True, slots=True)
class BurstLimits:
    """How alike two questions must be (0 to 1), and how far apart they may lie."""

    similarity: float = 0.75
    window: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question under a post, with the burst it already belongs to, if any."""

    message_id: UUID
    case_id: UUID
    post_id: UUID
    source_id: UUID
    text: str
    asked_at: datetime
    burst_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """`asked` is like `like` (itself when it stands alone)."""

    asked: Asked
    like: Asked | None
    similarity: float


@dataclass(frozen=True, slots=True)
class Burst:
    """`waiting` of its `size` cases still wait for an answer; `next_due_at` is the earliest."""

    id: UUID
    post_id: UUID
    source_id: UUID
    text: str | None
    size: int
    waiting: int
    next_due_at: datetime | None
    started_at: datetime
    last_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class BurstCase:
    """One person's question, with its own clocks under its own case."""

    case_id: UUID
    message_id: UUID
    text: str | None
    handle: str | None
    similarity: float
    asked_at: datetime
    state: CaseState
    tier: Tier
    waiting: bool
    next_due_at: datetime | None
