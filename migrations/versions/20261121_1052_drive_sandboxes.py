"""Drive sandboxes: how far each lives ahead of everybody else.

Revision: 0011_sandboxes
After: 0010_staffing
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_sandboxes"
down_revision = "0010_staffing"
branch_labels = None
depends_on = None

TABLE = "sandbox_clocks"
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("ahead", sa.Interval(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_sandbox_clocks")),
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
