"""Keep workspace rules, what they did and the tags they gave; let a rule raise an alert.

Revision: 0005_rules
After: 0004_learning
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_rules"
down_revision = "0004_learning"
branch_labels = None
depends_on = None

TABLES = ("rulebooks", "rules", "rule_versions", "rule_runs", "message_tags")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
INDEX = "uq_alerts_rule"
OUTCOMES = "'applied', 'held', 'stopped', 'looping', 'muted'"


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


def key(name: str = "id") -> "sa.Column[object]":
    return sa.Column(name, sa.UUID(), nullable=False)


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def words(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Text(), nullable=False)


def number(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer(), nullable=False)


def json(name: str) -> "sa.Column[object]":
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False)


def upgrade() -> None:
    op.create_table(
        "rulebooks",
        key("workspace_id"),
        number("version"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_rulebooks")),
    )
    op.create_table(
        "rules",
        key("workspace_id"),
        key(),
        words("name"),
        number("position"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        number("current_version"),
        moment("created_at"),
        moment("updated_at"),
        moment("archived_at", nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_rules")),
    )
    op.create_index(
        "uq_rules_name",
        "rules",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "rule_versions",
        key("workspace_id"),
        key("rule_id"),
        number("version"),
        json("definition"),
        moment("created_at"),
        words("created_by"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "rule_id"],
            ["rules.workspace_id", "rules.id"],
            name=op.f("fk_rule_versions_workspace_id_rule_id_rules"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "rule_id", "version", name=op.f("pk_rule_versions")
        ),
    )
    _create_runs()
    for table in TABLES:
        secure(table)
    _let_rules_alarm()


def _create_runs() -> None:
    op.create_table(
        "rule_runs",
        key("workspace_id"),
        key(),
        key("rule_id"),
        number("rule_version"),
        key("message_id"),
        words("content_rank"),
        words("outcome"),
        json("effects"),
        sa.Column("due", sa.Boolean(), nullable=False),
        moment("at"),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name=op.f("ck_rule_runs_outcome")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_rule_runs")),
        sa.UniqueConstraint(
            "workspace_id",
            "message_id",
            "rule_id",
            "content_rank",
            name=op.f("uq_rule_runs_workspace_id_message_id_rule_id_content_rank"),
        ),
    )
    op.create_index("ix_rule_runs_time", "rule_runs", ["workspace_id", "rule_id", "at", "id"])
    op.create_index("ix_rule_runs_all", "rule_runs", ["workspace_id", "at", "id"])
    op.create_index(
        "ix_rule_runs_due", "rule_runs", ["workspace_id", "id"], postgresql_where=sa.text("due")
    )
    op.create_table(
        "message_tags",
        key("workspace_id"),
        key("message_id"),
        words("tag"),
        key("rule_id"),
        moment("at"),
        sa.PrimaryKeyConstraint("workspace_id", "message_id", "tag", name=op.f("pk_message_tags")),
    )
    op.create_index(
        "ix_message_tags_tag", "message_tags", ["workspace_id", "tag", "at", "message_id"]
    )


def _let_rules_alarm() -> None:
    op.add_column(
        "alerts", sa.Column("kind", sa.Text(), server_default=sa.text("'promise'"), nullable=False)
    )
    op.add_column("alerts", sa.Column("rule_id", sa.UUID(), nullable=True))
    op.add_column("alerts", sa.Column("message_id", sa.UUID(), nullable=True))
    for column in ("clock_id", "case_id", "clock_kind"):
        op.alter_column("alerts", column, nullable=True)
    # Rows that are there need not be read for it: they are all promises.
    op.execute(
        "ALTER TABLE alerts ADD CONSTRAINT ck_alerts_kind"
        " CHECK (kind IN ('promise', 'rule')) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE alerts VALIDATE CONSTRAINT ck_alerts_kind")
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(
            INDEX,
            "alerts",
            ["workspace_id", "rule_id", "message_id"],
            unique=True,
            postgresql_where=sa.text("kind = 'rule'"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    op.execute(
        "DELETE FROM outbox WHERE (workspace_id, alert_id) IN"
        " (SELECT workspace_id, id FROM alerts WHERE kind = 'rule')"
    )
    op.execute("DELETE FROM alerts WHERE kind = 'rule'")
    op.drop_index(INDEX, table_name="alerts")
    op.drop_constraint("ck_alerts_kind", "alerts")
    for column in ("clock_id", "case_id", "clock_kind"):
        op.alter_column("alerts", column, nullable=False)
    for column in ("message_id", "rule_id", "kind"):
        op.drop_column("alerts", column)
    for table in ("message_tags", "rule_runs", "rule_versions", "rules", "rulebooks"):
        op.drop_table(table)
