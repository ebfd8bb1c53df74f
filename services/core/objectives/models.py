"""Objectives, one a workspace, and the episodes in which a budget burnt too fast."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Index, Numeric, text
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key, one_of
from services.core.objectives.types import Pace


class ObjectiveRow(Base):
    __tablename__ = "objectives"

    workspace_id: Mapped[Key]
    percent: Mapped[Decimal] = mapped_column(Numeric(4, 1))
    window_days: Mapped[int]
    kinds: Mapped[list[str]]
    tiers: Mapped[list[str]]
    channels: Mapped[list[str]]
    source_ids: Mapped[list[UUID]] = mapped_column(
        ARRAY(PG_UUID(as_uuid=True)), server_default=text("'{}'::uuid[]")
    )
    updated_at: Mapped[datetime]


class BudgetBurnRow(Base):
    __tablename__ = "budget_burns"
    __table_args__ = (
        one_of("pace", Pace),
        # One episode of a pace at a time.
        Index(
            "uq_budget_burns_going_on",
            "workspace_id",
            "pace",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_budget_burns_time", "workspace_id", "pace", "started_at"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    pace: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
