"""Let what one person says wait in one lane, so that two workers seldom meet the same rows.

Revision: 0040_lanes
After: 0039_newest_first
"""

import sqlalchemy as sa
from alembic import op

revision = "0040_lanes"
down_revision = "0039_newest_first"
branch_labels = None
depends_on = None

INDEX = "ix_journal_lanes"


def upgrade() -> None:
    # A constant default is kept in the catalogue: no row is written. What code of before adds
    # waits in lane 0, which is as good as any.
    op.execute("ALTER TABLE journal ADD COLUMN IF NOT EXISTS lane smallint NOT NULL DEFAULT 0")
    # Built beside a journal that is written to all the time; what an interrupted build left goes.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(
            INDEX,
            "journal",
            ["workspace_id", "historical", "lane", "next_at"],
            postgresql_where=sa.text("state = 'pending' AND attempts = 0"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute("SET lock_timeout = '200ms'")
    op.drop_column("journal", "lane")
