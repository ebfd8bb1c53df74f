"""Guard each workspace from storms, follow requests to channels, and keep which digests are open.

Revision: 0036_storms
After: 0035_followers
"""

import sqlalchemy as sa
from alembic import op

revision = "0036_storms"
down_revision = "0035_followers"
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("storm_per_minute", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("request_id", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("closes_digest_id", sa.UUID(), nullable=True))
    op.create_table(
        "open_digests",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_open_digests")),
    )
    secure("open_digests")
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_send_attempts_digest")
        op.create_index(
            "ix_send_attempts_digest",
            "send_attempts",
            ["workspace_id", "digest_id"],
            postgresql_where=sa.text("digest_id IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_send_attempts_digest", "send_attempts", postgresql_concurrently=True)
    op.drop_table("open_digests")
    op.drop_column("outbox", "closes_digest_id")
    op.drop_column("outbox", "request_id")
    op.drop_column("workspaces", "storm_per_minute")
