"""Do calls once: those of the last day that carried an idempotency key, with their answers.

Revision: 0026_once
After: 0025_presence
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026_once"
down_revision = "0025_presence"
branch_labels = None
depends_on = None

TABLE = "idempotent_calls"
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
QUEUE = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
    "fillfactor": "85",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint(
            "workspace_id", "caller", "key_digest", name=op.f("pk_idempotent_calls")
        ),
        postgresql_with=QUEUE,
    )
    op.create_index("ix_idempotent_calls_made_at", TABLE, ["made_at"])
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
