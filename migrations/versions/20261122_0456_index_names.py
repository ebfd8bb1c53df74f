"""Let members, sources and keys be listed by name without sorting all of them for each page.

Revision: 0043_names
After: 0042_request_ids
"""

from alembic import op

revision = "0043_names"
down_revision = "0042_request_ids"
branch_labels = None
depends_on = None

TABLES = ("members", "sources", "api_keys")


def upgrade() -> None:
    # Built beside the traffic; what an interrupted build left goes.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for table in TABLES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_name")
            op.create_index(
                f"ix_{table}_name",
                table,
                ["workspace_id", "name", "id"],
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        for table in TABLES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_name")
        op.execute("SET lock_timeout = '200ms'")
