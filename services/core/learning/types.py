"""The nouns of learning from people: corrections, weekly samples, models and how good they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.triage.types import Category, Sentiment, Tier


@dataclass(frozen=True, slots=True)
class Labels:
    """What a message is, as far as its promise goes."""

    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says a message is; None leaves the judgement in force as it is."""

    tier: Tier | None = None
    category: Category | None = None
    sentiment: Sentiment | None = None
    needs_reply: bool | None = None
    spam: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text and what a person said it is: what the workspace's memory is made of."""

    id: UUID
    text: str
    labels: Labels


class ModelState(StrEnum):
    """A shadow judges beside the one in force, without effect."""

    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Model:
    """Weights a workspace learnt on top of the engine's own.

    `figures` are those of the frozen set when it was trained: before and after.
    """

    id: UUID
    number: int
    state: ModelState
    base_engine: str
    base_version: str
    lessons: int
    figures: Mapping[str, Any]
    created_at: datetime
    created_by: str
    promoted_at: datetime | None
    retired_at: datetime | None
    previous_id: UUID | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a shadow said beside the model in force. `moved[in force][shadow]` counts messages.

    Of `corrected` messages, how many each had right before a person spoke.
    """

    judged: int
    agreement: float | None
    moved: Mapping[str, Mapping[str, int]]
    corrected: int
    shadow_right: int
    in_force_right: int


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `checked`, with the 95 % Wilson interval; all None when nothing was checked."""

    hits: int
    checked: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One message to check, without what the machine said of it."""

    id: UUID
    message_id: UUID
    kind: str
    text: str | None
    occurred_at: datetime
    checked_at: datetime | None
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class SampleWeek:
    """The sample of one week (its Monday, UTC) and how far the checking is."""

    week: date
    population: int
    items: tuple[SampleItem, ...]
    checked: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How the machine's tiers compare with what people said, over some days.

    `confusion[machine][person]` counts messages a person looked at; `judged` counts all.
    """

    days: int
    judged: Mapping[str, int]
    reviewed: int
    confusion: Mapping[str, Mapping[str, int]]
    agreement: float | None
    missed_urgent: Rate
    routine_judged: int
