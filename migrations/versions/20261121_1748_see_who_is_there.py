"""See who is there: who has which case open, until a moment.

Revision: 0025_presence
After: 0024_chain
"""

import sqlalchemy as sa
from alembic import op

revision = "0025_presence"
down_revision = "0024_chain"
branch_labels = None
depends_on = None

CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
QUEUE = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
    "fillfactor": "85",
}


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
    op.create_table(
        "presences",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("doing IN ('viewing', 'replying')", name=op.f("ck_presences_doing")),
        sa.PrimaryKeyConstraint("workspace_id", "case_id", "member_id", name=op.f("pk_presences")),
        postgresql_with=QUEUE,
    )
    secure("presences")


def downgrade() -> None:
    op.drop_table("presences")
