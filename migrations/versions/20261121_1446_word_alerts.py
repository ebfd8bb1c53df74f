"""Word alerts: templates of a workspace, and the kinds of channels that speak to people.

Revision: 0020_words
After: 0019_metrics
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020_words"
down_revision = "0019_metrics"
branch_labels = None
depends_on = None

CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
KINDS = (
    "kind IN ('webhook', 'console', 'feishu', 'dingtalk', 'wecom', 'slack', 'pagerduty',"
    " 'email', 'alertmanager', 'apprise')"
)
KINDS_BEFORE = "kind IN ('webhook', 'console')"


def check_kinds(condition: str) -> None:
    """Without reading the table under its strongest lock."""
    op.execute("ALTER TABLE channels DROP CONSTRAINT IF EXISTS ck_channels_kind")
    op.execute(
        f"ALTER TABLE channels ADD CONSTRAINT ck_channels_kind CHECK ({condition}) NOT VALID"
    )
    op.execute("ALTER TABLE channels VALIDATE CONSTRAINT ck_channels_kind")


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
    check_kinds(KINDS)
    op.create_table(
        "alert_texts",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("templates", JSONB(), nullable=False),
        sa.Column(
            "message_text_leaves", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_alert_texts")),
    )
    secure("alert_texts")


def downgrade() -> None:
    op.drop_table("alert_texts")
    # The release before can deliver nothing to them: kept, and switched off.
    op.execute(f"UPDATE channels SET enabled = false, kind = 'console' WHERE NOT ({KINDS_BEFORE})")
    check_kinds(KINDS_BEFORE)
