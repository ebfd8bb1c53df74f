"""Keep objectives: the share of promises to hold, burns of its budget, and alerts of them.

Revision: 0012_objectives
After: 0011_sandboxes
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_objectives"
down_revision = "0011_sandboxes"
branch_labels = None
depends_on = None

TABLES = ("objectives", "budget_burns")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
KINDS = "kind IN ('promise', 'rule', 'budget_burn')"
KINDS_BEFORE = "kind IN ('promise', 'rule')"


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


def check_kind(condition: str) -> None:
    """Without reading the table under its strongest lock."""
    op.execute("ALTER TABLE alerts DROP CONSTRAINT IF EXISTS ck_alerts_kind")
    op.execute(f"ALTER TABLE alerts ADD CONSTRAINT ck_alerts_kind CHECK ({condition}) NOT VALID")
    op.execute("ALTER TABLE alerts VALIDATE CONSTRAINT ck_alerts_kind")


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "objectives",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("percent", sa.Numeric(4, 1), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("tiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("channels", sa.ARRAY(sa.Text()), nullable=False),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_objectives")),
    )
    op.create_table(
        "budget_burns",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        moment("started_at"),
        moment("ended_at", nullable=True),
        sa.CheckConstraint("pace IN ('fast', 'slow')", name=op.f("ck_budget_burns_pace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_budget_burns")),
    )
    op.create_index(
        "uq_budget_burns_going_on",
        "budget_burns",
        ["workspace_id", "pace"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_budget_burns_time", "budget_burns", ["workspace_id", "pace", "started_at"])
    for table in TABLES:
        secure(table)
    op.add_column("alerts", sa.Column("burn_id", sa.UUID()))
    op.add_column("alerts", sa.Column("detail", sa.dialects.postgresql.JSONB()))
    check_kind(KINDS)
    # No burn has raised anything yet: the index is empty, and its building reads no values.
    op.create_index(
        "uq_alerts_burn",
        "alerts",
        ["workspace_id", "burn_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'budget_burn'"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'budget_burn'")
    op.drop_index("uq_alerts_burn", "alerts")
    check_kind(KINDS_BEFORE)
    for name in ("detail", "burn_id"):
        op.drop_column("alerts", name)
    for table in reversed(TABLES):
        op.drop_table(table)
