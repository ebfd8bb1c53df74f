"""Rules with their versions, what they did, and the tags they gave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key, one_of
from services.core.rulebook.types import RunOutcome


class RulebookRow(Base):
    """A workspace's book; its version moves with every change of any rule."""

    __tablename__ = "rulebooks"

    workspace_id: Mapped[Key]
    version: Mapped[int]


class RuleRow(Base):
    __tablename__ = "rules"
    __table_args__ = (
        Index(
            "uq_rules_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    position: Mapped[int]
    enabled: Mapped[bool]
    current_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class RuleVersionRow(Base):
    """Written once: the log names the version that ran."""

    __tablename__ = "rule_versions"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "rule_id"], ["rules.workspace_id", "rules.id"]),
    )

    workspace_id: Mapped[Key]
    rule_id: Mapped[Key]
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[Json]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class RuleRunRow(Base):
    """The execution log. A rule runs once for each version of a message's text."""

    __tablename__ = "rule_runs"
    __table_args__ = (
        one_of("outcome", RunOutcome),
        UniqueConstraint("workspace_id", "message_id", "rule_id", "content_rank"),
        Index("ix_rule_runs_time", "workspace_id", "rule_id", "at", "id"),
        Index("ix_rule_runs_all", "workspace_id", "at", "id"),
        # Alerts and assignments wait here until the message's case is known, in the same unit.
        Index("ix_rule_runs_due", "workspace_id", "id", postgresql_where=text("due")),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    rule_id: Mapped[UUID]
    rule_version: Mapped[int]
    message_id: Mapped[UUID]
    content_rank: Mapped[str]
    outcome: Mapped[str]
    effects: Mapped[Json]
    due: Mapped[bool]
    at: Mapped[datetime]


class MessageTagRow(Base):
    __tablename__ = "message_tags"
    __table_args__ = (Index("ix_message_tags_tag", "workspace_id", "tag", "at", "message_id"),)

    workspace_id: Mapped[Key]
    message_id: Mapped[Key]
    tag: Mapped[str] = mapped_column(primary_key=True)
    rule_id: Mapped[UUID]
    at: Mapped[datetime]
