"""Attach partitions of deliveries under light locks, drop them with age, and find what is old.

Revision: 0003_partitions
After: 0002_tried
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_partitions"
down_revision = "0002_tried"
branch_labels = None
depends_on = None

BOUNDS = """
  first_day date := date_trunc('month', month)::date;
  partition text := 'deliveries_' || to_char(first_day, 'YYYYMM');
  lower_bound uuid := (rpad(lpad(to_hex((extract(epoch FROM first_day::timestamp) * 1000)::bigint), 12, '0'), 32, '0'))::uuid;
  upper_bound uuid := (rpad(lpad(to_hex((extract(epoch FROM (first_day + interval '1 month')) * 1000)::bigint), 12, '0'), 32, '0'))::uuid;
"""

# CREATE TABLE … PARTITION OF would lock the parent against everybody. ATTACH lets reads and writes
# of it go on; only the default partition, which is empty, is held for a moment. Whatever strayed
# into that one before its month had a place moves over.
ENSURE_PARTITION = f"""
CREATE OR REPLACE FUNCTION warmline_ensure_delivery_partition(month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
{BOUNDS}
BEGIN
  IF to_regclass('public.' || quote_ident(partition)) IS NOT NULL THEN
    RETURN partition;
  END IF;
  -- Of two workers that start at once, the second waits here, and finds it made: taking a table's
  -- lock, unlike an advisory one, also brings the news of what others did to the catalogue.
  LOCK TABLE ONLY deliveries IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass('public.' || quote_ident(partition)) IS NOT NULL THEN
    RETURN partition;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE deliveries INCLUDING ALL)', partition);
  LOCK TABLE deliveries_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'WITH strays AS (DELETE FROM deliveries_default WHERE id >= %L AND id < %L RETURNING *) '
    'INSERT INTO %I SELECT * FROM strays', lower_bound, upper_bound, partition);
  EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
    partition, lower_bound, upper_bound);
  RETURN partition;
END $$
"""

# Not CONCURRENTLY: Postgres refuses that beside a default partition, and inside a function. The
# lock is for the catalogue alone, and is given up after 200 ms for the next hour to try.
DROP_PARTITION = """
CREATE OR REPLACE FUNCTION warmline_drop_delivery_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
  partition text := 'deliveries_' || to_char(month, 'YYYYMM');
BEGIN
  IF to_regclass('public.' || quote_ident(partition)) IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('ALTER TABLE deliveries DETACH PARTITION %I', partition);
  EXECUTE format('DROP TABLE %I', partition);
  RETURN true;
END $$
"""

FORMER_ENSURE_PARTITION = f"""
CREATE OR REPLACE FUNCTION warmline_ensure_delivery_partition(month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
{BOUNDS}
BEGIN
  IF to_regclass('public.' || quote_ident(partition)) IS NULL THEN
    EXECUTE format('CREATE TABLE %I PARTITION OF deliveries FOR VALUES FROM (%L) TO (%L)', partition, lower_bound, upper_bound);
  END IF;
  RETURN partition;
END $$
"""


# Rows come in by time and stay there: a block range index costs next to nothing. Conflicts are few.
INDEXES = (
    ("ix_delivery_keys_seen", "delivery_keys", "seen_at", {"postgresql_using": "brin"}),
    ("ix_journal_received", "journal", "received_at", {"postgresql_using": "brin"}),
    (
        "ix_delivery_keys_conflicts",
        "delivery_keys",
        "workspace_id",
        {"postgresql_where": sa.text("conflicts > 0")},
    ),
)


def upgrade() -> None:
    op.execute(ENSURE_PARTITION)
    op.execute(DROP_PARTITION)
    op.execute("REVOKE ALL ON FUNCTION warmline_drop_delivery_partition(date) FROM PUBLIC")
    op.execute(
        "GRANT EXECUTE ON FUNCTION warmline_drop_delivery_partition(date) TO warmline_system"
    )
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for name, table, column, options in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, [column], postgresql_concurrently=True, **options)
        op.execute("SET statement_timeout = '60s'")
        op.execute("SET lock_timeout = '200ms'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        for name, *_ in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute("SET lock_timeout = '200ms'")
    op.execute("DROP FUNCTION IF EXISTS warmline_drop_delivery_partition(date)")
    op.execute(FORMER_ENSURE_PARTITION)
