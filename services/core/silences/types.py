"""The nouns of keeping quiet: silences, inhibitions, quiet hours, and what they hold back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from services.core.conversations.types import Channel
from services.core.triage.types import Category, Tier

MINUTES_OF_A_DAY = 24 * 60
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


class HoldKind(StrEnum):
    """What keeps an alert quiet: people, a louder alert, or the hour."""

    SILENCE = "silence"
    INHIBITION = "inhibition"
    QUIET_HOURS = "quiet_hours"


class SilenceState(StrEnum):
    UPCOMING = "upcoming"
    ACTIVE = "active"
    EXPIRED = "expired"


class Sameness(StrEnum):
    """What two alerts share when one of them may hold the other back."""

    GROUP = "group"
    POST = "post"
    THREAD = "thread"
    FOLLOWER = "follower"


class Holdable(Protocol):
    """What of an alert decides whether it is held; `alerts.types.Alert` is one.

    A protocol, because alerts ask silences and not the other way round.
    """

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def severity(self) -> str: ...
    @property
    def group_key(self) -> str: ...
    @property
    def case_id(self) -> UUID | None: ...
    @property
    def rule_id(self) -> UUID | None: ...
    @property
    def message_id(self) -> UUID | None: ...
    @property
    def detail(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nobody is told now. `until` is None while nobody knows: a louder alert is open.

    `id` is the silence's or the inhibition's; of quiet hours it is the workspace's.
    """

    kind: HoldKind
    id: UUID
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Traits:
    """What an alert is about, looked up: what conditions are compared with."""

    alert_id: UUID
    kind: str
    tier: Tier
    severity: str
    group_key: str
    case_id: UUID | None = None
    rule_id: UUID | None = None
    category: str | None = None
    source_id: UUID | None = None
    post_id: UUID | None = None
    thread_id: UUID | None = None
    follower_id: UUID | None = None
    channel: str | None = None
    crisis: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which alerts a silence holds: all that are given hold together; None is any.

    `channel` is where the conversation takes place, `kind` an alert's, `group` a `group_key`.
    """

    tier_at_most: Tier | None = None
    kind: str | None = None
    category: Category | None = None
    channel: Channel | None = None
    source_id: UUID | None = None
    post_id: UUID | None = None
    thread_id: UUID | None = None
    follower_id: UUID | None = None
    rule_id: UUID | None = None
    case_id: UUID | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class SilenceDraft:
    """What somebody wants to hear nothing of, until when, and why.

    Without a condition it must say `everything`; urgent alerts are held only if it says so.
    """

    conditions: Conditions
    starts_at: datetime
    ends_at: datetime
    reason: str
    everything: bool = False
    also_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """`ended_at` is set when somebody ended it early; `ends_at` is then that moment too."""

    id: UUID
    conditions: Conditions
    starts_at: datetime
    ends_at: datetime
    reason: str
    everything: bool
    also_urgent: bool
    created_at: datetime
    created_by: str
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a silence would hold if it began now. `alert_ids` are the first of them.

    `is_whole` is False when more alerts are open than were looked at.
    """

    matching: int
    looked_at: int
    is_whole: bool
    alert_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Which alerts hold others back while they are open; all that is given holds together."""

    kind: str | None = None
    category: Category | None = None
    rule_id: UUID | None = None
    crisis: bool = False
    tier_at_least: Tier | None = None
    severity_at_least: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Which alerts are held back; None is any."""

    kind: str | None = None
    category: Category | None = None
    rule_id: UUID | None = None
    tier_at_most: Tier | None = None
    severity_at_most: str | None = None


@dataclass(frozen=True, slots=True)
class InhibitionDraft:
    name: str
    source: Source
    target: Target
    same: Sameness
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Inhibition:
    """A rule of the workspace; the one that comes with it (`is_built_in`) can be switched off."""

    id: UUID
    name: str
    source: Source
    target: Target
    same: Sameness
    enabled: bool
    is_built_in: bool
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inhibitor:
    """An open alert that holds others back by one rule, with whom it shares `key`."""

    inhibition_id: UUID
    key: str
    alert_id: UUID


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """Minutes of the local day; an `end` not after `start` lies on the next day.

    It begins on each of `days`, Monday being 0.
    """

    start: int
    end: int
    days: tuple[int, ...] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When routine alerts wait for the morning; no spans, no waiting."""

    zone: str = "UTC"
    spans: tuple[QuietSpan, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Everything of a workspace that may hold an alert at one moment."""

    silences: tuple[Silence, ...]
    inhibitions: tuple[Inhibition, ...]
    hours: QuietHours
