"""Tell subscribers: subscriptions, the facts on their way to each, and every attempt.

Revision: 0023_subscribers
After: 0022_detectors
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023_subscribers"
down_revision = "0022_detectors"
branch_labels = None
depends_on = None

TABLES = ("subscriptions", "subscription_parcels", "subscription_attempts")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
QUEUE = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
    "fillfactor": "85",
}
ORDERINGS = "ordering IN ('none', 'subject')"
REASONS = "pause_reason IN ('gone', 'failing')"
STATES = "state IN ('pending', 'sent', 'dead')"
OUTCOMES = "outcome IN ('started', 'sent', 'failed', 'in_doubt', 'gone')"
PENDING = "state = 'pending'"


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


def needed(name: str, kind: "sa.types.TypeEngine[Any]") -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=False)


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        needed("workspace_id", sa.UUID()),
        needed("id", sa.UUID()),
        needed("name", sa.Text()),
        needed("url", sa.Text()),
        needed("kinds", sa.ARRAY(sa.Text())),
        needed("tiers", sa.ARRAY(sa.Text())),
        needed("source_ids", sa.ARRAY(sa.UUID())),
        needed("ordering", sa.Text()),
        needed("enabled", sa.Boolean()),
        needed("position", sa.BigInteger()),
        sa.Column("secret", sa.Text()),
        sa.Column("old_secret", sa.Text()),
        moment("old_secret_until", nullable=True),
        moment("paused_at", nullable=True),
        sa.Column("pause_reason", sa.Text()),
        moment("failing_since", nullable=True),
        needed("version", sa.Integer()),
        moment("created_at"),
        moment("updated_at"),
        moment("archived_at", nullable=True),
        sa.CheckConstraint(ORDERINGS, name=op.f("ck_subscriptions_ordering")),
        sa.CheckConstraint(REASONS, name=op.f("ck_subscriptions_pause_reason")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_subscriptions")),
    )
    op.create_index(
        "uq_subscriptions_name",
        "subscriptions",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def create_parcels() -> None:
    op.create_table(
        "subscription_parcels",
        needed("workspace_id", sa.UUID()),
        needed("subscription_id", sa.UUID()),
        needed("seq", sa.BigInteger()),
        needed("kind", sa.Text()),
        needed("subject_kind", sa.Text()),
        needed("subject_id", sa.UUID()),
        needed("payload", postgresql.JSONB()),
        moment("at"),
        needed("state", sa.Text()),
        needed("waits", sa.Boolean()),
        moment("next_at"),
        sa.Column("token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text()),
        moment("created_at"),
        moment("sent_at", nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_subscription_parcels_state")),
        sa.PrimaryKeyConstraint(
            "workspace_id", "subscription_id", "seq", name=op.f("pk_subscription_parcels")
        ),
        postgresql_with=QUEUE,
    )
    add_parcel_index("due", ["next_at", "seq"], "state = 'pending' AND NOT waits")
    add_parcel_index("subject", ["subject_id", "seq"], PENDING)
    add_parcel_index("oldest", ["created_at"], PENDING)
    add_parcel_index("dead", ["seq"], "state = 'dead'")
    op.create_index("ix_subscription_parcels_created", "subscription_parcels", ["created_at"])


def add_parcel_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        f"ix_subscription_parcels_{name}",
        "subscription_parcels",
        ["workspace_id", "subscription_id", *columns],
        postgresql_where=sa.text(where),
    )


def create_attempts() -> None:
    op.create_table(
        "subscription_attempts",
        needed("workspace_id", sa.UUID()),
        needed("subscription_id", sa.UUID()),
        needed("seq", sa.BigInteger()),
        needed("attempt", sa.BigInteger()),
        moment("started_at"),
        moment("finished_at", nullable=True),
        needed("outcome", sa.Text()),
        sa.Column("status_code", sa.Integer()),
        sa.Column("took_ms", sa.Integer()),
        sa.Column("detail", sa.Text()),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_subscription_attempts_outcome")),
        sa.PrimaryKeyConstraint(
            "workspace_id",
            "subscription_id",
            "seq",
            "attempt",
            name=op.f("pk_subscription_attempts"),
        ),
    )
    op.create_index("ix_subscription_attempts_started", "subscription_attempts", ["started_at"])


def upgrade() -> None:
    create_subscriptions()
    create_parcels()
    create_attempts()
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
