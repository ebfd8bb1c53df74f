"""The vocabulary of triage: what goes in, what is decided, and the port any engine fills."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Tier(StrEnum):
    """How soon an answer is owed; the promise behind each is a policy, not a constant here."""

    URGENT = "urgent"
    IMPORTANT = "important"
    ROUTINE = "routine"
    SPAM = "spam"


class Category(StrEnum):
    COMPLAINT = "complaint"
    PRODUCT_QUESTION = "product_question"
    NEGATIVE_FEEDBACK = "negative_feedback"
    PR_CRISIS = "pr_crisis"
    FOLLOWER_QUESTION = "follower_question"
    PARTNERSHIP = "partnership"
    FEEDBACK = "feedback"
    MENTION = "mention"
    GENERAL = "general"
    PRAISE = "praise"
    CASUAL = "casual"
    SPAM = "spam"


class Sentiment(StrEnum):
    """The author's attitude to the brand or product, not the author's mood."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Language(StrEnum):
    ZH = "zh"
    EN = "en"
    MIXED = "mixed"
    OTHER = "other"


class MessageKind(StrEnum):
    COMMENT = "comment"
    DM = "dm"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the text that argued for something.

    `start` and `end` are code points of the original text, half open. `effect` is what the cue
    argued for: `category:complaint`, `spam`, `sentiment:negative`, `flag:harm`. `weight` is what
    it gave to the category that was decided on, in the sum that decided; below 0 it spoke against.
    """

    cue: str
    start: int
    end: int
    effect: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What one message is, and why. `spam_score` and `confidence` run from 0 to 1.

    `dm_category` is set for direct messages only, `negative_subtype` for complaints and bad
    verdicts only. `hide` is true only for spam the engine is sure of.
    """

    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool
    language: Language
    spam_score: float
    hide: bool
    confidence: float
    reasons: tuple[Reason, ...]
    dm_category: str | None
    negative_subtype: str | None
    flags: tuple[str, ...]
    engine: str
    engine_version: str
    rules_version: str


@dataclass(frozen=True, slots=True)
class TriageInput:
    """`brand_handles` are the brand's own account names, with or without the @ in front."""

    kind: MessageKind
    text: str
    brand_handles: tuple[str, ...] = ()


class Classifier(Protocol):
    """The port. An engine judges any string, never raises on one, and keeps no memory of it."""

    @property
    def engine(self) -> str: ...

    @property
    def engine_version(self) -> str: ...

    @property
    def rules_version(self) -> str: ...

    def judge(self, message: TriageInput) -> Decision: ...

    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        """Judge many at once, in their order; each decision is the one `judge` would give."""
        ...
