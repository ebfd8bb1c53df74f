"""Find the answers of a day without reading what was asked: the summary counts them.

Revision: 0014_answers
After: 0013_urgent_first
"""

import sqlalchemy as sa
from alembic import op

revision = "0014_answers"
down_revision = "0013_urgent_first"
branch_labels = None
depends_on = None

NAME = "ix_messages_answers"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        # What an interrupted try left is not valid, and stands in the way of the next one.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.create_index(
            NAME,
            "messages",
            ["workspace_id", "occurred_at", "case_id"],
            postgresql_where=sa.text("direction = 'out' AND deleted_at IS NULL"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "messages", postgresql_concurrently=True)
