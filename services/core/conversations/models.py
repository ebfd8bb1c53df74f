"""Followers, posts, threads and messages: rows that stand for things on a platform.

Their ids are derived from the platform's ids (`kit.ids.derived_id`), so any arrival order
writes the same rows; each changeable part carries the time that decides which write wins.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from services.core.conversations.types import Channel, Direction, FollowerTier, ItemKind
from services.core.kit.db import Base, Json, Key, in_range, one_of


class FollowerRow(Base):
    __tablename__ = "followers"
    __table_args__ = (
        one_of("tier", FollowerTier),
        Index("uq_followers_external", "workspace_id", "source_id", "external_id", unique=True),
        Index("ix_followers_seen", "workspace_id", "last_seen_at", "id"),
        # Who came and went, by day: few rows, those whose following was heard of.
        Index(
            "ix_followers_followed",
            "workspace_id",
            "followed_at",
            postgresql_where=sql("followed_at IS NOT NULL"),
        ),
        Index(
            "ix_followers_unfollowed",
            "workspace_id",
            "unfollowed_at",
            postgresql_where=sql("unfollowed_at IS NOT NULL"),
        ),
        # Two letters of a Chinese name, the beginning of a handle's word: see core/search.
        Index(
            "ix_followers_search",
            sql("warmline_search_keys(workspace_id, 0, warmline_search_name(handle, name))"),
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[UUID]
    external_id: Mapped[str]
    handle: Mapped[str | None]
    name: Mapped[str | None]
    followers_count: Mapped[int | None] = mapped_column(BigInteger())
    verified: Mapped[bool | None]
    avatar_url: Mapped[str | None]
    locale: Mapped[str | None]
    # Which moment each profile field comes from, so that partial profiles converge.
    profile_ranks: Mapped[Json]
    # None: never observed. Not the same as "does not follow".
    following: Mapped[bool | None]
    following_rank: Mapped[str | None]
    followed_at: Mapped[datetime | None]
    unfollowed_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    # What people say of them, never the platform (service/standing.py).
    tier: Mapped[str | None]
    advocate_since: Mapped[datetime | None]


class PostRow(Base):
    __tablename__ = "posts"
    __table_args__ = (
        Index("uq_posts_external", "workspace_id", "source_id", "external_id", unique=True),
        Index("ix_posts_published", "workspace_id", "published_at", "id"),
        # As lists sort them: what has no time of its own is older than all that has.
        Index(
            "ix_posts_latest",
            "workspace_id",
            sql("coalesce(published_at, '-infinity'::timestamptz)"),
            "id",
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[UUID]
    external_id: Mapped[str]
    title: Mapped[str | None]
    text: Mapped[str | None]
    hashtags: Mapped[list[str] | None]
    series: Mapped[Json | None]
    author_id: Mapped[UUID | None]
    url: Mapped[str | None]
    published_at: Mapped[datetime | None]
    field_ranks: Mapped[Json]
    deleted_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]


class ThreadRow(Base):
    """The exchange between one follower and the brand at one place; locked while it is folded."""

    __tablename__ = "threads"
    __table_args__ = (one_of("channel", Channel),)

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[UUID]
    channel: Mapped[str]
    post_id: Mapped[UUID | None]
    follower_id: Mapped[UUID | None]
    conversation_key: Mapped[str | None]
    last_message_at: Mapped[datetime]


class MessageRow(Base):
    """A comment, DM, mention or reply, or the stub of one only its deletion is known of yet."""

    __tablename__ = "messages"
    __table_args__ = (
        one_of("kind", ItemKind),
        one_of("direction", Direction),
        in_range("occurred_at"),
        CheckConstraint("content_at IS NULL OR text IS NOT NULL", name="content"),
        # Uniqueness is the primary key's: the id is derived from (source, kind, external id).
        Index("ix_messages_external", "workspace_id", "source_id", "external_id"),
        Index("ix_messages_thread", "workspace_id", "thread_id", "occurred_at", "id"),
        Index("ix_messages_time", "workspace_id", "occurred_at", "id"),
        Index(
            "ix_messages_case",
            "workspace_id",
            "case_id",
            postgresql_where=sql("case_id IS NOT NULL"),
        ),
        # The answers of a day, without reading what was asked.
        Index(
            "ix_messages_answers",
            "workspace_id",
            "occurred_at",
            "case_id",
            postgresql_where=sql("direction = 'out' AND deleted_at IS NULL"),
        ),
        # The same in texts, by week; its cost is in docs/decisions/0018-search.md.
        Index(
            "ix_messages_search",
            sql("warmline_search_keys(workspace_id, warmline_search_week(occurred_at), text)"),
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
            postgresql_where=sql("content_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        # Few: what advocates wrote below the words of others.
        Index(
            "ix_messages_by_advocate",
            "workspace_id",
            "source_id",
            "parent_external_id",
            postgresql_where=sql("by_advocate"),
        ),
        Index(
            "ix_messages_waiting",
            "workspace_id",
            "source_id",
            "in_reply_to",
            postgresql_where=sql("thread_id IS NULL AND in_reply_to IS NOT NULL"),
        ),
        Index(
            "ix_messages_waiting_since",
            "received_at",
            postgresql_where=sql("thread_id IS NULL AND in_reply_to IS NOT NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[UUID]
    kind: Mapped[str]
    direction: Mapped[str]
    external_id: Mapped[str]
    # None while a reply waits for the message it answers.
    thread_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    post_id: Mapped[UUID | None]
    author_id: Mapped[UUID | None]
    parent_external_id: Mapped[str | None]
    in_reply_to: Mapped[str | None]
    conversation_key: Mapped[str | None]
    member_handle: Mapped[str | None]
    text: Mapped[str | None]
    sanitized: Mapped[bool] = mapped_column(server_default=sql("false"))
    attributes: Mapped[Json] = mapped_column(server_default=sql("'{}'::jsonb"))
    occurred_at: Mapped[datetime]
    created_known: Mapped[bool]
    version: Mapped[int | None] = mapped_column(BigInteger())
    content_at: Mapped[datetime | None]
    # Total order of versions, made and compared by conversations.rules.rank.
    content_rank: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
    hidden: Mapped[bool] = mapped_column(server_default=sql("false"))
    hidden_rank: Mapped[str | None]
    historical: Mapped[bool] = mapped_column(server_default=sql("false"))
    # Whether a posted reply ends the case; None leaves it to the policy.
    resolves: Mapped[bool | None]
    # An advocate's answer, by who they were when it was said; found once, it stays one.
    by_advocate: Mapped[bool] = mapped_column(server_default=sql("false"))
    received_at: Mapped[datetime]
    # Of the request that first brought word of it: so a promise knows where it came from.
    request_id: Mapped[str | None]
    judgement_id: Mapped[UUID | None]
    tier: Mapped[str | None]
    category: Mapped[str | None]
    sentiment: Mapped[str | None]
    needs_reply: Mapped[bool | None]
