"""The trail: one row for each change of configuration and each act on a case or alert."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key


class AuditRow(Base):
    """Append-only: the app role may insert and read, never change.

    The one sealer gives each row its place in the workspace's chain once it is visible, as the
    stream does with facts: `hash` covers the row and the hash before it.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_subject", "workspace_id", "subject_kind", "subject_id", "id"),
        Index("ix_audit_log_thing", "workspace_id", "subject_id", "id"),
        Index("ix_audit_log_actor", "workspace_id", "actor_id", "id"),
        Index(
            "ix_audit_log_action",
            "workspace_id",
            "action",
            "id",
            postgresql_ops={"action": "text_pattern_ops"},
        ),
        Index("ix_audit_log_at", "workspace_id", "at"),
        Index("ix_audit_log_unsealed", "workspace_id", "id", postgresql_where=text("seq IS NULL")),
        Index(
            "uq_audit_log_seq",
            "workspace_id",
            "seq",
            unique=True,
            postgresql_where=text("seq IS NOT NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_label: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    detail: Mapped[Json]
    request_id: Mapped[str | None]
    seq: Mapped[int | None] = mapped_column(BigInteger())
    hash: Mapped[bytes | None] = mapped_column(LargeBinary())


class AuditHeadRow(Base):
    """The end of a workspace's chain: without it nobody would miss the newest rows."""

    __tablename__ = "audit_heads"

    workspace_id: Mapped[Key]
    last_seq: Mapped[int] = mapped_column(BigInteger())
    last_hash: Mapped[bytes] = mapped_column(LargeBinary())
