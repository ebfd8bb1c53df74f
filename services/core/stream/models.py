"""Facts, in the order they were published: what the live stream and its resuming readers see."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key


class FactRow(Base):
    """Written in the transaction that made it true; numbered later, by the one publisher.

    Reading by insertion id would lose rows whose transactions commit out of order; `seq` is
    given only to rows that are already visible.
    """

    __tablename__ = "facts"
    __table_args__ = (
        Index("ix_facts_unpublished", "workspace_id", "id", postgresql_where=text("seq IS NULL")),
        Index(
            "uq_facts_seq",
            "workspace_id",
            "seq",
            unique=True,
            postgresql_where=text("seq IS NOT NULL"),
        ),
        Index("ix_facts_at", "workspace_id", "at"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    seq: Mapped[int | None] = mapped_column(BigInteger())
    kind: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    payload: Mapped[Json]
    at: Mapped[datetime]
    # Of the request that made it true, where it was one.
    request_id: Mapped[str | None]


class StreamHeadRow(Base):
    """The last number given out in a workspace, and the first one still kept."""

    __tablename__ = "stream_heads"

    workspace_id: Mapped[Key]
    last_seq: Mapped[int] = mapped_column(BigInteger())
    first_kept_seq: Mapped[int] = mapped_column(BigInteger())
