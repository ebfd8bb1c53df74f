"""Keep quiet: silences, inhibitions, quiet hours, and the secrets that sign links.

Revision: 0018_quiet
After: 0017_sent
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018_quiet"
down_revision = "0017_sent"
branch_labels = None
depends_on = None

TABLES = ("silences", "inhibitions", "inhibitors", "quiet_hours", "link_secrets")
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


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key(*more: str) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.UUID(), nullable=False) for name in ("workspace_id", *more)]


def create_silences() -> None:
    op.create_table(
        "silences",
        *key("id"),
        sa.Column("conditions", JSONB(), nullable=False),
        moment("starts_at"),
        moment("ends_at"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("everything", sa.Boolean(), nullable=False),
        sa.Column("also_urgent", sa.Boolean(), nullable=False),
        moment("created_at"),
        sa.Column("created_by", sa.Text(), nullable=False),
        moment("ended_at", nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_silences")),
    )
    op.create_index("ix_silences_end", "silences", ["workspace_id", "ends_at", "id"])


def create_inhibitions() -> None:
    op.create_table(
        "inhibitions",
        *key("id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", JSONB(), nullable=False),
        sa.Column("target", JSONB(), nullable=False),
        sa.Column("same", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        moment("updated_at"),
        sa.CheckConstraint(
            "same IN ('group', 'post', 'thread', 'follower')", name=op.f("ck_inhibitions_same")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_inhibitions")),
    )
    op.create_table(
        "inhibitors",
        *key("inhibition_id"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.UUID(), nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "inhibition_id", "key", "alert_id", name=op.f("pk_inhibitors")
        ),
    )
    op.create_index("ix_inhibitors_alert", "inhibitors", ["workspace_id", "alert_id"])


def upgrade() -> None:
    create_silences()
    create_inhibitions()
    op.create_table(
        "quiet_hours",
        *key(),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("spans", JSONB(), nullable=False),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_quiet_hours")),
    )
    op.create_table(
        "link_secrets",
        *key(),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_link_secrets")),
    )
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
