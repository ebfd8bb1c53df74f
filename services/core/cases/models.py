"""Cases and the acts of people on them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.cases.types import ActKind, CaseState
from services.core.kit.db import Base, Json, Key, one_of
from services.core.triage.types import Tier


class CaseRow(Base):
    """The work one inbound message, or a run of them, makes. Written only by the fold."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("state", CaseState),
        one_of("tier", Tier),
        # A question opens one case. One that lost its questions to another keeps its own opening.
        Index(
            "uq_cases_opening",
            "workspace_id",
            "opening_message_id",
            unique=True,
            postgresql_where=text("state <> 'void'"),
        ),
        Index("ix_cases_thread", "workspace_id", "thread_id", "opened_at"),
        # The inbox: by next due, those without one last.
        Index("ix_cases_board", "workspace_id", "sort_due_at", "id"),
        Index(
            "ix_cases_open",
            "workspace_id",
            "sort_due_at",
            "id",
            postgresql_where=text("state IN ('open', 'answered', 'snoozed')"),
        ),
        Index("ix_cases_snoozed", "snoozed_until", postgresql_where=text("state = 'snoozed'")),
        Index("ix_cases_tier", "workspace_id", "tier", "sort_due_at", "id"),
        Index("ix_cases_category", "workspace_id", "category", "sort_due_at", "id"),
        Index("ix_cases_assignee", "workspace_id", "assignee_id", "sort_due_at", "id"),
        Index("ix_cases_follower", "workspace_id", "follower_id", "sort_due_at", "id"),
        Index("ix_cases_source", "workspace_id", "source_id", "sort_due_at", "id"),
        # Other orders: each state is read for itself, so that those that are over are in no way.
        Index("ix_cases_opened", "workspace_id", "state", "opened_at", "id"),
        Index("ix_cases_spoken", "workspace_id", "state", "last_message_at", "id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    thread_id: Mapped[UUID]
    source_id: Mapped[UUID]
    channel: Mapped[str]
    follower_id: Mapped[UUID | None]
    post_id: Mapped[UUID | None]
    opening_message_id: Mapped[UUID]
    state: Mapped[str]
    tier: Mapped[str]
    tier_override: Mapped[str | None]
    category: Mapped[str]
    sentiment: Mapped[str]
    unanswered: Mapped[int]
    reopened: Mapped[int]
    assignee_id: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    # Earliest due time of a promise still open; None when nothing is owed.
    next_due_at: Mapped[datetime | None]
    # next_due_at, or the end of time: one sortable column for the keyset cursor.
    sort_due_at: Mapped[datetime]
    policy_id: Mapped[UUID]
    policy_version: Mapped[int]
    # What re-plans left behind: versions that drew its borders, and until when (`folding.turns`).
    policy_turns: Mapped[list[Json]] = mapped_column(server_default=text("'[]'::jsonb"))
    # Whose question it was when it was opened: policies are chosen by it.
    follower_tier: Mapped[str | None]
    version: Mapped[int]
    updated_at: Mapped[datetime]


class CaseActRow(Base):
    """A person's act, an input of the fold like any message."""

    __tablename__ = "case_acts"
    __table_args__ = (
        one_of("kind", ActKind),
        Index("ix_case_acts_thread", "workspace_id", "thread_id", "at"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    thread_id: Mapped[UUID]
    case_id: Mapped[UUID]
    kind: Mapped[str]
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    tier: Mapped[str | None]
    detail: Mapped[Json]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
