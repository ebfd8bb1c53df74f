"""Let people sign in: passwords, sessions, invitations, guesses, and providers elsewhere.

Revision: 0027_sign_in
After: 0026_once
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027_sign_in"
down_revision = "0026_once"
branch_labels = None
depends_on = None

TABLES = (
    "member_passwords",
    "sessions",
    "invitations",
    "identity_providers",
    "identity_links",
    "sign_in_flows",
)
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
ROLES = "newcomer_role IN ('admin', 'manager', 'moderator', 'creator', 'viewer')"
BY_EMAIL = "ix_members_email"


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


def hash_check(table: str, column: str) -> "sa.CheckConstraint":
    return sa.CheckConstraint(f"octet_length({column}) = 32", name=op.f(f"ck_{table}_{column}"))


def create_passwords() -> None:
    op.create_table(
        "member_passwords",
        needed("workspace_id", sa.UUID()),
        needed("member_id", sa.UUID()),
        needed("hash", sa.Text()),
        moment("changed_at"),
        sa.PrimaryKeyConstraint("workspace_id", "member_id", name=op.f("pk_member_passwords")),
    )


def create_sessions() -> None:
    op.create_table(
        "sessions",
        needed("workspace_id", sa.UUID()),
        needed("id", sa.UUID()),
        needed("member_id", sa.UUID()),
        needed("token_hash", sa.LargeBinary()),
        moment("created_at"),
        moment("seen_at"),
        needed("idle_seconds", sa.Integer()),
        moment("expires_at"),
        moment("ended_at", nullable=True),
        sa.Column("address", sa.Text()),
        sa.Column("agent", sa.Text()),
        hash_check("sessions", "token_hash"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sessions")),
    )
    op.create_index("uq_sessions_token_hash", "sessions", ["token_hash"], unique=True)
    op.create_index(
        "ix_sessions_member_id",
        "sessions",
        ["workspace_id", "member_id", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def create_invitations() -> None:
    op.create_table(
        "invitations",
        needed("workspace_id", sa.UUID()),
        needed("member_id", sa.UUID()),
        needed("token_hash", sa.LargeBinary()),
        moment("created_at"),
        moment("expires_at"),
        hash_check("invitations", "token_hash"),
        sa.PrimaryKeyConstraint("workspace_id", "member_id", name=op.f("pk_invitations")),
    )
    op.create_index("uq_invitations_token_hash", "invitations", ["token_hash"], unique=True)
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])


def create_guesses() -> None:
    op.create_table(
        "sign_in_guesses",
        needed("subject", sa.LargeBinary()),
        needed("failures", sa.Integer()),
        moment("last_at"),
        moment("next_at"),
        moment("trusted_until", nullable=True),
        hash_check("sign_in_guesses", "subject"),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_guesses")),
    )
    op.create_index("ix_sign_in_guesses_last_at", "sign_in_guesses", ["last_at"])
    # Nobody's rows: only who looks across workspaces reads them.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_guesses TO warmline_system")


def create_providers() -> None:
    op.create_table(
        "identity_providers",
        needed("workspace_id", sa.UUID()),
        needed("issuer", sa.Text()),
        needed("client_id", sa.Text()),
        needed("client_secret", sa.Text()),
        needed("email_domains", sa.ARRAY(sa.Text())),
        sa.Column("newcomer_role", sa.Text()),
        needed("enabled", sa.Boolean()),
        needed("version", sa.Integer()),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint(ROLES, name=op.f("ck_identity_providers_newcomer_role")),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_identity_providers")),
    )
    op.create_table(
        "identity_links",
        needed("workspace_id", sa.UUID()),
        needed("issuer", sa.Text()),
        needed("subject", sa.Text()),
        needed("member_id", sa.UUID()),
        moment("created_at"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "issuer", "subject", name=op.f("pk_identity_links")
        ),
    )
    op.create_index("ix_identity_links_member_id", "identity_links", ["workspace_id", "member_id"])


def create_flows() -> None:
    op.create_table(
        "sign_in_flows",
        needed("workspace_id", sa.UUID()),
        needed("id", sa.UUID()),
        needed("state_hash", sa.LargeBinary()),
        needed("browser_hash", sa.LargeBinary()),
        needed("nonce", sa.Text()),
        needed("verifier", sa.Text()),
        needed("redirect_uri", sa.Text()),
        needed("return_to", sa.Text()),
        moment("created_at"),
        moment("expires_at"),
        hash_check("sign_in_flows", "state_hash"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sign_in_flows")),
    )
    op.create_index("uq_sign_in_flows_state_hash", "sign_in_flows", ["state_hash"], unique=True)
    op.create_index("ix_sign_in_flows_expires_at", "sign_in_flows", ["expires_at"])


def upgrade() -> None:
    create_passwords()
    create_sessions()
    create_invitations()
    create_guesses()
    create_providers()
    create_flows()
    for table in TABLES:
        secure(table)
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BY_EMAIL}")
        op.create_index(
            BY_EMAIL, "members", [sa.text("lower(email)")], postgresql_concurrently=True
        )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(BY_EMAIL, "members", postgresql_concurrently=True)
    op.drop_table("sign_in_guesses")
    for table in reversed(TABLES):
        op.drop_table(table)
