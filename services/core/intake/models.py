"""Sources, their secrets, and the journal: every accepted delivery, raw, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.intake.states import EntryState
from services.core.kit.db import QUEUE_TABLE, Base, Key, in_range, one_of

TRIED = "state = 'pending' AND attempts > 0"
FRESH = "state = 'pending' AND attempts = 0"


class SourceRow(Base):
    """A producer of webhooks. A directory: found by its id before any workspace is known."""

    __tablename__ = "sources"
    __table_args__ = (
        Index("uq_sources_id", "id", unique=True),
        Index("ix_sources_name", "workspace_id", "name", "id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    platform: Mapped[str]
    own_accounts: Mapped[list[str]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class SourceSecretRow(Base):
    """A signing secret; two may be live during a rotation."""

    __tablename__ = "source_secrets"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "source_id"], ["sources.workspace_id", "sources.id"]),
        Index("ix_source_secrets_source", "workspace_id", "source_id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[UUID]
    secret: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignatureRefusalRow(Base):
    """How many deliveries of a source were refused in one minute, for their signatures."""

    __tablename__ = "signature_refusals"
    __table_args__ = (Index("ix_signature_refusals_minute", "minute"),)

    workspace_id: Mapped[Key]
    source_id: Mapped[Key]
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class DeliveryRow(Base):
    """One webhook as it came in. Partitioned by its time-ordered id, so old months drop whole."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_source", "workspace_id", "source_id", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[UUID]
    webhook_id: Mapped[str]
    media: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary())
    event_count: Mapped[int]
    duplicate_count: Mapped[int]
    received_at: Mapped[datetime]
    # Of the request that brought it; a repetition has another one, and changes nothing.
    request_id: Mapped[str | None]


class DeliveryKeyRow(Base):
    """What was seen before, of a delivery (`d`) or an event (`e`): uniqueness lives here."""

    __tablename__ = "delivery_keys"
    __table_args__ = (
        # Rows come in by time and stay there: what is old is found by block ranges.
        Index("ix_delivery_keys_seen", "seen_at", postgresql_using="brin"),
        Index("ix_delivery_keys_conflicts", "workspace_id", postgresql_where=text("conflicts > 0")),
    )

    workspace_id: Mapped[Key]
    source_id: Mapped[Key]
    space: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID]
    body_sha256: Mapped[bytes | None] = mapped_column(LargeBinary())
    # Same id, other body: answered 202 (a platform would retry a 409 for days), and counted.
    conflicts: Mapped[int] = mapped_column(server_default=text("0"))
    seen_at: Mapped[datetime]


class JournalRow(Base):
    """One event of a delivery, and where its processing stands. Claims happen on these rows."""

    __tablename__ = "journal"
    __table_args__ = (
        one_of("state", EntryState),
        in_range("occurred_at"),
        # Loose index scan: the workspaces that wait, then their rows in order, history last.
        Index(
            "ix_journal_due",
            "workspace_id",
            "historical",
            "next_at",
            "delivery_id",
            "position",
            postgresql_where=text("state = 'pending'"),
        ),
        # The lanes that wait, then the rows of each in order: what was never tried before.
        Index(
            "ix_journal_lanes",
            "workspace_id",
            "historical",
            "lane",
            "next_at",
            postgresql_where=text(FRESH),
        ),
        # What was tried before and came to nothing, of all workspaces: few, and each goes alone.
        Index(
            "ix_journal_tried",
            "next_at",
            "delivery_id",
            "position",
            postgresql_where=text(TRIED),
        ),
        Index(
            "ix_journal_state",
            "workspace_id",
            "state",
            "delivery_id",
            postgresql_where=text("state IN ('quarantined', 'no_handler_yet')"),
        ),
        Index("ix_journal_received", "received_at", postgresql_using="brin"),
        {"postgresql_with": QUEUE_TABLE},
    )

    workspace_id: Mapped[Key]
    delivery_id: Mapped[Key]
    position: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[UUID]
    external_id: Mapped[str]
    type: Mapped[str]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    clamped: Mapped[bool]
    historical: Mapped[bool]
    state: Mapped[str]
    # Pending: when it may be claimed next, which is the lease's end while a worker holds it.
    next_at: Mapped[datetime]
    token: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    attempts: Mapped[int] = mapped_column(SmallInteger(), server_default=text("0"))
    # What one person says shares one, so that two workers seldom meet the same person's rows.
    lane: Mapped[int] = mapped_column(SmallInteger(), server_default=text("0"))
    error: Mapped[str | None]
    processed_at: Mapped[datetime | None]
