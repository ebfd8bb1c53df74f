"""Learn from people: corrections, weekly samples, models of a workspace and their shadows.

Revision: 0004_learning
After: 0003_partitions
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_learning"
down_revision = "0003_partitions"
branch_labels = None
depends_on = None

TABLES = (
    "corrections",
    "review_weeks",
    "review_samples",
    "triage_models",
    "shadow_judgements",
)
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
TIERS = "'urgent', 'important', 'routine', 'spam'"
CATEGORIES = (
    "'complaint', 'product_question', 'negative_feedback', 'pr_crisis', 'follower_question',"
    " 'partnership', 'feedback', 'mention', 'general', 'praise', 'casual', 'spam'"
)


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


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def one_of(table: str, column: str, values: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({values})", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "corrections",
        key("workspace_id"),
        key(),
        key("message_id"),
        words("content_rank"),
        key("machine_judgement_id"),
        words("machine_tier"),
        words("machine_category"),
        words("machine_sentiment"),
        sa.Column("machine_needs_reply", sa.Boolean(), nullable=False),
        words("tier"),
        words("category"),
        words("sentiment"),
        sa.Column("needs_reply", sa.Boolean(), nullable=False),
        moment("decided_at"),
        words("actor_id"),
        one_of("corrections", "tier", TIERS),
        one_of("corrections", "category", CATEGORIES),
        one_of("corrections", "sentiment", "'positive', 'neutral', 'negative'"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_time", "corrections", ["workspace_id", "decided_at", "id"])
    op.create_index(
        "ix_corrections_message", "corrections", ["workspace_id", "message_id", "decided_at"]
    )
    _create_samples()
    _create_models()
    for table in TABLES:
        secure(table)


def _create_samples() -> None:
    op.create_table(
        "review_weeks",
        key("workspace_id"),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        moment("drawn_at"),
        sa.PrimaryKeyConstraint("workspace_id", "week", name=op.f("pk_review_weeks")),
    )
    op.create_table(
        "review_samples",
        key("workspace_id"),
        key(),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        key("message_id"),
        words("machine_tier"),
        words("tier", nullable=True),
        moment("checked_at", nullable=True),
        words("checked_by", nullable=True),
        one_of("review_samples", "machine_tier", TIERS),
        one_of("review_samples", "tier", TIERS),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_review_samples")),
        sa.UniqueConstraint(
            "workspace_id",
            "week",
            "message_id",
            name=op.f("uq_review_samples_workspace_id_week_message_id"),
        ),
    )


def _create_models() -> None:
    op.create_table(
        "triage_models",
        key("workspace_id"),
        key(),
        sa.Column("number", sa.Integer(), nullable=False),
        words("state"),
        words("base_engine"),
        words("base_version"),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.Column("weights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_id", sa.UUID(), nullable=True),
        moment("created_at"),
        words("created_by"),
        moment("promoted_at", nullable=True),
        moment("retired_at", nullable=True),
        one_of("triage_models", "state", "'shadow', 'active', 'retired', 'rejected'"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_triage_models")),
        sa.UniqueConstraint(
            "workspace_id", "number", name=op.f("uq_triage_models_workspace_id_number")
        ),
    )
    op.create_index(
        "uq_triage_models_active",
        "triage_models",
        ["workspace_id", "state"],
        unique=True,
        postgresql_where=sa.text("state IN ('active', 'shadow')"),
    )
    op.create_table(
        "shadow_judgements",
        key("workspace_id"),
        key("model_id"),
        key("message_id"),
        words("content_rank"),
        words("tier"),
        words("category"),
        words("in_force_tier"),
        words("in_force_category"),
        moment("judged_at"),
        sa.PrimaryKeyConstraint(
            "workspace_id",
            "model_id",
            "message_id",
            "content_rank",
            name=op.f("pk_shadow_judgements"),
        ),
    )
    op.create_index(
        "ix_shadow_judgements_model", "shadow_judgements", ["workspace_id", "model_id", "judged_at"]
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
