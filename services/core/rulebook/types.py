"""The nouns of workspace rules: what they look at, what they do, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.learning.types import Labels
from services.core.triage.types import Category, Language, MessageKind, Sentiment, Tier


class RunOutcome(StrEnum):
    """`held`: it would have lowered or hidden a crisis. `stopped`: the work of a message was spent.

    `looping`: the rule has acted on this message too often. `muted`: it alarms too often.
    """

    APPLIED = "applied"
    HELD = "held"
    STOPPED = "stopped"
    LOOPING = "looping"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Minutes of the day in a zone, on days of the week (0 is Monday); it may pass midnight."""

    zone: str = "UTC"
    days: tuple[int, ...] = ()
    starts: int = 0
    ends: int = 24 * 60


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that are given hold together; several values of one are alternatives."""

    patterns: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    kinds: tuple[MessageKind, ...] = ()
    languages: tuple[Language, ...] = ()
    tiers: tuple[Tier, ...] = ()
    categories: tuple[Category, ...] = ()
    sentiments: tuple[Sentiment, ...] = ()
    flags: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    min_followers: int | None = None
    verified: bool | None = None
    following: bool | None = None
    min_spam_score: float | None = None
    max_confidence: float | None = None
    window: TimeWindow | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """What a rule does. `stop` ends the book here: no later rule is looked at."""

    tier: Tier | None = None
    category: Category | None = None
    tags: tuple[str, ...] = ()
    alert: bool = False
    hide: bool = False
    assign_to: UUID | None = None
    stop: bool = False


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What somebody wants a rule to be. Rules are tried by `position`, lowest first."""

    name: str
    conditions: Conditions
    effects: Effects
    position: int = 100
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule."""

    id: UUID
    version: int
    draft: RuleDraft
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Author:
    """What is known of a follower; None is not known."""

    external_id: str
    handle: str | None = None
    followers: int | None = None
    verified: bool | None = None
    following: bool | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A message as rules see it: as written, as judged, by whom, where and when."""

    message_id: UUID
    content_rank: str
    text: str
    kind: MessageKind
    language: Language
    labels: Labels
    spam_score: float
    confidence: float
    occurred_at: datetime
    cues: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    hide: bool = False
    post: str | None = None
    author: Author | None = None
    historical: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A rule that met a message. `span` is where the pattern stands, in code points."""

    rule: Rule
    outcome: RunOutcome
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the book made of a message; `work` is what it cost, in units of the budget."""

    labels: Labels
    hide: bool
    tags: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    work: int = 0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A line of the execution log."""

    id: UUID
    rule_id: UUID
    rule_name: str
    rule_version: int
    message_id: UUID
    outcome: RunOutcome
    effects: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class DueEffect:
    """An alert or assignment a rule asked for, with the case its message came to be in."""

    run_id: UUID
    rule_id: UUID
    rule_name: str
    message_id: UUID
    case_id: UUID | None
    tier: Tier
    alert: bool
    assign_to: UUID | None
    alerts_lately: int


@dataclass(frozen=True, slots=True)
class Example:
    """A message a draft would have met, and what would have changed."""

    message_id: UUID
    text: str | None
    occurred_at: datetime
    before: Labels
    after: Labels
    hide: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a draft would have done. `moved[before][after]` counts tiers of the messages it met."""

    days: int
    examined: int
    truncated: bool
    matched: int
    stopped: int
    held: int
    moved: Mapping[str, Mapping[str, int]]
    alerts: int
    hidden: int
    examples: tuple[Example, ...] = field(default=())
