"""Exports and their files, in compressed pieces."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.exports.types import ExportState, FileFormat, What
from services.core.kit.db import Base, Json, Key, one_of


class ExportRow(Base):
    """One ordered file. `place` is where the last piece ended: the next one starts after it."""

    __tablename__ = "exports"
    __table_args__ = (
        one_of("what", What),
        one_of("format", FileFormat),
        one_of("state", ExportState),
        # Read across workspaces: what is to be written next, and whose file is to go.
        Index(
            "ix_exports_due",
            "next_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_exports_expiry", "expires_at", postgresql_where=text("state = 'done'")),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    what: Mapped[str]
    format: Mapped[str]
    filters: Mapped[Json]
    state: Mapped[str]
    place: Mapped[Json | None]
    rows_done: Mapped[int] = mapped_column(BigInteger())
    bytes_done: Mapped[int] = mapped_column(BigInteger())
    chunks: Mapped[int]
    until: Mapped[datetime]
    # Claimed until then: whoever writes it moves this ahead with every piece.
    next_at: Mapped[datetime]
    token: Mapped[int] = mapped_column(BigInteger())
    failures: Mapped[int]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class ExportChunkRow(Base):
    """A piece of a file, compressed by zlib; the key is what makes it written once."""

    __tablename__ = "export_chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "export_id"],
            ["exports.workspace_id", "exports.id"],
            ondelete="CASCADE",
        ),
    )

    workspace_id: Mapped[Key]
    export_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary())
