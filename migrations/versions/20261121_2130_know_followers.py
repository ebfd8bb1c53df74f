"""Know followers' tiers and advocates, keep what re-plans, settlements and calendars were made of.

Everything is empty or a default at first, so that the release before goes on as it was.

Revision: 0035_followers
After: 0034_looks
"""

import sqlalchemy as sa
from alembic import op

revision = "0035_followers"
down_revision = "0034_looks"
branch_labels = None
depends_on = None

TIERS = "tier IN ('member', 'inner_circle')"
BY_ADVOCATE = "ix_messages_by_advocate"
COLUMNS = (
    ("followers", "tier", "text"),
    ("followers", "advocate_since", "timestamptz"),
    ("messages", "by_advocate", "boolean NOT NULL DEFAULT false"),
    ("cases", "follower_tier", "text"),
    ("cases", "policy_turns", "jsonb NOT NULL DEFAULT '[]'::jsonb"),
    ("clocks", "counted_seconds", "bigint"),
    ("calendar_versions", "holidays", "jsonb"),
    ("objectives", "source_ids", "uuid[] NOT NULL DEFAULT '{}'::uuid[]"),
)


def check_tiers() -> None:
    """Without reading the table under its strongest lock."""
    op.execute("ALTER TABLE followers DROP CONSTRAINT IF EXISTS ck_followers_tier")
    op.execute(f"ALTER TABLE followers ADD CONSTRAINT ck_followers_tier CHECK ({TIERS}) NOT VALID")
    op.execute("ALTER TABLE followers VALIDATE CONSTRAINT ck_followers_tier")


def find_answers() -> None:
    # Built beside the writing, which waits for transactions that run; what an interrupted build
    # left is thrown away first. A failed build raises.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BY_ADVOCATE}")
        op.create_index(
            BY_ADVOCATE,
            "messages",
            ["workspace_id", "source_id", "parent_external_id"],
            postgresql_where=sa.text("by_advocate"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}")
    check_tiers()
    find_answers()


def downgrade() -> None:
    op.drop_index(BY_ADVOCATE, "messages")
    for table, name, _ in reversed(COLUMNS):
        op.drop_column(table, name)
