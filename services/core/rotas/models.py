"""Rotas with their versions and overrides, teams, and where members are reached."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key, one_of
from services.core.rotas.types import ContactKind


class RotaRow(Base):
    """What a rota is called, and which version is in force."""

    __tablename__ = "rotas"
    __table_args__ = (
        Index(
            "uq_rotas_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    current_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class RotaVersionRow(Base):
    """Written once: zone, layers and cover as they were saved."""

    __tablename__ = "rota_versions"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "rota_id"], ["rotas.workspace_id", "rotas.id"]),
    )

    workspace_id: Mapped[Key]
    rota_id: Mapped[Key]
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[Json]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class RotaOverrideRow(Base):
    """A window in which one member has the rota; taken back ones stay as a record."""

    __tablename__ = "rota_overrides"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "rota_id"], ["rotas.workspace_id", "rotas.id"]),
        CheckConstraint("ends_at > starts_at", name="order"),
        Index(
            "ix_rota_overrides_time",
            "workspace_id",
            "rota_id",
            "ends_at",
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    rota_id: Mapped[UUID]
    member_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class TeamRow(Base):
    __tablename__ = "teams"
    __table_args__ = (
        Index(
            "uq_teams_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class TeamMemberRow(Base):
    __tablename__ = "team_members"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"]),
        ForeignKeyConstraint(["workspace_id", "member_id"], ["members.workspace_id", "members.id"]),
    )

    workspace_id: Mapped[Key]
    team_id: Mapped[Key]
    member_id: Mapped[Key]


class MemberContactRow(Base):
    """Where a member is reached: one address for each kind of channel."""

    __tablename__ = "member_contacts"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "member_id"], ["members.workspace_id", "members.id"]),
        one_of("kind", ContactKind),
    )

    workspace_id: Mapped[Key]
    member_id: Mapped[Key]
    kind: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    updated_at: Mapped[datetime]
