"""Detectors, and the times their condition held."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.alerts.types import Severity
from services.core.detectors.types import DetectorKind
from services.core.kit.db import Base, Json, Key, one_of
from services.core.triage.types import Tier


class DetectorRow(Base):
    __tablename__ = "detectors"
    __table_args__ = (
        one_of("kind", DetectorKind),
        one_of("severity", Severity),
        one_of("tier", Tier),
        Index(
            "uq_detectors_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        # What is looked at every minute, of all workspaces.
        Index(
            "ix_detectors_enabled",
            "workspace_id",
            "id",
            postgresql_where=text("enabled AND archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    kind: Mapped[str]
    threshold: Mapped[float] = mapped_column(Float())
    window_minutes: Mapped[int]
    minimum: Mapped[int]
    cool_down_minutes: Mapped[int]
    weeks: Mapped[int]
    source_id: Mapped[UUID | None]
    post_id: Mapped[UUID | None]
    rule_id: Mapped[UUID | None]
    words: Mapped[list[str]]
    severity: Mapped[str]
    tier: Mapped[str]
    ladder_id: Mapped[UUID | None]
    enabled: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    # The last minute it was judged at: what lies between is made up for.
    looked_at: Mapped[datetime | None]


class DetectorFiringRow(Base):
    """Once for a detector, a subject and the look it began at, whoever looked."""

    __tablename__ = "detector_firings"
    __table_args__ = (
        Index(
            "uq_detector_firings_going_on",
            "workspace_id",
            "detector_id",
            "subject",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_detector_firings_start",
            "workspace_id",
            "detector_id",
            "subject",
            "started_at",
            unique=True,
        ),
        Index("ix_detector_firings_time", "workspace_id", "started_at", "id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    detector_id: Mapped[UUID]
    # A source's or a rota's id, a stage's name; "" where everything is looked at together.
    subject: Mapped[str]
    version: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    figures: Mapped[Json]
