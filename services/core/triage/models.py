"""Judgements: each decision on a message, kept with its reasons, never overwritten."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key, one_of
from services.core.triage.types import Category, Sentiment, Tier


class JudgementRow(Base):
    __tablename__ = "judgements"
    __table_args__ = (
        one_of("tier", Tier),
        one_of("category", Category),
        one_of("sentiment", Sentiment),
        Index("ix_judgements_message", "workspace_id", "message_id", "decided_at"),
    )

    workspace_id: Mapped[Key]
    # Derived from (message, content, engine version): judging the same text twice is one row.
    id: Mapped[Key]
    message_id: Mapped[UUID]
    content_rank: Mapped[str]
    decided_by: Mapped[str]
    actor_id: Mapped[str | None]
    tier: Mapped[str]
    category: Mapped[str]
    sentiment: Mapped[str]
    needs_reply: Mapped[bool]
    language: Mapped[str]
    spam_score: Mapped[float] = mapped_column(Float())
    hide: Mapped[bool]
    confidence: Mapped[float] = mapped_column(Float())
    dm_category: Mapped[str | None]
    negative_subtype: Mapped[str | None]
    flags: Mapped[list[str]]
    reasons: Mapped[list[Json]]
    engine: Mapped[str]
    engine_version: Mapped[str]
    rules_version: Mapped[str]
    note: Mapped[str | None]
    decided_at: Mapped[datetime]
