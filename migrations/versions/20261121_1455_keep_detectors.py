"""Keep detectors and when they fired, and count refused signatures.

Revision: 0022_detectors
After: 0021_climbs
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_detectors"
down_revision = "0021_climbs"
branch_labels = None
depends_on = None

TABLES = ("detectors", "detector_firings", "signature_refusals")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
KINDS = (
    "kind IN ('sentiment_dip', 'volume_spike', 'silence', 'mass_unfollow', 'keyword_surge',"
    " 'failing_signatures', 'rota_gap', 'stuck_stage')"
)
SEVERITIES = "severity IN ('hint', 'warning', 'breach', 'escalation')"
TIERS = "tier IN ('urgent', 'important', 'routine', 'spam')"


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


def number(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer(), nullable=False)


def create_detectors() -> None:
    op.create_table(
        "detectors",
        key("workspace_id"),
        key("id"),
        text("name"),
        text("kind"),
        sa.Column("threshold", sa.Float(), nullable=False),
        number("window_minutes"),
        number("minimum"),
        number("cool_down_minutes"),
        number("weeks"),
        sa.Column("source_id", sa.UUID()),
        sa.Column("post_id", sa.UUID()),
        sa.Column("rule_id", sa.UUID()),
        sa.Column("words", sa.ARRAY(sa.Text()), nullable=False),
        text("severity"),
        text("tier"),
        sa.Column("ladder_id", sa.UUID()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        number("version"),
        moment("created_at"),
        moment("updated_at"),
        moment("archived_at", nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_detectors_kind")),
        sa.CheckConstraint(SEVERITIES, name=op.f("ck_detectors_severity")),
        sa.CheckConstraint(TIERS, name=op.f("ck_detectors_tier")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_detectors")),
    )
    op.create_index(
        "uq_detectors_name",
        "detectors",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "ix_detectors_enabled",
        "detectors",
        ["workspace_id", "id"],
        postgresql_where=sa.text("enabled AND archived_at IS NULL"),
    )


def create_firings() -> None:
    op.create_table(
        "detector_firings",
        key("workspace_id"),
        key("id"),
        key("detector_id"),
        text("subject"),
        number("version"),
        moment("started_at"),
        moment("ended_at", nullable=True),
        sa.Column("figures", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_detector_firings")),
    )
    whose = ["workspace_id", "detector_id", "subject"]
    op.create_index(
        "uq_detector_firings_going_on",
        "detector_firings",
        whose,
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_detector_firings_start", "detector_firings", [*whose, "started_at"], unique=True
    )
    op.create_index(
        "ix_detector_firings_time", "detector_firings", ["workspace_id", "started_at", "id"]
    )


def create_refusals() -> None:
    op.create_table(
        "signature_refusals",
        key("workspace_id"),
        key("source_id"),
        moment("minute"),
        number("count"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "source_id", "minute", name=op.f("pk_signature_refusals")
        ),
    )
    op.create_index("ix_signature_refusals_minute", "signature_refusals", ["minute"])


def upgrade() -> None:
    create_detectors()
    create_firings()
    create_refusals()
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
