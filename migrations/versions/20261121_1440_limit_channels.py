"""Limit what a channel is given: its bucket, its breaker, its pause; digests and fallbacks.

Revision: 0016_limits
After: 0015_rotas
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016_limits"
down_revision = "0015_rotas"
branch_labels = None
depends_on = None

CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
ADDED = {
    "channels": ("paused_at", "paused_reason"),
    "outbox": ("digest_id", "fallback_of", "fell_back_at"),
    "send_attempts": ("digest_id",),
}
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "paused_at": sa.DateTime(timezone=True),
    "paused_reason": sa.Text(),
    "digest_id": sa.UUID(),
    "fallback_of": sa.UUID(),
    "fell_back_at": sa.DateTime(timezone=True),
}


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


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


def upgrade() -> None:
    op.create_table(
        "channel_states",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=True),
        moment("refilled_at"),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refusals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("trips", sa.Integer(), server_default=sa.text("0"), nullable=False),
        moment("failing_since", nullable=True),
        moment("open_until", nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "channel_id", name=op.f("pk_channel_states")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_channel_states_failing",
        "channel_states",
        ["workspace_id", "channel_id"],
        postgresql_where=sa.text("failing_since IS NOT NULL"),
    )
    secure("channel_states")
    for table, names in ADDED.items():
        for name in names:
            op.add_column(table, sa.Column(name, TYPES[name]))
    # What was given up before there were fallbacks is old news.
    op.execute("UPDATE outbox SET fell_back_at = created_at WHERE state = 'dead'")


def downgrade() -> None:
    for table, names in ADDED.items():
        for name in names:
            op.drop_column(table, name)
    op.drop_table("channel_states")
