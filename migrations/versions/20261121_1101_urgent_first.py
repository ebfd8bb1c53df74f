"""Do urgent moments first, and tell whoever was alarmed when an outcome is corrected.

Moments planned before this are done in the order of routine ones.

Revision: 0013_urgent_first
After: 0012_objectives
"""

import sqlalchemy as sa
from alembic import op

revision = "0013_urgent_first"
down_revision = "0012_objectives"
branch_labels = None
depends_on = None

TIERS = "tier IN ('urgent', 'important', 'routine', 'spam')"
PURPOSES = "purpose IN ('firing', 'renotify', 'resolved', 'corrected')"
PURPOSES_BEFORE = "purpose IN ('firing', 'renotify', 'resolved')"
PENDING = sa.text("state = 'pending'")
BY_TIER = "ix_timers_due_by_tier"
BY_TIME = "ix_timers_due_in"


def check(table: str, name: str, condition: str) -> None:
    """Without reading the table under its strongest lock."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def swap_index(name: str, columns: list[str], *, instead_of: str) -> None:
    # Timers are written to all the time: built beside it, which waits for transactions that run,
    # and what an interrupted build left is thrown away first. A failed build raises.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            name, "timers", columns, postgresql_where=PENDING, postgresql_concurrently=True
        )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {instead_of}")
        op.execute("SET lock_timeout = '200ms'")


def upgrade() -> None:
    check("outbox", "ck_outbox_purpose", PURPOSES)
    op.execute("ALTER TABLE timers ADD COLUMN IF NOT EXISTS tier text NOT NULL DEFAULT 'routine'")
    check("timers", "ck_timers_tier", TIERS)
    swap_index(BY_TIER, ["workspace_id", "tier", "fire_at", "id"], instead_of=BY_TIME)


def downgrade() -> None:
    swap_index(BY_TIME, ["workspace_id", "fire_at", "id"], instead_of=BY_TIER)
    op.drop_column("timers", "tier")
    op.execute("DELETE FROM outbox WHERE purpose = 'corrected'")
    check("outbox", "ck_outbox_purpose", PURPOSES_BEFORE)
