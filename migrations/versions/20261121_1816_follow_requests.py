"""Follow requests: facts keep whose they were, and the trail is read by each of its conditions.

Revision: 0031_requests
After: 0030_people
"""

import sqlalchemy as sa
from alembic import op

revision = "0031_requests"
down_revision = "0030_people"
branch_labels = None
depends_on = None

TABLES = ("facts", "subscription_parcels")
INDEXES = {
    "ix_audit_log_thing": ["workspace_id", "subject_id", "id"],
    "ix_audit_log_actor": ["workspace_id", "actor_id", "id"],
    "ix_audit_log_action": ["workspace_id", "action", "id"],
    "ix_audit_log_at": ["workspace_id", "at"],
}
# A beginning is looked for whatever the database's order of letters is.
OPERATORS = {"ix_audit_log_action": {"action": "text_pattern_ops"}}


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("request_id", sa.Text(), nullable=True))
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "audit_log",
                columns,
                postgresql_ops=OPERATORS.get(name, {}),
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.drop_index(name, "audit_log", postgresql_concurrently=True)
    for table in TABLES:
        op.drop_column(table, "request_id")
