"""Calendars with their versions, and stretches in which clocks stand still."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.calendars.types import StandstillReason
from services.core.kit.db import Base, Json, Key, one_of


class CalendarRow(Base):
    """What a calendar is called, which version is in force, and how its feed is doing."""

    __tablename__ = "calendars"
    __table_args__ = (
        Index(
            "uq_calendars_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        # Read across workspaces: which feeds are to be read again.
        Index("ix_calendars_feed", "feed_due_at", postgresql_where=text("feed_due_at IS NOT NULL")),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    current_version: Mapped[int]
    feed_url: Mapped[str | None]
    feed_due_at: Mapped[datetime | None]
    last_refreshed_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class CalendarVersionRow(Base):
    """Written once. Open clocks count in the version they started under."""

    __tablename__ = "calendar_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "calendar_id"], ["calendars.workspace_id", "calendars.id"]
        ),
    )

    workspace_id: Mapped[Key]
    calendar_id: Mapped[Key]
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[Json]
    # What the feed closed when this version was made.
    closings: Mapped[list[Json]]
    # Public holidays as the library had them, for the years that have begun; see `almanac.py`.
    holidays: Mapped[Json | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class StandstillRow(Base):
    """An absence or an outage, and how far open cases were planned anew because of it."""

    __tablename__ = "standstills"
    __table_args__ = (
        one_of("reason", StandstillReason),
        Index("ix_standstills_time", "workspace_id", "starts_at", "id"),
        # Read across workspaces: whose cases are to be planned anew.
        Index("ix_standstills_replan", "replan_at", postgresql_where=text("replan_at IS NOT NULL")),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    reason: Mapped[str]
    source_id: Mapped[UUID | None]
    member_id: Mapped[UUID | None]
    stand_in_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    # None while nobody knows.
    ends_at: Mapped[datetime | None]
    notice_zh: Mapped[str | None]
    notice_en: Mapped[str | None]
    note: Mapped[str | None]
    pauses: Mapped[bool]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    # When somebody ended it by hand.
    ended_at: Mapped[datetime | None]
    # Taken back before it began; clocks forget it, the record does not.
    withdrawn_at: Mapped[datetime | None]
    # When open cases are planned anew next, those changed since when (all when None), and the case
    # reached.
    replan_at: Mapped[datetime | None]
    replan_since: Mapped[datetime | None]
    replan_after: Mapped[UUID | None]
    replanned: Mapped[int]
