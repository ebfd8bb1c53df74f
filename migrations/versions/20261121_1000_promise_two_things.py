"""Promise two things: a clock keeps the tier's target, the public promise, and why it stands still.

Revision: 0007_promises
After: 0006_bursts
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_promises"
down_revision = "0006_bursts"
branch_labels = None
depends_on = None

REASONS = "pause_reason IN ('snooze', 'waiting', 'out_of_office', 'outage')"
ACTS = "kind IN ('resolve', 'reopen', 'snooze', 'wait', 'wake', 'retier')"
ACTS_BEFORE = "kind IN ('resolve', 'reopen', 'snooze', 'wake', 'retier')"


def check(table: str, column: str, condition: str) -> None:
    """Without reading the table under its strongest lock."""
    name = f"ck_{table}_{column}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def upgrade() -> None:
    op.add_column("clocks", sa.Column("target_due_at", sa.DateTime(timezone=True)))
    op.add_column("clocks", sa.Column("promise_due_at", sa.DateTime(timezone=True)))
    op.add_column("clocks", sa.Column("pause_reason", sa.Text()))
    op.add_column("clocks", sa.Column("calendar_version", sa.Integer()))
    check("clocks", "pause_reason", REASONS)
    check("case_acts", "kind", ACTS)


def downgrade() -> None:
    op.execute("DELETE FROM case_acts WHERE kind = 'wait'")
    check("case_acts", "kind", ACTS_BEFORE)
    op.execute("ALTER TABLE clocks DROP CONSTRAINT ck_clocks_pause_reason")
    for name in ("calendar_version", "pause_reason", "promise_due_at", "target_due_at"):
        op.drop_column("clocks", name)
