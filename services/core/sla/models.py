"""Policies with their versions, clocks, timers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import QUEUE_TABLE, Base, Json, Key, one_of
from services.core.sla.types import ClockKind, ClockState, PauseReason, ReplanState, TimerState
from services.core.triage.types import Tier


class PolicyRow(Base):
    __tablename__ = "policies"
    __table_args__ = (
        Index(
            "uq_policies_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(
            "uq_policies_default",
            "workspace_id",
            unique=True,
            postgresql_where=text("is_default AND archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    position: Mapped[int]
    is_default: Mapped[bool]
    current_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class PolicyVersionRow(Base):
    """Written once. Open clocks go on under the version they started with."""

    __tablename__ = "policy_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "policy_id"], ["policies.workspace_id", "policies.id"]
        ),
    )

    workspace_id: Mapped[Key]
    policy_id: Mapped[Key]
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[Json]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class ReplanRow(Base):
    """Open clocks of one policy on their way to its current version, batch by batch.

    `last_case_id` is how far it came: whoever goes on, goes on behind it.
    """

    __tablename__ = "replans"
    __table_args__ = (
        one_of("state", ReplanState),
        ForeignKeyConstraint(
            ["workspace_id", "policy_id"], ["policies.workspace_id", "policies.id"]
        ),
        Index("ix_replans_policy", "workspace_id", "policy_id", "created_at", "id"),
        Index("ix_replans_open", "next_at", postgresql_where=text("state <> 'done'")),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    policy_id: Mapped[UUID]
    state: Mapped[str]
    # Cases: all that were open at the start, and those looked at. Clocks: those that moved.
    total: Mapped[int]
    done: Mapped[int]
    moved: Mapped[int]
    last_case_id: Mapped[UUID | None]
    requested_by: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # When a worker looks at it next; a little later after threads were held.
    next_at: Mapped[datetime]


class ClockRow(Base):
    """One promise: a row per episode, never overwritten by the next one."""

    __tablename__ = "clocks"
    __table_args__ = (
        one_of("kind", ClockKind),
        one_of("state", ClockState),
        one_of("tier", Tier),
        one_of("pause_reason", PauseReason),
        UniqueConstraint("workspace_id", "case_id", "kind", "episode"),
        Index(
            "ix_clocks_unsettled",
            "workspace_id",
            "due_at",
            postgresql_where=text("settled_at IS NULL AND state <> 'void'"),
        ),
        Index("ix_clocks_started", "workspace_id", "started_at"),
        Index("ix_clocks_due", "workspace_id", "due_at"),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    case_id: Mapped[UUID]
    thread_id: Mapped[UUID]
    kind: Mapped[str]
    episode: Mapped[int]
    tier: Mapped[str]
    state: Mapped[str]
    started_at: Mapped[datetime]
    # The earlier of the next two: the tier's target, and what the public was promised.
    due_at: Mapped[datetime]
    # Empty in rows written before there were two of them; then it is the due time.
    target_due_at: Mapped[datetime | None]
    promise_due_at: Mapped[datetime | None]
    limit_at: Mapped[datetime | None]
    budget_seconds: Mapped[int] = mapped_column(BigInteger())
    paused_seconds: Mapped[int] = mapped_column(BigInteger())
    paused_until: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
    # Time that counted until it was settled, by its calendar; empty in rows from before.
    counted_seconds: Mapped[int | None] = mapped_column(BigInteger())
    trigger_message_id: Mapped[UUID | None]
    settling_message_id: Mapped[UUID | None]
    policy_id: Mapped[UUID]
    policy_version: Mapped[int]
    # None when the policy counts around the clock.
    calendar_version: Mapped[int | None]
    generation: Mapped[int]
    # Kept when a late webhook changed an outcome already written: what it was, and since when.
    corrections: Mapped[list[Json]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TimerRow(Base):
    """One moment on a clock at which something must happen, exactly once."""

    __tablename__ = "timers"
    __table_args__ = (
        one_of("state", TimerState),
        one_of("tier", Tier),
        UniqueConstraint("workspace_id", "clock_id", "percent", "generation"),
        # The cost of finding due timers follows what is due, never what is running.
        Index(
            "ix_timers_due", "fire_at", "workspace_id", postgresql_where=text("state = 'pending'")
        ),
        # Led by tier within a workspace: of a great many due at once the urgent ones go first.
        Index(
            "ix_timers_due_by_tier",
            "workspace_id",
            "tier",
            "fire_at",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_timers_case", "workspace_id", "case_id"),
        {"postgresql_with": QUEUE_TABLE},
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    clock_id: Mapped[UUID]
    case_id: Mapped[UUID]
    percent: Mapped[int]
    generation: Mapped[int]
    fire_at: Mapped[datetime]
    state: Mapped[str]
    fired_at: Mapped[datetime | None]
    note: Mapped[str | None]
    # The clock's when the moment was planned: it orders the work and decides nothing else.
    tier: Mapped[str] = mapped_column(server_default=text("'routine'"))
