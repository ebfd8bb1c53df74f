"""Sort lists: cases by when they came and when somebody spoke last, posts also the other way round.

Revision: 0033_sorting
After: 0032_reports
"""

import sqlalchemy as sa
from alembic import op

revision = "0033_sorting"
down_revision = "0032_reports"
branch_labels = None
depends_on = None

# Led by state: open cases stay together however many are over.
INDEXES: dict[str, tuple[str, list[str | sa.TextClause]]] = {
    "ix_cases_opened": ("cases", ["workspace_id", "state", "opened_at", "id"]),
    "ix_cases_spoken": ("cases", ["workspace_id", "state", "last_message_at", "id"]),
    "ix_posts_latest": (
        "posts",
        ["workspace_id", sa.text("coalesce(published_at, '-infinity'::timestamptz)"), "id"],
    ),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for name, (table, columns) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, columns, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _) in reversed(INDEXES.items()):
            op.drop_index(name, table, postgresql_concurrently=True)
