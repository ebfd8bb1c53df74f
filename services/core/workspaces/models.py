"""Tables of tenancy. Keys and workspaces are directories: read before the workspace is known."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key, one_of
from services.core.workspaces.types import Role


class WorkspaceRow(Base):
    """A brand account, or one client of an agency: the wall no row crosses."""

    __tablename__ = "workspaces"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    ingest_per_minute: Mapped[int | None]
    # From so many alerts a minute on they go together; null where the installation's number holds.
    storm_per_minute: Mapped[int | None]
    created_at: Mapped[datetime]


class MemberRow(Base):
    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("workspace_id", "handle"),
        one_of("role", Role),
        # A directory: whoever signs in by e-mail has named no workspace yet.
        Index("ix_members_email", text("lower(email)")),
        Index("ix_members_name", "workspace_id", "name", "id"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    handle: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ApiKeyRow(Base):
    """`wl_<prefix>_<random>`: found by prefix, believed by hash."""

    __tablename__ = "api_keys"
    __table_args__ = (
        # A directory: the prefix is looked up before any workspace is known.
        Index("uq_api_keys_prefix", "prefix", unique=True),
        Index("ix_api_keys_name", "workspace_id", "name", "id"),
        CheckConstraint("octet_length(secret_hash) = 32", name="secret_hash"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    prefix: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary())
    name: Mapped[str]
    scopes: Mapped[list[str]]
    member_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
