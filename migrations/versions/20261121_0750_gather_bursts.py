"""Gather bursts: questions under posts, which are the same, and how far the stream was read.

Revision: 0006_bursts
After: 0005_rules
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_bursts"
down_revision = "0005_rules"
branch_labels = None
depends_on = None

TABLES = ("burst_heads", "bursts", "burst_questions")
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


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "burst_heads",
        key("workspace_id"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_burst_heads")),
    )
    op.create_table(
        "bursts",
        key("workspace_id"),
        key("id"),
        key("post_id"),
        key("source_id"),
        key("message_id"),
        moment("started_at"),
        moment("last_at"),
        moment("answered_at", nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_bursts")),
    )
    op.create_index("ix_bursts_time", "bursts", ["workspace_id", "last_at", "id"])
    op.create_table(
        "burst_questions",
        key("workspace_id"),
        key("message_id"),
        key("case_id"),
        key("post_id"),
        key("source_id"),
        key("burst_id", nullable=True),
        sa.Column("similarity", sa.Float(), nullable=False),
        moment("asked_at"),
        sa.PrimaryKeyConstraint("workspace_id", "message_id", name=op.f("pk_burst_questions")),
    )
    op.create_index(
        "ix_burst_questions_post", "burst_questions", ["workspace_id", "post_id", "asked_at"]
    )
    op.create_index(
        "ix_burst_questions_burst",
        "burst_questions",
        ["workspace_id", "burst_id"],
        postgresql_where=sa.text("burst_id IS NOT NULL"),
    )
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
