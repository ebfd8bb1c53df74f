"""Create the line: tenancy, journal, conversations, cases, promises, alerts, stream.

Revision: 0001
After: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "alerts",
    "api_keys",
    "audit_log",
    "case_acts",
    "cases",
    "channels",
    "clocks",
    "deliveries",
    "delivery_keys",
    "facts",
    "followers",
    "journal",
    "judgements",
    "ladders",
    "members",
    "messages",
    "outbox",
    "policies",
    "policy_versions",
    "posts",
    "send_attempts",
    "source_secrets",
    "sources",
    "stream_heads",
    "threads",
    "timers",
)
# A setting that was RESET reads as '', and ''::uuid raises: hence the nullif.
CURRENT = "nullif(current_setting('warmline.workspace', true), '')::uuid"

ROLES = """
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['warmline_app', 'warmline_system'] LOOP
    BEGIN
      -- Roles belong to the cluster: another database of it may have made them already.
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', wanted, current_user);
    END IF;
  END LOOP;
END $$
"""

# Partitions are keyed by the time inside the UUIDv7; only the owner may make tables, so the
# worker asks through this door.
ENSURE_PARTITION = """
CREATE FUNCTION warmline_ensure_delivery_partition(month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  first_day date := date_trunc('month', month)::date;
  partition text := 'deliveries_' || to_char(first_day, 'YYYYMM');
  lower_bound uuid := (rpad(lpad(to_hex((extract(epoch FROM first_day::timestamp) * 1000)::bigint), 12, '0'), 32, '0'))::uuid;
  upper_bound uuid := (rpad(lpad(to_hex((extract(epoch FROM (first_day + interval '1 month')) * 1000)::bigint), 12, '0'), 32, '0'))::uuid;
BEGIN
  IF to_regclass('public.' || quote_ident(partition)) IS NULL THEN
    EXECUTE format('CREATE TABLE %I PARTITION OF deliveries FOR VALUES FROM (%L) TO (%L)', partition, lower_bound, upper_bound);
  END IF;
  RETURN partition;
END $$
"""


def secure(table: str, column: str = "workspace_id") -> None:
    """Row-level security: the app role sees its workspace, the system role sees across."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO warmline_app"
        f" USING ({column} = {CURRENT}) WITH CHECK ({column} = {CURRENT})"
    )
    op.execute(f"CREATE POLICY across ON {table} TO warmline_system USING (true) WITH CHECK (true)")
    rights = "SELECT, INSERT" if table == "audit_log" else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON {table} TO warmline_app, warmline_system")


