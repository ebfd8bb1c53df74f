"""Plan anew: re-plans with their progress, and clocks on the windows platforms leave for replies.

Revision: 0009_replans
After: 0008_calendars
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_replans"
down_revision = "0008_calendars"
branch_labels = None
depends_on = None

CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
KINDS = "kind IN ('first_response', 'next_response', 'resolution', 'reply_window')"
KINDS_BEFORE = "kind IN ('first_response', 'next_response', 'resolution')"
STATES = "state IN ('waiting', 'running', 'done')"


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


def check_kind(condition: str) -> None:
    """Without reading the table under its strongest lock."""
    op.execute("ALTER TABLE clocks DROP CONSTRAINT IF EXISTS ck_clocks_kind")
    op.execute(f"ALTER TABLE clocks ADD CONSTRAINT ck_clocks_kind CHECK ({condition}) NOT VALID")
    op.execute("ALTER TABLE clocks VALIDATE CONSTRAINT ck_clocks_kind")


def key(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.UUID(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def count(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    check_kind(KINDS)
    op.create_table(
        "replans",
        key("workspace_id"),
        key("id"),
        key("policy_id"),
        sa.Column("state", sa.Text(), nullable=False),
        count("total"),
        count("done"),
        count("moved"),
        key("last_case_id", nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        moment("created_at"),
        moment("started_at", nullable=True),
        moment("finished_at", nullable=True),
        moment("next_at"),
        sa.CheckConstraint(STATES, name=op.f("ck_replans_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "policy_id"],
            ["policies.workspace_id", "policies.id"],
            name=op.f("fk_replans_workspace_id_policy_id_policies"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_replans")),
    )
    op.create_index(
        "ix_replans_policy", "replans", ["workspace_id", "policy_id", "created_at", "id"]
    )
    op.create_index(
        "ix_replans_open", "replans", ["next_at"], postgresql_where=sa.text("state <> 'done'")
    )
    secure("replans")


def downgrade() -> None:
    op.drop_table("replans")
    windows = "SELECT id FROM clocks WHERE kind = 'reply_window'"
    op.execute(f"DELETE FROM timers WHERE clock_id IN ({windows})")
    op.execute("DELETE FROM clocks WHERE kind = 'reply_window'")
    check_kind(KINDS_BEFORE)
