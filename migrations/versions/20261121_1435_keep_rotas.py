"""Keep rotas with their versions and overrides, teams, and where members are reached.

Revision: 0015_rotas
After: 0014_answers
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015_rotas"
down_revision = "0014_answers"
branch_labels = None
depends_on = None

TABLES = (
    "rotas",
    "rota_versions",
    "rota_overrides",
    "teams",
    "team_members",
    "member_contacts",
)
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"
KINDS = "'feishu', 'dingtalk', 'wecom', 'slack', 'email', 'pagerduty'"


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


def key(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.UUID(), nullable=False)


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer(), nullable=False)


def of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{other}.workspace_id", f"{other}.id"],
        name=op.f(f"fk_{table}_workspace_id_{column}_{other}"),
    )


def named(table: str, *columns: "sa.Column[object]") -> None:
    """A table of things with a name that no two live ones share."""
    op.create_table(
        table,
        key("workspace_id"),
        key("id"),
        words("name"),
        *columns,
        moment("created_at"),
        moment("updated_at"),
        moment("archived_at", nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        f"uq_{table}_name",
        table,
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def upgrade() -> None:
    named("rotas", number("current_version"))
    op.create_table(
        "rota_versions",
        key("workspace_id"),
        key("rota_id"),
        number("version"),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        moment("created_at"),
        words("created_by"),
        of("rota_versions", "rota_id", "rotas"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "rota_id", "version", name=op.f("pk_rota_versions")
        ),
    )
    op.create_table(
        "rota_overrides",
        key("workspace_id"),
        key("id"),
        key("rota_id"),
        key("member_id"),
        moment("starts_at"),
        moment("ends_at"),
        words("note", nullable=True),
        moment("created_at"),
        words("created_by"),
        moment("withdrawn_at", nullable=True),
        of("rota_overrides", "rota_id", "rotas"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_rota_overrides_order")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_rota_overrides")),
    )
    op.create_index(
        "ix_rota_overrides_time",
        "rota_overrides",
        ["workspace_id", "rota_id", "ends_at"],
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    named("teams", number("version"))
    op.create_table(
        "team_members",
        key("workspace_id"),
        key("team_id"),
        key("member_id"),
        of("team_members", "team_id", "teams"),
        of("team_members", "member_id", "members"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "team_id", "member_id", name=op.f("pk_team_members")
        ),
    )
    op.create_table(
        "member_contacts",
        key("workspace_id"),
        key("member_id"),
        words("kind"),
        words("address"),
        moment("updated_at"),
        of("member_contacts", "member_id", "members"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_member_contacts_kind")),
        sa.PrimaryKeyConstraint(
            "workspace_id", "member_id", "kind", name=op.f("pk_member_contacts")
        ),
    )
    for table in TABLES:
        secure(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
