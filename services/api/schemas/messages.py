"""What was said, by whom and where, and what triage made of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import ReadModel, Spelled, StrictModel
from services.core.conversations.types import Direction, FollowerTier, ItemKind
from services.core.triage.types import Category, Language, Sentiment, Tier

EXAMPLE_REASON = {
    "cue": "harm.skin",
    "start": 3,
    "end": 5,
    "effect": "category:complaint",
    "weight": 1.82,
}


class Reason(ReadModel):
    """What argued for it. `start` and `end` count code points of the message's text, half open.

    `weight` is what it gave to the category decided on; below 0 it spoke against.
    """

    cue: str
    start: int
    end: int
    effect: str
    weight: float = 0.0


class Judgement(ReadModel):
    """A triage decision with its explanation. Scores run from 0 to 1."""

    id: UUID
    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool
    language: Language
    spam_score: float
    hide: bool
    confidence: float
    dm_category: str | None
    negative_subtype: str | None
    flags: list[str]
    reasons: list[Reason] = Field(examples=[[EXAMPLE_REASON]])
    engine: str
    engine_version: str
    rules_version: str
    decided_by: str
    actor_id: str | None
    note: str | None
    decided_at: datetime


class PersonRef(ReadModel):
    """A follower, as the platform names them."""

    id: UUID
    external_id: str | None
    handle: str | None
    name: str | None


class Message(ReadModel):
    """A comment, DM, mention or reply. The text of a deleted one is null.

    `version` is the platform's number of the edit in force, null when it sends none.
    `sanitized` says that characters which cannot be stored were replaced by U+FFFD.
    """

    id: UUID
    external_id: str
    kind: ItemKind
    direction: Direction
    text: str | None
    deleted: bool
    deleted_at: datetime | None
    hidden: bool
    version: int | None
    occurred_at: datetime
    received_at: datetime
    source_id: UUID
    case_id: UUID | None
    post_id: UUID | None
    author: PersonRef | None
    parent_external_id: str | None
    in_reply_to: str | None
    member_handle: str | None
    sanitized: bool
    historical: bool
    attributes: dict[str, Any]
    judgement: Judgement | None


class Follower(ReadModel):
    """`following` is null when it was never observed, which is not the same as false.

    `tier` and `advocate` are what your team says of them; most have no tier.
    """

    id: UUID
    source_id: UUID
    external_id: str
    handle: str | None
    name: str | None
    followers_count: int | None
    verified: bool | None
    avatar_url: str | None
    locale: str | None
    following: bool | None
    followed_at: datetime | None
    unfollowed_at: datetime | None
    tier: FollowerTier | None
    advocate: bool
    advocate_since: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


class FollowerChange(StrictModel):
    """Only what is sent is changed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tier": "inner_circle", "advocate": True}]}
    )

    tier: Spelled[FollowerTier] | None = None
    advocate: bool = Field(default_factory=bool)


class Post(ReadModel):
    """One of the brand's posts; only its ids are known when something merely referred to it."""

    id: UUID
    source_id: UUID
    external_id: str
    title: str | None
    text: str | None
    hashtags: list[str] | None
    series: dict[str, Any] | None
    url: str | None
    author_id: UUID | None
    published_at: datetime | None
    deleted: bool
    deleted_at: datetime | None
    first_seen_at: datetime
