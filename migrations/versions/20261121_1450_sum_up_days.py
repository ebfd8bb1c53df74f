"""Sum up days: what changed, what each day came to, and who wrote on it.

Revision: 0019_metrics
After: 0018_quiet
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019_metrics"
down_revision = "0018_quiet"
branch_labels = None
depends_on = None

TABLES = ("changed_hours", "metric_heads", "metric_days", "metric_rollups", "metric_people")
FOLLOWS = ("followed", "unfollowed")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
QUEUE = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
    "fillfactor": "85",
}


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


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.UUID(), nullable=False)


def text(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Text(), nullable=False)


def day() -> "sa.Column[object]":
    return sa.Column("day", sa.Date(), nullable=False)


def create_notes() -> None:
    op.create_table(
        "changed_hours",
        key("workspace_id"),
        key("id"),
        moment("hour"),
        moment("noted_at"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_changed_hours")),
        postgresql_with=QUEUE,
    )
    op.create_index("ix_changed_hours_noted", "changed_hours", ["noted_at"])


def create_days() -> None:
    op.create_table(
        "metric_heads",
        key("workspace_id"),
        text("zone"),
        text("digest"),
        moment("recounted_at", nullable=True),
        sa.Column("mismatches", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_metric_heads")),
    )
    op.create_table(
        "metric_days",
        key("workspace_id"),
        day(),
        moment("stale_since", nullable=True),
        moment("as_of", nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "day", name=op.f("pk_metric_days")),
    )
    op.create_index(
        "ix_metric_days_stale",
        "metric_days",
        ["workspace_id", "day"],
        postgresql_where=sa.text("stale_since IS NOT NULL"),
    )


def create_sums() -> None:
    op.create_table(
        "metric_rollups",
        key("workspace_id"),
        text("metric"),
        text("split"),
        day(),
        text("key"),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=True),
        sa.Column("bins", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint(
            "workspace_id", "metric", "split", "day", "key", name=op.f("pk_metric_rollups")
        ),
    )
    op.create_index("ix_metric_rollups_day", "metric_rollups", ["workspace_id", "day"])
    op.create_table(
        "metric_people",
        key("workspace_id"),
        key("follower_id"),
        day(),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint(
            "workspace_id", "follower_id", "day", name=op.f("pk_metric_people")
        ),
    )
    op.create_index("ix_metric_people_day", "metric_people", ["workspace_id", "day"])


def find_follows() -> None:
    """Beside the traffic; what an interrupted try left is not valid, and stands in the way."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for what in FOLLOWS:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_followers_{what}")
            op.create_index(
                f"ix_followers_{what}",
                "followers",
                ["workspace_id", f"{what}_at"],
                postgresql_where=sa.text(f"{what}_at IS NOT NULL"),
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def upgrade() -> None:
    find_follows()
    create_notes()
    create_days()
    create_sums()
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    with op.get_context().autocommit_block():
        for what in FOLLOWS:
            op.drop_index(f"ix_followers_{what}", "followers", postgresql_concurrently=True)
