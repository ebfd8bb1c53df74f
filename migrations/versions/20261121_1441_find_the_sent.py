"""Find what was sent lately, and what was given up and is not told elsewhere yet.

Revision: 0017_sent
After: 0016_limits
"""

import sqlalchemy as sa
from alembic import op

revision = "0017_sent"
down_revision = "0016_limits"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_outbox_sent": (["workspace_id", "sent_at"], "state = 'sent'"),
    "ix_outbox_forsaken": (["workspace_id", "id"], "state = 'dead' AND fell_back_at IS NULL"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        for name, (columns, where) in INDEXES.items():
            # What an interrupted try left is not valid, and stands in the way of the next one.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "outbox",
                columns,
                postgresql_where=sa.text(where),
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.drop_index(name, "outbox", postgresql_concurrently=True)
