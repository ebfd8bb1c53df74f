"""Climb ladders: an alert says when it goes on and where it stands, and each step is written down.

Revision: 0021_climbs
After: 0020_words
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_climbs"
down_revision = "0020_words"
branch_labels = None
depends_on = None

CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
STATES = "state IN ('firing', 'acknowledged', 'resolved', 'expired')"
STATES_BEFORE = "state IN ('firing', 'acknowledged', 'resolved')"
KINDS = "kind IN ('promise', 'rule', 'budget_burn', 'detector')"
KINDS_BEFORE = "kind IN ('promise', 'rule', 'budget_burn')"
PURPOSES = "purpose IN ('firing', 'renotify', 'escalated', 'resolved', 'corrected')"
PURPOSES_BEFORE = "purpose IN ('firing', 'renotify', 'resolved', 'corrected')"
GROUPS = "group_by IN ('case', 'post', 'thread', 'follower', 'rule')"
CLIMBING = sa.text("climb_at IS NOT NULL")
INDEXES = (
    ("uq_alerts_detector", ["workspace_id", "detector_firing_id"], sa.text("kind = 'detector'")),
    ("ix_alerts_climb", ["climb_at", "workspace_id"], CLIMBING),
    ("ix_alerts_climb_by_tier", ["workspace_id", "tier", "climb_at", "id"], CLIMBING),
    (
        "ix_alerts_told",
        ["workspace_id", "told_group", "told_at"],
        sa.text("told_group IS NOT NULL"),
    ),
)
COLUMNS = (
    "detector_firing_id uuid",
    "climb_at timestamptz",
    "climb_from timestamptz",
    "climb_position smallint NOT NULL DEFAULT 0",
    "climb_round smallint NOT NULL DEFAULT 0",
    "resume_at timestamptz",
    "told_group text",
    "told_at timestamptz",
)


def check(table: str, name: str, condition: str) -> None:
    """Without reading the table under its strongest lock."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def secure(table: str) -> None:
    """As in the first migration: the app role sees its workspace, the system role across."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO warmline_app"
        f" USING (workspace_id = {CURRENT}) WITH CHECK (workspace_id = {CURRENT})"
    )
    op.execute(f"CREATE POLICY across ON {table} TO warmline_system USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO warmline_app, warmline_system")


def keep_steps() -> None:
    op.create_table(
        "alert_steps",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("alert_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_by_seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('told', 'explained')", name=op.f("ck_alert_steps_outcome")),
        sa.PrimaryKeyConstraint(
            "workspace_id", "alert_id", "position", "round", name=op.f("pk_alert_steps")
        ),
    )
    secure("alert_steps")


def upgrade() -> None:
    keep_steps()
    for column in COLUMNS:
        op.execute(f"ALTER TABLE alerts ADD COLUMN IF NOT EXISTS {column}")
    check("alerts", "ck_alerts_state", STATES)
    check("alerts", "ck_alerts_kind", KINDS)
    check("outbox", "ck_outbox_purpose", PURPOSES)
    op.execute("ALTER TABLE ladders ADD COLUMN IF NOT EXISTS group_by text")
    op.execute("ALTER TABLE ladders ADD COLUMN IF NOT EXISTS group_window_seconds integer")
    check("ladders", "ck_ladders_group_by", GROUPS)
    # Alerts are written to all the time: built beside that, and what an interrupted build left is
    # thrown away first. A failed build raises.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        for name, columns, condition in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "alerts",
                columns,
                unique=name.startswith("uq"),
                postgresql_where=condition,
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'detector'")
    op.execute("UPDATE alerts SET state = 'resolved' WHERE state = 'expired'")
    op.execute("DELETE FROM outbox WHERE purpose = 'escalated'")
    for name, _columns, _condition in INDEXES:
        op.drop_index(name, "alerts")
    check("alerts", "ck_alerts_state", STATES_BEFORE)
    check("alerts", "ck_alerts_kind", KINDS_BEFORE)
    check("outbox", "ck_outbox_purpose", PURPOSES_BEFORE)
    op.execute("ALTER TABLE ladders DROP CONSTRAINT ck_ladders_group_by")
    for name in ("group_window_seconds", "group_by"):
        op.drop_column("ladders", name)
    for column in reversed(COLUMNS):
        op.drop_column("alerts", column.split(" ", 1)[0])
    op.drop_table("alert_steps")
