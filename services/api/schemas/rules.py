"""Workspace rules: what they look at, what they do, what a draft would have done."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Name, ReadModel, Spelled, StrictModel
from services.core.rulebook.types import (
    Conditions,
    Effects,
    Rule,
    RuleDraft,
    RunOutcome,
    TimeWindow,
)
from services.core.triage.types import Category, Language, MessageKind, Sentiment, Tier

EXAMPLE: JsonDict = {
    "name": "Sunscreen and eyes",
    "position": 10,
    "conditions": {"patterns": ["防晒.{0,20}(辣|进)眼"], "kinds": ["comment", "dm"]},
    "effects": {"tier": "urgent", "tags": ["sunscreen"], "alert": True},
}
DRY_RUN_EXAMPLE: JsonDict = {"days": 7, "rule": EXAMPLE}

Word = Annotated[str, Field(min_length=1, max_length=100)]
Ids = Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=200)]
Minute = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Score = Annotated[float, Field(ge=0, le=1)]


class WindowBody(StrictModel):
    """Hours of the day in a zone; from 22:00 to 08:00 passes midnight. Day 0 is Monday."""

    zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7)] = Field(
        default_factory=list
    )
    starts: Minute = "00:00"
    ends: Minute = "24:00"

    def to_domain(self) -> TimeWindow:
        return TimeWindow(self.zone, tuple(self.days), _minutes(self.starts), _minutes(self.ends))


class ConditionsBody(StrictModel):
    """All that are given hold together; several values of one are alternatives.

    `patterns` are RE2 regular expressions of at most 512 bytes, read without regard to capitals,
    full width or traditional characters. `cues` are names from a judgement's reasons; one that
    ends in a dot stands for its group. `posts` and `authors` are the platform's ids or handles.
    """

    patterns: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=10)] = Field(
        default_factory=list
    )
    cues: Annotated[list[Word], Field(max_length=50)] = Field(default_factory=list)
    kinds: list[Spelled[MessageKind]] = Field(default_factory=list, max_length=3)
    languages: list[Spelled[Language]] = Field(default_factory=list, max_length=4)
    tiers: list[Spelled[Tier]] = Field(default_factory=list, max_length=4)
    categories: list[Spelled[Category]] = Field(default_factory=list, max_length=12)
    sentiments: list[Spelled[Sentiment]] = Field(default_factory=list, max_length=3)
    flags: Annotated[list[Word], Field(max_length=20)] = Field(default_factory=list)
    posts: Ids = Field(default_factory=list)
    authors: Ids = Field(default_factory=list)
    min_followers: Annotated[int, Field(ge=0, le=10**12)] | None = None
    verified: bool | None = None
    following: bool | None = None
    min_spam_score: Score | None = None
    max_confidence: Score | None = None
    window: WindowBody | None = None

    def to_domain(self) -> Conditions:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in self
        }
        given["authors"] = tuple(name.lstrip("@＠").casefold() for name in self.authors)
        given["window"] = self.window.to_domain() if self.window else None
        return Conditions(**given)


class EffectsBody(StrictModel):
    """What happens to a message that meets the conditions; `stop` ends the book for it."""

    tier: Spelled[Tier] | None = None
    category: Spelled[Category] | None = None
    tags: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    alert: bool = False
    hide: bool = False
    assign_to: Id | None = None
    stop: bool = False

    def to_domain(self) -> Effects:
        return Effects(**(dict(self) | {"tags": tuple(dict.fromkeys(self.tags))}))


class RuleBody(StrictModel):
    """The whole rule; saving makes its next version. Rules are tried by `position`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    conditions: ConditionsBody
    effects: EffectsBody
    position: Annotated[int, Field(ge=0, le=10_000)] = 100
    enabled: bool = True

    def to_draft(self) -> RuleDraft:
        return RuleDraft(
            name=self.name,
            conditions=self.conditions.to_domain(),
            effects=self.effects.to_domain(),
            position=self.position,
            enabled=self.enabled,
        )


class DryRunBody(StrictModel):
    """A draft, and how many days back to try it on."""

    model_config = ConfigDict(json_schema_extra={"examples": [DRY_RUN_EXAMPLE]})

    rule: RuleBody
    days: Annotated[int, Field(ge=1, le=30)] = 7


class WindowView(ReadModel):
    zone: str
    days: list[int]
    starts: str
    ends: str

    @model_validator(mode="before")
    @classmethod
    def _spell(cls, window: Any) -> Any:
        if not isinstance(window, TimeWindow):
            return window
        return {
            "zone": window.zone,
            "days": list(window.days),
            "starts": f"{window.starts // 60:02}:{window.starts % 60:02}",
            "ends": f"{window.ends // 60:02}:{window.ends % 60:02}",
        }


class ConditionsView(ReadModel):
    patterns: list[str]
    cues: list[str]
    kinds: list[MessageKind]
    languages: list[Language]
    tiers: list[Tier]
    categories: list[Category]
    sentiments: list[Sentiment]
    flags: list[str]
    posts: list[str]
    authors: list[str]
    min_followers: int | None
    verified: bool | None
    following: bool | None
    min_spam_score: float | None
    max_confidence: float | None
    window: WindowView | None


class EffectsView(ReadModel):
    tier: Tier | None
    category: Category | None
    tags: list[str]
    alert: bool
    hide: bool
    assign_to: UUID | None
    stop: bool


class RuleView(ReadModel):
    """One version of a rule. Messages keep the judgement of the version they were judged by."""

    id: UUID
    version: int
    name: str
    position: int
    enabled: bool
    conditions: ConditionsView
    effects: EffectsView
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, rule: Rule) -> Self:
        draft = rule.draft
        return cls(
            id=rule.id,
            version=rule.version,
            name=draft.name,
            position=draft.position,
            enabled=draft.enabled,
            conditions=ConditionsView.model_validate(draft.conditions),
            effects=EffectsView.model_validate(draft.effects),
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )


class LabelsView(ReadModel):
    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool


class ExampleView(ReadModel):
    """A message the draft would have met."""

    message_id: UUID
    text: str | None
    occurred_at: datetime
    before: LabelsView
    after: LabelsView
    hide: bool


class DryRunView(ReadModel):
    """What the draft alone would have done; nothing was changed.

    `moved[before][after]` counts tiers of the messages it met. `truncated` says that only the
    newest messages of those days were tried. `stopped`: texts on which the rule costs more than
    a message may; `held`: a crisis it would have lowered or hidden, which no rule does.
    """

    days: int
    examined: int
    truncated: bool
    matched: int
    stopped: int
    held: int
    moved: dict[Tier, dict[Tier, int]]
    alerts: int
    hidden: int
    examples: list[ExampleView]


class RunView(ReadModel):
    """A rule that met a message, and what it was to do."""

    id: UUID
    rule_id: UUID
    rule_name: str
    rule_version: int
    message_id: UUID
    outcome: RunOutcome
    effects: dict[str, Any]
    at: datetime


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
