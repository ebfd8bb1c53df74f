"""Corrections of people, weekly samples, and the models made of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key, one_of
from services.core.learning.types import ModelState
from services.core.triage.types import Category, Sentiment, Tier


class CorrectionRow(Base):
    """What the machine said and what a person said of the same text. Written once."""

    __tablename__ = "corrections"
    __table_args__ = (
        one_of("tier", Tier),
        one_of("category", Category),
        one_of("sentiment", Sentiment),
        Index("ix_corrections_time", "workspace_id", "decided_at", "id"),
        Index("ix_corrections_message", "workspace_id", "message_id", "decided_at"),
    )

    workspace_id: Mapped[Key]
    # That of the person's judgement.
    id: Mapped[Key]
    message_id: Mapped[UUID]
    content_rank: Mapped[str]
    machine_judgement_id: Mapped[UUID]
    machine_tier: Mapped[str]
    machine_category: Mapped[str]
    machine_sentiment: Mapped[str]
    machine_needs_reply: Mapped[bool]
    tier: Mapped[str]
    category: Mapped[str]
    sentiment: Mapped[str]
    needs_reply: Mapped[bool]
    decided_at: Mapped[datetime]
    actor_id: Mapped[str]


class ReviewWeekRow(Base):
    """A week whose sample was drawn; `population` routine messages it stands for."""

    __tablename__ = "review_weeks"

    workspace_id: Mapped[Key]
    week: Mapped[date] = mapped_column(primary_key=True)
    population: Mapped[int]
    drawn_at: Mapped[datetime]


class ReviewSampleRow(Base):
    """A message a person checks without seeing what the machine said."""

    __tablename__ = "review_samples"
    __table_args__ = (
        one_of("machine_tier", Tier),
        one_of("tier", Tier),
        UniqueConstraint("workspace_id", "week", "message_id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    week: Mapped[date]
    # A mixed order, so that decoys do not stand together.
    place: Mapped[int]
    message_id: Mapped[UUID]
    machine_tier: Mapped[str]
    tier: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[str | None]


class TriageModelRow(Base):
    """Weights learnt by one workspace, and what they came to on the frozen set."""

    __tablename__ = "triage_models"
    __table_args__ = (
        one_of("state", ModelState),
        UniqueConstraint("workspace_id", "number"),
        Index(
            "uq_triage_models_active",
            "workspace_id",
            "state",
            unique=True,
            postgresql_where=text("state IN ('active', 'shadow')"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    number: Mapped[int]
    state: Mapped[str]
    base_engine: Mapped[str]
    base_version: Mapped[str]
    lessons: Mapped[int]
    weights: Mapped[Json]
    figures: Mapped[Json]
    previous_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    promoted_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class ShadowJudgementRow(Base):
    """What a shadow would have said, beside what was in force."""

    __tablename__ = "shadow_judgements"
    __table_args__ = (Index("ix_shadow_judgements_model", "workspace_id", "model_id", "judged_at"),)

    workspace_id: Mapped[Key]
    model_id: Mapped[Key]
    message_id: Mapped[Key]
    content_rank: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str]
    category: Mapped[str]
    in_force_tier: Mapped[str]
    in_force_category: Mapped[str]
    judged_at: Mapped[datetime]
