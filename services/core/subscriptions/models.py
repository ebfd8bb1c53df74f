"""Subscriptions, the facts on their way to each, and the log of every attempt to bring them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import QUEUE_TABLE, Base, Json, Key, one_of
from services.core.subscriptions.types import Ordering, Outcome, ParcelState, PauseReason


class SubscriptionRow(Base):
    """Who wants to be told what. `position` is a cursor over the numbers of facts."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        one_of("ordering", Ordering),
        one_of("pause_reason", PauseReason),
        Index(
            "uq_subscriptions_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    url: Mapped[str]
    kinds: Mapped[list[str]]
    tiers: Mapped[list[str]]
    source_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    ordering: Mapped[str]
    enabled: Mapped[bool]
    position: Mapped[int] = mapped_column(BigInteger())
    secret: Mapped[str | None]
    old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    # The first failure since the last success.
    failing_since: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class SubscriptionParcelRow(Base):
    """One fact for one subscription. The key is what makes it queued once, whoever queues.

    `waits` is true while an earlier fact of the same subject must arrive first.
    """

    __tablename__ = "subscription_parcels"
    __table_args__ = (
        one_of("state", ParcelState),
        Index(
            "ix_subscription_parcels_due",
            "workspace_id",
            "subscription_id",
            "next_at",
            "seq",
            postgresql_where=text("state = 'pending' AND NOT waits"),
        ),
        Index(
            "ix_subscription_parcels_subject",
            "workspace_id",
            "subscription_id",
            "subject_id",
            "seq",
            postgresql_where=text("state = 'pending'"),
        ),
        # The oldest of each subscription, by one probe.
        Index(
            "ix_subscription_parcels_oldest",
            "workspace_id",
            "subscription_id",
            "created_at",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_subscription_parcels_dead",
            "workspace_id",
            "subscription_id",
            "seq",
            postgresql_where=text("state = 'dead'"),
        ),
        Index("ix_subscription_parcels_created", "created_at"),
        {"postgresql_with": QUEUE_TABLE},
    )

    workspace_id: Mapped[Key]
    subscription_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    kind: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    payload: Mapped[Json]
    at: Mapped[datetime]
    request_id: Mapped[str | None]
    state: Mapped[str]
    waits: Mapped[bool]
    next_at: Mapped[datetime]
    token: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    attempts: Mapped[int] = mapped_column(SmallInteger(), server_default=text("0"))
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class SubscriptionAttemptRow(Base):
    """Committed before the call and again after it: a crash between shows as in doubt."""

    __tablename__ = "subscription_attempts"
    __table_args__ = (
        one_of("outcome", Outcome),
        Index("ix_subscription_attempts_started", "started_at"),
    )

    workspace_id: Mapped[Key]
    subscription_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    # The token of the claim: it goes on counting after a redrive.
    attempt: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str]
    status_code: Mapped[int | None]
    took_ms: Mapped[int | None]
    detail: Mapped[str | None]
