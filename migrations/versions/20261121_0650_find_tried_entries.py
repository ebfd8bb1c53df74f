"""Find journal entries that were tried before and came to nothing: each is tried again alone.

Revision: 0002_tried
After: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_tried"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEX = "ix_journal_tried"


def upgrade() -> None:
    # The journal is written to all the time: built beside it, which waits for transactions that
    # run, and what an interrupted build left is thrown away first. A failed build raises.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(
            INDEX,
            "journal",
            ["next_at", "delivery_id", "position"],
            postgresql_where=sa.text("state = 'pending' AND attempts > 0"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute("SET lock_timeout = '200ms'")
