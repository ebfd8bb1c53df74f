"""What keeps alerts quiet: silences, inhibitions with who inhibits now, and quiet hours."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key, one_of
from services.core.silences.types import Sameness


class SilenceRow(Base):
    """Kept after its end: who wanted to hear nothing, of what, and why."""

    __tablename__ = "silences"
    __table_args__ = (
        # What is active or still to come, and pages of each.
        Index("ix_silences_end", "workspace_id", "ends_at", "id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    conditions: Mapped[Json]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    everything: Mapped[bool]
    also_urgent: Mapped[bool]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    # When somebody ended it early; `ends_at` is that moment too.
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class InhibitionRow(Base):
    """A workspace has a few; the built-in one has a row once somebody changed it."""

    __tablename__ = "inhibitions"
    __table_args__ = (one_of("same", Sameness),)

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    source: Mapped[Json]
    target: Mapped[Json]
    same: Mapped[str]
    enabled: Mapped[bool]
    updated_at: Mapped[datetime]


class InhibitorRow(Base):
    """An alert that holds others back, written as it rises: it is found by what they share.

    Else each raised alert would be compared with every open one.
    """

    __tablename__ = "inhibitors"
    __table_args__ = (Index("ix_inhibitors_alert", "workspace_id", "alert_id"),)

    workspace_id: Mapped[Key]
    inhibition_id: Mapped[Key]
    key: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[Key]
    created_at: Mapped[datetime]


class QuietHoursRow(Base):
    __tablename__ = "quiet_hours"

    workspace_id: Mapped[UUID] = mapped_column(PG_UUID(as_uuid=True), primary_key=True)
    zone: Mapped[str]
    spans: Mapped[list[Json]]
    updated_at: Mapped[datetime]
