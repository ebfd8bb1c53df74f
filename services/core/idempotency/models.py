"""The calls of the last day that carried an idempotency key, and what was answered."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import QUEUE_TABLE, Base, Json, Key


class IdempotentCallRow(Base):
    """One call. The primary key is what makes it done once, whoever sends it how often."""

    __tablename__ = "idempotent_calls"
    __table_args__ = (
        Index("ix_idempotent_calls_made_at", "made_at"),
        {"postgresql_with": QUEUE_TABLE},
    )

    workspace_id: Mapped[Key]
    caller: Mapped[str] = mapped_column(primary_key=True)
    # Hashes: callers put all sorts of things into their keys.
    key_digest: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary())
    made_at: Mapped[datetime]
    # All three are written with the effect; a body is missing where it is not told twice.
    status: Mapped[int | None] = mapped_column(SmallInteger())
    headers: Mapped[Json | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary())
