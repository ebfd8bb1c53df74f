"""Keep calendars: their versions, the feeds they read, and stretches in which clocks stand still.

Revision: 0008_calendars
After: 0007_promises
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_calendars"
down_revision = "0007_promises"
branch_labels = None
depends_on = None

TABLES = ("calendars", "calendar_versions", "standstills")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"


def secure(table: str) -> None:
    """As in the first migration: the app role sees its workspace, the system role across."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO warmline_app"
        f" USING (workspace_id = {CURRENT}) WITH CHECK (workspace_id = {CURRENT})"
    )
    op.execute(f"CREATE POLICY across ON {table} TO warmline_system USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO warmline_app, warmline_system")


def key(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.UUID(), nullable=nullable)


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "calendars",
        key("workspace_id"),
        key("id"),
        words("name"),
        sa.Column("current_version", sa.Integer(), nullable=False),
        words("feed_url", nullable=True),
        moment("feed_due_at", nullable=True),
        moment("last_refreshed_at", nullable=True),
        words("last_error", nullable=True),
        moment("created_at"),
        moment("updated_at"),
        moment("archived_at", nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_calendars")),
    )
    op.create_index(
        "uq_calendars_name",
        "calendars",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "ix_calendars_feed",
        "calendars",
        ["feed_due_at"],
        postgresql_where=sa.text("feed_due_at IS NOT NULL"),
    )
    op.create_table(
        "calendar_versions",
        key("workspace_id"),
        key("calendar_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("closings", postgresql.JSONB(), nullable=False),
        moment("created_at"),
        words("created_by"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "calendar_id"],
            ["calendars.workspace_id", "calendars.id"],
            name=op.f("fk_calendar_versions_workspace_id_calendar_id_calendars"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "calendar_id", "version", name=op.f("pk_calendar_versions")
        ),
    )
    op.create_table(
        "standstills",
        key("workspace_id"),
        key("id"),
        words("reason"),
        key("source_id", nullable=True),
        key("member_id", nullable=True),
        key("stand_in_id", nullable=True),
        moment("starts_at"),
        moment("ends_at", nullable=True),
        words("notice_zh", nullable=True),
        words("notice_en", nullable=True),
        words("note", nullable=True),
        sa.Column("pauses", sa.Boolean(), nullable=False),
        moment("created_at"),
        words("created_by"),
        moment("ended_at", nullable=True),
        moment("withdrawn_at", nullable=True),
        moment("replan_at", nullable=True),
        moment("replan_since", nullable=True),
        key("replan_after", nullable=True),
        sa.Column("replanned", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('out_of_office', 'outage')", name=op.f("ck_standstills_reason")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_standstills")),
    )
    op.create_index("ix_standstills_time", "standstills", ["workspace_id", "starts_at", "id"])
    op.create_index(
        "ix_standstills_replan",
        "standstills",
        ["replan_at"],
        postgresql_where=sa.text("replan_at IS NOT NULL"),
    )
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
