"""The nouns of what people say and where."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.intake.payloads import Payload


class Channel(StrEnum):
    """Where an exchange takes place."""

    COMMENT = "comment"
    DM = "dm"
    MENTION = "mention"


class ItemKind(StrEnum):
    """What a message is. A reply is the brand's, wherever it was written."""

    COMMENT = "comment"
    DM = "dm"
    MENTION = "mention"
    REPLY = "reply"


class Direction(StrEnum):
    INBOUND = "in"
    OUTBOUND = "out"


class FollowerTier(StrEnum):
    """How close somebody is to the brand; everybody else has none."""

    MEMBER = "member"
    INNER_CIRCLE = "inner_circle"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event of the journal on its way in, placed in time, with what its source is known by.

    `request_id` is of the request that brought it.
    """

    source_id: UUID
    own_accounts: tuple[str, ...]
    external_id: str
    type: str
    payload: Payload
    occurred_at: datetime
    received_at: datetime
    historical: bool
    sanitized: bool = False
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class FollowerState:
    """All that is known of a follower; every part converges, whatever came first.

    `profile` maps a field to (rank, value): the highest rank speaks.
    """

    id: UUID
    source_id: UUID
    external_id: str
    profile: dict[str, tuple[str, Any]]
    first_seen_at: datetime
    last_seen_at: datetime
    following: bool | None = None
    following_rank: str | None = None
    followed_at: datetime | None = None
    unfollowed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PostState:
    """All that is known of a post; `content` maps a field to (rank, value)."""

    id: UUID
    source_id: UUID
    external_id: str
    content: dict[str, tuple[str, Any]]
    first_seen_at: datetime
    published_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ThreadState:
    id: UUID
    source_id: UUID
    channel: Channel
    last_message_at: datetime
    post_id: UUID | None = None
    follower_id: UUID | None = None
    conversation_key: str | None = None


@dataclass(frozen=True, slots=True)
class MessageContent:
    """What a message says and where it belongs, in its version of the highest rank."""

    rank: str
    at: datetime
    text: str
    direction: Direction
    sanitized: bool = False
    version: int | None = None
    thread_id: UUID | None = None
    post_id: UUID | None = None
    author_id: UUID | None = None
    parent_external_id: str | None = None
    in_reply_to: str | None = None
    conversation_key: str | None = None
    member_handle: str | None = None
    resolves: bool | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What triage made of the content in force; carried on the message for reading."""

    judgement_id: UUID
    tier: str
    category: str
    sentiment: str
    needs_reply: bool


@dataclass(frozen=True, slots=True)
class MessageState:
    """All that is known of a message. Without content it is the stub of a deletion."""

    id: UUID
    source_id: UUID
    kind: ItemKind
    external_id: str
    occurred_at: datetime
    received_at: datetime
    created_known: bool = False
    historical: bool = True
    content: MessageContent | None = None
    deleted_at: datetime | None = None
    hidden: bool = False
    hidden_rank: str | None = None
    # Known from the link to the answered message, when the content itself names no place.
    linked_thread_id: UUID | None = None
    verdict: Verdict | None = None
    # Of the request that first brought word of it, where it was one.
    request_id: str | None = None
    # The earliest moment any view of it gave: from there on its thread is folded again. Not kept.
    seen_at: datetime | None = field(default=None, compare=False)

    @property
    def first_moment(self) -> datetime:
        """Where it was, or is, in its thread, whichever is earlier."""
        return min(self.occurred_at, self.seen_at or self.occurred_at)

    @property
    def thread_id(self) -> UUID | None:
        own = self.content.thread_id if self.content else None
        return own or self.linked_thread_id


@dataclass(slots=True)
class Drafts:
    """What a batch of arrivals says, merged object by object."""

    followers: dict[UUID, FollowerState] = field(default_factory=dict)
    posts: dict[UUID, PostState] = field(default_factory=dict)
    threads: dict[UUID, ThreadState] = field(default_factory=dict)
    messages: dict[UUID, MessageState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touched:
    """A thread something happened in, and the earliest moment that changed."""

    thread_id: UUID
    since: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """The threads to fold again, and which of the arrivals, by place, were left alone."""

    touched: list[Touched]
    left: tuple[int, ...] = ()
