"""Reports that are sent on schedule, and every issue of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key, one_of
from services.core.reports.types import IssueState, Language, Period


class ReportRow(Base):
    __tablename__ = "reports"
    __table_args__ = (
        one_of("kind", Period),
        one_of("language", Language),
        Index("uq_reports_name", "workspace_id", "name", unique=True),
        # What is due, of all workspaces.
        Index("ix_reports_due", "next_at", postgresql_where=text("enabled")),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    kind: Mapped[str]
    language: Mapped[str]
    channel_id: Mapped[UUID]
    on_day: Mapped[int]
    at_hour: Mapped[int]
    enabled: Mapped[bool]
    next_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ReportIssueRow(Base):
    """Once for a report and the period it is about, however many workers see that it is time."""

    __tablename__ = "report_issues"
    __table_args__ = (
        one_of("state", IssueState),
        Index("ix_report_issues_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
    )

    workspace_id: Mapped[Key]
    report_id: Mapped[Key]
    first_day: Mapped[date] = mapped_column(Date(), primary_key=True)
    until_day: Mapped[date] = mapped_column(Date())
    parcel_id: Mapped[UUID]
    state: Mapped[str]
    attempts: Mapped[int]
    opened_at: Mapped[datetime]
    # Not before then; while it is being sent, when somebody else may take it over.
    next_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    detail: Mapped[str]