def upgrade() -> None:
    # Roles are the cluster's: two databases of it may be migrated at the same moment, and nothing
    # of ours is locked yet.
    op.execute("SET LOCAL lock_timeout = '30s'")
    op.execute(ROLES)
    op.execute("SET LOCAL lock_timeout = '200ms'")
    op.execute("GRANT USAGE ON SCHEMA public TO warmline_app, warmline_system")
    op.create_table(
        "alerts",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("clock_id", sa.UUID(), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("clock_kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fire_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ladder", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "severity IN ('hint', 'warning', 'breach', 'escalation')",
            name=op.f("ck_alerts_severity"),
        ),
        sa.CheckConstraint(
            "state IN ('firing', 'acknowledged', 'resolved')", name=op.f("ck_alerts_state")
        ),
        sa.CheckConstraint(
            "tier IN ('urgent', 'important', 'routine', 'spam')", name=op.f("ck_alerts_tier")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_case", "alerts", ["workspace_id", "case_id", "fired_at"], unique=False
    )
    op.create_index(
        "ix_alerts_list", "alerts", ["workspace_id", "state", "fired_at", "id"], unique=False
    )
    op.create_index("ix_alerts_time", "alerts", ["workspace_id", "fired_at", "id"], unique=False)
    op.create_index(
        "uq_alerts_identity",
        "alerts",
        ["workspace_id", "clock_id", "step", "generation"],
        unique=True,
    )
    op.create_table(
        "api_keys",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name=op.f("ck_api_keys_secret_hash")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_keys")),
    )
    op.create_index("uq_api_keys_prefix", "api_keys", ["prefix"], unique=True)
    op.create_table(
        "audit_log",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_label", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_audit_log")),
    )
    op.create_index(
        "ix_audit_log_subject",
        "audit_log",
        ["workspace_id", "subject_kind", "subject_id", "id"],
        unique=False,
    )
    op.create_table(
        "case_acts",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('resolve', 'reopen', 'snooze', 'wake', 'retier')",
            name=op.f("ck_case_acts_kind"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_case_acts")),
    )
    op.create_index(
        "ix_case_acts_thread", "case_acts", ["workspace_id", "thread_id", "at"], unique=False
    )
    op.create_table(
        "cases",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("follower_id", sa.UUID(), nullable=True),
        sa.Column("post_id", sa.UUID(), nullable=True),
        sa.Column("opening_message_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("tier_override", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sentiment", sa.Text(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.UUID(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sort_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_id", sa.UUID(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'snoozed', 'resolved', 'void')",
            name=op.f("ck_cases_state"),
        ),
        sa.CheckConstraint(
            "tier IN ('urgent', 'important', 'routine', 'spam')", name=op.f("ck_cases_tier")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_cases")),
    )
    op.create_index(
        "ix_cases_assignee",
        "cases",
        ["workspace_id", "assignee_id", "sort_due_at", "id"],
        unique=False,
    )
    op.create_index("ix_cases_board", "cases", ["workspace_id", "sort_due_at", "id"], unique=False)
    op.create_index(
        "ix_cases_category",
        "cases",
        ["workspace_id", "category", "sort_due_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_cases_open",
        "cases",
        ["workspace_id", "sort_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('open', 'answered', 'snoozed')"),
    )
    op.create_index(
        "ix_cases_follower",
        "cases",
        ["workspace_id", "follower_id", "sort_due_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_cases_snoozed",
        "cases",
        ["snoozed_until"],
        unique=False,
        postgresql_where=sa.text("state = 'snoozed'"),
    )
    op.create_index(
        "ix_cases_source", "cases", ["workspace_id", "source_id", "sort_due_at", "id"], unique=False
    )
    op.create_index(
        "ix_cases_thread", "cases", ["workspace_id", "thread_id", "opened_at"], unique=False
    )
    op.create_index(
        "ix_cases_tier", "cases", ["workspace_id", "tier", "sort_due_at", "id"], unique=False
    )
    op.create_index(
        "uq_cases_opening",
        "cases",
        ["workspace_id", "opening_message_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_table(
        "channels",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('webhook', 'console')", name=op.f("ck_channels_kind")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_channels")),
    )
    op.create_index(
        "uq_channels_name",
        "channels",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "clocks",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget_seconds", sa.BigInteger(), nullable=False),
        sa.Column("paused_seconds", sa.BigInteger(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("trigger_message_id", sa.UUID(), nullable=True),
        sa.Column("settling_message_id", sa.UUID(), nullable=True),
        sa.Column("policy_id", sa.UUID(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("corrections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('first_response', 'next_response', 'resolution')", name=op.f("ck_clocks_kind")
        ),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'met', 'missed', 'void')", name=op.f("ck_clocks_state")
        ),
        sa.CheckConstraint(
            "tier IN ('urgent', 'important', 'routine', 'spam')", name=op.f("ck_clocks_tier")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_clocks")),
        sa.UniqueConstraint(
            "workspace_id",
            "case_id",
            "kind",
            "episode",
            name=op.f("uq_clocks_workspace_id_case_id_kind_episode"),
        ),
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index("ix_clocks_due", "clocks", ["workspace_id", "due_at"], unique=False)
    op.create_index("ix_clocks_started", "clocks", ["workspace_id", "started_at"], unique=False)
    op.create_index(
        "ix_clocks_unsettled",
        "clocks",
        ["workspace_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL AND state <> 'void'"),
    )
    op.create_table(
        "deliveries",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("duplicate_count", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_deliveries")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_deliveries_source", "deliveries", ["workspace_id", "source_id", "id"], unique=False
    )
    op.create_table(
        "delivery_keys",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.UUID(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("conflicts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace_id", "source_id", "space", "external_id", name=op.f("pk_delivery_keys")
        ),
    )
    op.create_table(
        "facts",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_facts")),
    )
    op.create_index("ix_facts_at", "facts", ["workspace_id", "at"], unique=False)
    op.create_index(
        "ix_facts_unpublished",
        "facts",
        ["workspace_id", "id"],
        unique=False,
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_index(
        "uq_facts_seq",
        "facts",
        ["workspace_id", "seq"],
        unique=True,
        postgresql_where=sa.text("seq IS NOT NULL"),
    )
    op.create_table(
        "followers",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("followers_count", sa.BigInteger(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("profile_ranks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("following", sa.Boolean(), nullable=True),
        sa.Column("following_rank", sa.Text(), nullable=True),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unfollowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_followers")),
    )
    op.create_index(
        "ix_followers_seen", "followers", ["workspace_id", "last_seen_at", "id"], unique=False
    )
    op.create_index(
        "uq_followers_external",
        "followers",
        ["workspace_id", "source_id", "external_id"],
        unique=True,
    )
    op.create_table(
        "journal",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("delivery_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clamped", sa.Boolean(), nullable=False),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "occurred_at >= '2000-01-01 00:00:00+00' AND occurred_at < '2101-01-01 00:00:00+00'",
            name=op.f("ck_journal_occurred_at_range"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'processed', 'no_handler_yet', 'unsupported', 'quarantined')",
            name=op.f("ck_journal_state"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "delivery_id", "position", name=op.f("pk_journal")),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0.01",
            "autovacuum_vacuum_threshold": "1000",
            "autovacuum_vacuum_cost_delay": "0",
            "fillfactor": "85",
        },
    )
    op.create_index(
        "ix_journal_due",
        "journal",
        ["workspace_id", "historical", "next_at", "delivery_id", "position"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_journal_state",
        "journal",
        ["workspace_id", "state", "delivery_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('quarantined', 'no_handler_yet')"),
    )
    op.create_table(
        "judgements",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("content_rank", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sentiment", sa.Text(), nullable=False),
        sa.Column("needs_reply", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("spam_score", sa.Float(), nullable=False),
        sa.Column("hide", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("dm_category", sa.Text(), nullable=True),
        sa.Column("negative_subtype", sa.Text(), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('complaint', 'product_question', 'negative_feedback', 'pr_crisis', 'follower_question', 'partnership', 'feedback', 'mention', 'general', 'praise', 'casual', 'spam')",
            name=op.f("ck_judgements_category"),
        ),
        sa.CheckConstraint(
            "sentiment IN ('positive', 'neutral', 'negative')", name=op.f("ck_judgements_sentiment")
        ),
        sa.CheckConstraint(
            "tier IN ('urgent', 'important', 'routine', 'spam')", name=op.f("ck_judgements_tier")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_judgements")),
    )
    op.create_index(
        "ix_judgements_message",
        "judgements",
        ["workspace_id", "message_id", "decided_at"],
        unique=False,
    )
    op.create_table(
        "ladders",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_ladders")),
    )
    op.create_index(
        "uq_ladders_name",
        "ladders",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "members",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'manager', 'moderator', 'creator', 'viewer')",
            name=op.f("ck_members_role"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_members")),
        sa.UniqueConstraint("workspace_id", "handle", name=op.f("uq_members_workspace_id_handle")),
    )
    op.create_table(
        "messages",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=True),
        sa.Column("case_id", sa.UUID(), nullable=True),
        sa.Column("post_id", sa.UUID(), nullable=True),
        sa.Column("author_id", sa.UUID(), nullable=True),
        sa.Column("parent_external_id", sa.Text(), nullable=True),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("conversation_key", sa.Text(), nullable=True),
        sa.Column("member_handle", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("sanitized", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_known", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("content_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_rank", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hidden_rank", sa.Text(), nullable=True),
        sa.Column("historical", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("resolves", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judgement_id", sa.UUID(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("sentiment", sa.Text(), nullable=True),
        sa.Column("needs_reply", sa.Boolean(), nullable=True),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_messages_direction")),
        sa.CheckConstraint(
            "kind IN ('comment', 'dm', 'mention', 'reply')", name=op.f("ck_messages_kind")
        ),
        sa.CheckConstraint(
            "occurred_at >= '2000-01-01 00:00:00+00' AND occurred_at < '2101-01-01 00:00:00+00'",
            name=op.f("ck_messages_occurred_at_range"),
        ),
        sa.CheckConstraint(
            "content_at IS NULL OR text IS NOT NULL", name=op.f("ck_messages_content")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_case",
        "messages",
        ["workspace_id", "case_id"],
        unique=False,
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_external",
        "messages",
        ["workspace_id", "source_id", "external_id"],
        unique=False,
    )
    op.create_index(
        "ix_messages_thread",
        "messages",
        ["workspace_id", "thread_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_messages_time", "messages", ["workspace_id", "occurred_at", "id"], unique=False
    )
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["workspace_id", "source_id", "in_reply_to"],
        unique=False,
        postgresql_where=sa.text("thread_id IS NULL AND in_reply_to IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_waiting_since",
        "messages",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("thread_id IS NULL AND in_reply_to IS NOT NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("alert_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("message", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('firing', 'renotify', 'resolved')", name=op.f("ck_outbox_purpose")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'dead', 'cancelled')", name=op.f("ck_outbox_state")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "workspace_id",
            "alert_id",
            "channel_id",
            "purpose",
            "sequence",
            name=op.f("uq_outbox_workspace_id_alert_id_channel_id_purpose_sequence"),
        ),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0.01",
            "autovacuum_vacuum_threshold": "1000",
            "autovacuum_vacuum_cost_delay": "0",
            "fillfactor": "85",
        },
    )
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["workspace_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["workspace_id", "channel_id", "tier", "next_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "policies",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_policies")),
    )
    op.create_index(
        "uq_policies_default",
        "policies",
        ["workspace_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND archived_at IS NULL"),
    )
    op.create_index(
        "uq_policies_name",
        "policies",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "posts",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("hashtags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("series", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("author_id", sa.UUID(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("field_ranks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_posts")),
    )
    op.create_index(
        "ix_posts_published", "posts", ["workspace_id", "published_at", "id"], unique=False
    )
    op.create_index(
        "uq_posts_external", "posts", ["workspace_id", "source_id", "external_id"], unique=True
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
    )
    op.create_table(
        "send_attempts",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("outbox_id", sa.UUID(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('started', 'sent', 'retryable', 'permanent', 'in_doubt')",
            name=op.f("ck_send_attempts_outcome"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "outbox_id", "attempt", name=op.f("pk_send_attempts")
        ),
    )
    op.create_table(
        "sources",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("own_accounts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sources")),
    )
    op.create_index("uq_sources_id", "sources", ["id"], unique=True)
    op.create_table(
        "stream_heads",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("first_kept_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_stream_heads")),
    )
    op.create_table(
        "threads",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("post_id", sa.UUID(), nullable=True),
        sa.Column("follower_id", sa.UUID(), nullable=True),
        sa.Column("conversation_key", sa.Text(), nullable=True),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('comment', 'dm', 'mention')", name=op.f("ck_threads_channel")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_threads")),
    )
    op.create_table(
        "timers",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("clock_id", sa.UUID(), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("fire_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'fired', 'skipped', 'cancelled')", name=op.f("ck_timers_state")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_timers")),
        sa.UniqueConstraint(
            "workspace_id",
            "clock_id",
            "percent",
            "generation",
            name=op.f("uq_timers_workspace_id_clock_id_percent_generation"),
        ),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0.01",
            "autovacuum_vacuum_threshold": "1000",
            "autovacuum_vacuum_cost_delay": "0",
            "fillfactor": "85",
        },
    )
    op.create_index("ix_timers_case", "timers", ["workspace_id", "case_id"], unique=False)
    op.create_index(
        "ix_timers_due",
        "timers",
        ["fire_at", "workspace_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_timers_due_in",
        "timers",
        ["workspace_id", "fire_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ingest_per_minute", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
    )
    op.create_table(
        "policy_versions",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("policy_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "policy_id"],
            ["policies.workspace_id", "policies.id"],
            name=op.f("fk_policy_versions_workspace_id_policy_id_policies"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "policy_id", "version", name=op.f("pk_policy_versions")
        ),
    )
    op.create_table(
        "source_secrets",
        sa.Column("workspace_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "source_id"],
            ["sources.workspace_id", "sources.id"],
            name=op.f("fk_source_secrets_workspace_id_source_id_sources"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_source_secrets")),
    )
    op.create_index(
        "ix_source_secrets_source", "source_secrets", ["workspace_id", "source_id"], unique=False
    )
    for table in TENANT_TABLES:
        secure(table)
    secure("workspaces", "id")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON processes TO warmline_app, warmline_system")
    # Readiness compares the schema's revision with the code's.
    op.execute("GRANT SELECT ON alembic_version TO warmline_app, warmline_system")
    op.execute(ENSURE_PARTITION)
    op.execute("REVOKE ALL ON FUNCTION warmline_ensure_delivery_partition(date) FROM PUBLIC")
    op.execute(
        "GRANT EXECUTE ON FUNCTION warmline_ensure_delivery_partition(date) TO warmline_system"
    )
    # Nothing may ever fail for want of a partition; the monthly ones come before it is used.
    op.execute("CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT")
    op.execute("SELECT warmline_ensure_delivery_partition(now()::date)")
    op.execute("SELECT warmline_ensure_delivery_partition((now() + interval '1 month')::date)")


def downgrade() -> None:
    op.drop_index("ix_source_secrets_source", table_name="source_secrets")
    op.drop_table("source_secrets")
    op.drop_table("policy_versions")
    op.drop_table("workspaces")
    op.drop_index(
        "ix_timers_due_in", table_name="timers", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index(
        "ix_timers_due", table_name="timers", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index("ix_timers_case", table_name="timers")
    op.drop_table("timers")
    op.drop_table("threads")
    op.drop_table("stream_heads")
    op.drop_index("uq_sources_id", table_name="sources")
    op.drop_table("sources")
    op.drop_table("send_attempts")
    op.drop_table("processes")
    op.drop_index("uq_posts_external", table_name="posts")
    op.drop_index("ix_posts_published", table_name="posts")
    op.drop_table("posts")
    op.drop_index(
        "uq_policies_name", table_name="policies", postgresql_where=sa.text("archived_at IS NULL")
    )
    op.drop_index(
        "uq_policies_default",
        table_name="policies",
        postgresql_where=sa.text("is_default AND archived_at IS NULL"),
    )
    op.drop_table("policies")
    op.drop_index(
        "ix_outbox_due", table_name="outbox", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index("ix_outbox_dead", table_name="outbox", postgresql_where=sa.text("state = 'dead'"))
    op.drop_table("outbox")
    op.drop_index(
        "ix_messages_waiting_since",
        table_name="messages",
        postgresql_where=sa.text("thread_id IS NULL AND in_reply_to IS NOT NULL"),
    )
    op.drop_index(
        "ix_messages_waiting",
        table_name="messages",
        postgresql_where=sa.text("thread_id IS NULL AND in_reply_to IS NOT NULL"),
    )
    op.drop_index("ix_messages_time", table_name="messages")
    op.drop_index("ix_messages_thread", table_name="messages")
    op.drop_index("ix_messages_external", table_name="messages")
    op.drop_index(
        "ix_messages_case", table_name="messages", postgresql_where=sa.text("case_id IS NOT NULL")
    )
    op.drop_table("messages")
    op.drop_table("members")
    op.drop_index(
        "uq_ladders_name", table_name="ladders", postgresql_where=sa.text("archived_at IS NULL")
    )
    op.drop_table("ladders")
    op.drop_index("ix_judgements_message", table_name="judgements")
    op.drop_table("judgements")
    op.drop_index(
        "ix_journal_state",
        table_name="journal",
        postgresql_where=sa.text("state IN ('quarantined', 'no_handler_yet')"),
    )
    op.drop_index(
        "ix_journal_due", table_name="journal", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_table("journal")
    op.drop_index("uq_followers_external", table_name="followers")
    op.drop_index("ix_followers_seen", table_name="followers")
    op.drop_table("followers")
    op.drop_index("uq_facts_seq", table_name="facts", postgresql_where=sa.text("seq IS NOT NULL"))
    op.drop_index(
        "ix_facts_unpublished", table_name="facts", postgresql_where=sa.text("seq IS NULL")
    )
    op.drop_index("ix_facts_at", table_name="facts")
    op.drop_table("facts")
    op.drop_table("delivery_keys")
    op.drop_index("ix_deliveries_source", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(
        "ix_clocks_unsettled",
        table_name="clocks",
        postgresql_where=sa.text("settled_at IS NULL AND state <> 'void'"),
    )
    op.drop_index("ix_clocks_started", table_name="clocks")
    op.drop_index("ix_clocks_due", table_name="clocks")
    op.drop_table("clocks")
    op.drop_index(
        "uq_channels_name", table_name="channels", postgresql_where=sa.text("archived_at IS NULL")
    )
    op.drop_table("channels")
    op.drop_index("uq_cases_opening", table_name="cases")
    op.drop_index("ix_cases_tier", table_name="cases")
    op.drop_index("ix_cases_thread", table_name="cases")
    op.drop_index("ix_cases_source", table_name="cases")
    op.drop_index("ix_cases_snoozed", table_name="cases")
    op.drop_index("ix_cases_follower", table_name="cases")
    op.drop_index(
        "ix_cases_open",
        table_name="cases",
        postgresql_where=sa.text("state IN ('open', 'answered', 'snoozed')"),
    )
    op.drop_index("ix_cases_category", table_name="cases")
    op.drop_index("ix_cases_board", table_name="cases")
    op.drop_index("ix_cases_assignee", table_name="cases")
    op.drop_table("cases")
    op.drop_index("ix_case_acts_thread", table_name="case_acts")
    op.drop_table("case_acts")
    op.drop_index("ix_audit_log_subject", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index("uq_api_keys_prefix", table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_index("uq_alerts_identity", table_name="alerts")
    op.drop_index("ix_alerts_time", table_name="alerts")
    op.drop_index("ix_alerts_list", table_name="alerts")
    op.drop_index("ix_alerts_case", table_name="alerts")
    op.drop_table("alerts")
    op.execute("DROP FUNCTION warmline_ensure_delivery_partition(date)")
    # The roles stay: they belong to the cluster, and another database may use them.
