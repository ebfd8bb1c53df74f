"""Saved views of a workspace, everybody's and single members'."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from services.core.kit.db import Base, Json, Key, one_of
from services.core.views.types import ViewKind


class SavedViewRow(Base):
    """Names are unique among what everybody sees, and among each member's own."""

    __tablename__ = "saved_views"
    __table_args__ = (
        one_of("kind", ViewKind),
        Index(
            "uq_saved_views_shared",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("owner_id IS NULL"),
        ),
        Index(
            "uq_saved_views_own",
            "workspace_id",
            "owner_id",
            "name",
            unique=True,
            postgresql_where=text("owner_id IS NOT NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    kind: Mapped[str]
    filters: Mapped[Json]
    sort: Mapped[str | None]
    owner_id: Mapped[UUID | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
