"""Ladders, channels, alerts, the outbox, and the log of every attempt to send."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Float, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.alerts.ladder_types import GroupBy, StepOutcome
from services.core.alerts.types import (
    AlertKind,
    AlertState,
    ChannelKind,
    OutboxState,
    Outcome,
    Purpose,
    Severity,
)
from services.core.kit.db import QUEUE_TABLE, Base, Json, Key, one_of
from services.core.triage.types import Tier


class LadderRow(Base):
    __tablename__ = "ladders"
    __table_args__ = (
        one_of("group_by", GroupBy),
        Index(
            "uq_ladders_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    steps: Mapped[list[Json]]
    group_by: Mapped[str | None]
    group_window_seconds: Mapped[int | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class ChannelRow(Base):
    """Where alerts go. The secret signs outgoing webhooks and is shown once.

    After a rotation the old one signs beside it for a while, so that the receiver may change later.
    """

    __tablename__ = "channels"
    __table_args__ = (
        one_of("kind", ChannelKind),
        Index(
            "uq_channels_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    kind: Mapped[str]
    config: Mapped[Json]
    secret: Mapped[str | None]
    old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    enabled: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    # Set by the product when nothing has come through for long; a person ends it.
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]


class ChannelStateRow(Base):
    """What all workers must agree on about a channel: its bucket, and whether its door is shut.

    `tokens` is null until the first sending: the bucket is full.
    """

    __tablename__ = "channel_states"
    __table_args__ = (
        Index(
            "ix_channel_states_failing",
            "workspace_id",
            "channel_id",
            postgresql_where=text("failing_since IS NOT NULL"),
        ),
        # Each sending changes its row in place.
        {"postgresql_with": {"fillfactor": "70"}},
    )

    workspace_id: Mapped[Key]
    channel_id: Mapped[Key]
    tokens: Mapped[float | None] = mapped_column(Float())
    refilled_at: Mapped[datetime]
    # In a row, since something last came through.
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    refusals: Mapped[int] = mapped_column(server_default=text("0"))
    trips: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[datetime | None]
    open_until: Mapped[datetime | None]


class AlertRow(Base):
    """What was raised, once: for a step of a clock's generation, a rule and a message, a burn."""

    __tablename__ = "alerts"
    __table_args__ = (
        one_of("state", AlertState),
        one_of("severity", Severity),
        one_of("tier", Tier),
        one_of("kind", AlertKind),
        Index("uq_alerts_identity", "workspace_id", "clock_id", "step", "generation", unique=True),
        # A rule tells of a message once, whatever becomes of its text.
        Index(
            "uq_alerts_rule",
            "workspace_id",
            "rule_id",
            "message_id",
            unique=True,
            postgresql_where=text("kind = 'rule'"),
        ),
        Index(
            "uq_alerts_burn",
            "workspace_id",
            "burn_id",
            unique=True,
            postgresql_where=text("kind = 'budget_burn'"),
        ),
        Index(
            "uq_alerts_detector",
            "workspace_id",
            "detector_firing_id",
            unique=True,
            postgresql_where=text("kind = 'detector'"),
        ),
        # The cost of finding climbs follows what is due, never what is open.
        Index(
            "ix_alerts_climb",
            "climb_at",
            "workspace_id",
            postgresql_where=text("climb_at IS NOT NULL"),
        ),
        # Of a great many due at once the urgent ones go first.
        Index(
            "ix_alerts_climb_by_tier",
            "workspace_id",
            "tier",
            "climb_at",
            "id",
            postgresql_where=text("climb_at IS NOT NULL"),
        ),
        Index(
            "ix_alerts_told",
            "workspace_id",
            "told_group",
            "told_at",
            postgresql_where=text("told_group IS NOT NULL"),
        ),
        Index("ix_alerts_case", "workspace_id", "case_id", "fired_at"),
        Index("ix_alerts_list", "workspace_id", "state", "fired_at", "id"),
        Index("ix_alerts_time", "workspace_id", "fired_at", "id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(server_default=text("'promise'"))
    clock_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    rule_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    burn_id: Mapped[UUID | None]
    # Alerts of one case stand together: one acknowledgement answers for all of them.
    group_key: Mapped[str]
    step: Mapped[int]
    generation: Mapped[int]
    severity: Mapped[str]
    tier: Mapped[str]
    clock_kind: Mapped[str | None]
    state: Mapped[str]
    fire_at: Mapped[datetime]
    fired_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ladder: Mapped[Json]
    # Of the request that brought what raised it: the question of a promise, a rule's message.
    request_id: Mapped[str | None]
    # Figures of what raised it, where there are any.
    detail: Mapped[Json | None]
    detector_firing_id: Mapped[UUID | None]
    # When its ladder goes on, and where it stands there: the next step, and how often it was tried.
    climb_at: Mapped[datetime | None]
    # From when its waits count; moved on by the time it was at rest. None: from the raising.
    climb_from: Mapped[datetime | None]
    climb_position: Mapped[int] = mapped_column(SmallInteger(), server_default=text("0"))
    climb_round: Mapped[int] = mapped_column(SmallInteger(), server_default=text("0"))
    # Until when an acknowledgement keeps it at rest.
    resume_at: Mapped[datetime | None]
    # Alerts of one group are told together, and when this one was last told.
    told_group: Mapped[str | None]
    told_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    note: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    resolution: Mapped[str | None]


class AlertStepRow(Base):
    """One step of an alert's climb, once for each round: who was told, or why nobody was."""

    __tablename__ = "alert_steps"
    __table_args__ = (one_of("outcome", StepOutcome),)

    workspace_id: Mapped[Key]
    alert_id: Mapped[Key]
    position: Mapped[int] = mapped_column(SmallInteger(), primary_key=True)
    round: Mapped[int] = mapped_column(SmallInteger(), primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str | None]
    # Who was told and where, how far the circle was widened, or what kept it quiet.
    detail: Mapped[Json]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime]
    late_by_seconds: Mapped[int]


class OutboxRow(Base):
    """Something to be sent to one channel, exactly once in intent and at least once in fact."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", OutboxState),
        one_of("purpose", Purpose),
        UniqueConstraint("workspace_id", "alert_id", "channel_id", "purpose", "sequence"),
        # Led by channel: a channel that lags must not lie in front of the others' rows.
        Index(
            "ix_outbox_due",
            "workspace_id",
            "channel_id",
            "tier",
            "next_at",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_outbox_dead", "workspace_id", "id", postgresql_where=text("state = 'dead'")),
        Index(
            "ix_outbox_forsaken",
            "workspace_id",
            "id",
            postgresql_where=text("state = 'dead' AND fell_back_at IS NULL"),
        ),
        Index(
            "ix_outbox_sent",
            "workspace_id",
            "sent_at",
            postgresql_where=text("state = 'sent'"),
        ),
        {"postgresql_with": QUEUE_TABLE},
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    alert_id: Mapped[UUID]
    channel_id: Mapped[UUID]
    purpose: Mapped[str]
    sequence: Mapped[int]
    tier: Mapped[str]
    state: Mapped[str]
    next_at: Mapped[datetime]
    token: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    attempts: Mapped[int] = mapped_column(SmallInteger(), server_default=text("0"))
    message: Mapped[Json]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    # The one message that carried it together with others.
    digest_id: Mapped[UUID | None]
    # The row whose channel could not be reached, and when another one was asked instead.
    fallback_of: Mapped[UUID | None]
    fell_back_at: Mapped[datetime | None]
    # The message whose incident this one closes.
    closes_digest_id: Mapped[UUID | None]
    # Of the request it came of, where it was one.
    request_id: Mapped[str | None]


class OpenDigestRow(Base):
    """A message about many alerts that opened an incident; gone once that is to be closed."""

    __tablename__ = "open_digests"

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    channel_id: Mapped[UUID]
    opened_at: Mapped[datetime]


class SendAttemptRow(Base):
    """Committed before the call and again after it, so that a crash between shows as in doubt."""

    __tablename__ = "send_attempts"
    __table_args__ = (
        one_of("outcome", Outcome),
        Index(
            "ix_send_attempts_digest",
            "workspace_id",
            "digest_id",
            postgresql_where=text("digest_id IS NOT NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    outbox_id: Mapped[Key]
    # The token of the claim: unlike `attempts` it goes on counting after a redrive.
    attempt: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str]
    status_code: Mapped[int | None]
    detail: Mapped[str | None]
    digest_id: Mapped[UUID | None]
