"""Send reports on schedule, each issue once.

Revision: 0032_reports
After: 0031_requests
"""

import sqlalchemy as sa
from alembic import op

revision = "0032_reports"
down_revision = "0031_requests"
branch_labels = None
depends_on = None

TABLES = ("reports", "report_issues")
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


def key(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.UUID(), nullable=False)


def text(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Text(), nullable=False)


def number(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer(), nullable=False)


def create_reports() -> None:
    op.create_table(
        "reports",
        key("workspace_id"),
        key("id"),
        text("name"),
        text("kind"),
        text("language"),
        key("channel_id"),
        number("on_day"),
        number("at_hour"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        moment("next_at"),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint("kind IN ('weekly', 'monthly')", name=op.f("ck_reports_kind")),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_reports_language")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_reports")),
    )
    op.create_index("uq_reports_name", "reports", ["workspace_id", "name"], unique=True)
    op.create_index("ix_reports_due", "reports", ["next_at"], postgresql_where=sa.text("enabled"))


def create_issues() -> None:
    op.create_table(
        "report_issues",
        key("workspace_id"),
        key("report_id"),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        key("parcel_id"),
        text("state"),
        number("attempts"),
        moment("opened_at"),
        moment("next_at", nullable=True),
        moment("ended_at", nullable=True),
        text("detail"),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'given_up')", name=op.f("ck_report_issues_state")
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "report_id", "first_day", name=op.f("pk_report_issues")
        ),
    )
    op.create_index(
        "ix_report_issues_waiting",
        "report_issues",
        ["next_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def upgrade() -> None:
    create_reports()
    create_issues()
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
