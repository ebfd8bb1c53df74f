"""Bursts, the questions looked at, and how far the stream was read for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Float, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key


class BurstHeadRow(Base):
    """The last fact read; facts are numbered by one publisher, so none is skipped."""

    __tablename__ = "burst_heads"

    workspace_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger())


class BurstRow(Base):
    __tablename__ = "bursts"
    __table_args__ = (Index("ix_bursts_time", "workspace_id", "last_at", "id"),)

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    post_id: Mapped[UUID]
    source_id: Mapped[UUID]
    # The first question: its words stand for all of them.
    message_id: Mapped[UUID]
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class BurstQuestionRow(Base):
    """A question under a post, alone or in a burst."""

    __tablename__ = "burst_questions"
    __table_args__ = (
        Index("ix_burst_questions_post", "workspace_id", "post_id", "asked_at"),
        Index(
            "ix_burst_questions_burst",
            "workspace_id",
            "burst_id",
            postgresql_where=text("burst_id IS NOT NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    message_id: Mapped[Key]
    case_id: Mapped[UUID]
    post_id: Mapped[UUID]
    source_id: Mapped[UUID]
    burst_id: Mapped[UUID | None]
    similarity: Mapped[float] = mapped_column(Float())
    asked_at: Mapped[datetime]
