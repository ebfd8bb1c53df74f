"""Plan staffing: one row a workspace says when the team looks, and how many look.

Revision: 0010_staffing
After: 0009_replans
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_staffing"
down_revision = "0009_replans"
branch_labels = None
depends_on = None

TABLE = "staffing_plans"
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_staffing_plans")),
    )
    # As in the first migration: the app role sees its workspace, the system role across.
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO warmline_app"
        f" USING (workspace_id = {CURRENT}) WITH CHECK (workspace_id = {CURRENT})"
    )
    op.execute(f"CREATE POLICY across ON {TABLE} TO warmline_system USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO warmline_app, warmline_system")


def downgrade() -> None:
    op.drop_table(TABLE)
