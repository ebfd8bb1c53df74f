"""The trail: one row for each change of configuration and each act on a case or alert."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.core.kit.db import Base, Json, Key


class AuditRow(Base):
    """Append-only: the app role may insert and read, never change."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_subject", "workspace_id", "subject_kind", "subject_id", "id"),
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
