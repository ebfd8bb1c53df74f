"""Chain the trail: each row has a place and a hash of what is before it.

Revision: 0024_chain
After: 0023_subscribers
"""

import sqlalchemy as sa
from alembic import op

revision = "0024_chain"
down_revision = "0023_subscribers"
branch_labels = None
depends_on = None

CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
UNSEALED, PLACES = "ix_audit_log_unsealed", "uq_audit_log_seq"


def create_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_audit_heads")),
    )
    op.execute("ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON audit_heads TO warmline_app"
        f" USING (workspace_id = {CURRENT}) WITH CHECK (workspace_id = {CURRENT})"
    )
    op.execute(
        "CREATE POLICY across ON audit_heads TO warmline_system USING (true) WITH CHECK (true)"
    )
    # Whoever works for a workspace reads its chain and never writes it.
    op.execute("GRANT SELECT ON audit_heads TO warmline_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON audit_heads TO warmline_system")


def upgrade() -> None:
    create_heads()
    op.add_column("audit_log", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("audit_log", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.execute("GRANT UPDATE (seq, hash) ON audit_log TO warmline_system")
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for name in (UNSEALED, PLACES):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            UNSEALED,
            "audit_log",
            ["workspace_id", "id"],
            postgresql_where=sa.text("seq IS NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            PLACES,
            "audit_log",
            ["workspace_id", "seq"],
            unique=True,
            postgresql_where=sa.text("seq IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in (PLACES, UNSEALED):
            op.drop_index(name, "audit_log", postgresql_concurrently=True)
    op.execute("REVOKE UPDATE (seq, hash) ON audit_log FROM warmline_system")
    for name in ("hash", "seq"):
        op.drop_column("audit_log", name)
    op.drop_table("audit_heads")
