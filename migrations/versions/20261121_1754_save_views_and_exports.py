"""Save views, and write exports: ordered files, piece by piece.

Revision: 0028_exports
After: 0027_sign_in
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028_exports"
down_revision = "0027_sign_in"
branch_labels = None
depends_on = None

TABLES = ("saved_views", "exports", "export_chunks")
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"


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


def key(*more: str) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.UUID(), nullable=False) for name in ("workspace_id", *more)]


def create_views() -> None:
    op.create_table(
        "saved_views",
        *key("id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filters", JSONB(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint(
            "kind IN ('cases', 'messages', 'followers')", name=op.f("ck_saved_views_kind")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_saved_views")),
    )
    op.create_index(
        "uq_saved_views_shared",
        "saved_views",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("owner_id IS NULL"),
    )
    op.create_index(
        "uq_saved_views_own",
        "saved_views",
        ["workspace_id", "owner_id", "name"],
        unique=True,
        postgresql_where=sa.text("owner_id IS NOT NULL"),
    )


def create_exports() -> None:
    op.create_table(
        "exports",
        *key("id"),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("filters", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("place", JSONB(), nullable=True),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        moment("until"),
        moment("next_at"),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        moment("created_at"),
        sa.Column("created_by", sa.Text(), nullable=False),
        moment("started_at", nullable=True),
        moment("finished_at", nullable=True),
        moment("expires_at", nullable=True),
        sa.CheckConstraint(
            "what IN ('cases', 'messages', 'followers', 'alerts', 'metrics', 'audit')",
            name=op.f("ck_exports_what"),
        ),
        sa.CheckConstraint("format IN ('csv', 'ndjson')", name=op.f("ck_exports_format")),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_exports_state"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_due",
        "exports",
        ["next_at"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        "ix_exports_expiry", "exports", ["expires_at"], postgresql_where=sa.text("state = 'done'")
    )


def upgrade() -> None:
    create_views()
    create_exports()
    op.create_table(
        "export_chunks",
        *key("export_id"),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "export_id"],
            ["exports.workspace_id", "exports.id"],
            name=op.f("fk_export_chunks_workspace_id_export_id_exports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "export_id", "seq", name=op.f("pk_export_chunks")),
    )
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
