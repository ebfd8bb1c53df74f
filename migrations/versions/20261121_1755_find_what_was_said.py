"""Find what was said and who said it by two letters of Chinese or the beginning of a word.

What is looked for is computed from the text by an immutable function inside the index, so that the
release before keeps it up to date too, and building the index fills in the past.

Revision: 0029_search
After: 0028_exports
"""

import sqlalchemy as sa
from alembic import op

revision = "0029_search"
down_revision = "0028_exports"
branch_labels = None
depends_on = None

FOLD = """
CREATE OR REPLACE FUNCTION warmline_search_fold(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(normalize(said, NFKC))
"""

NAME = """
CREATE OR REPLACE FUNCTION warmline_search_name(handle text, name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(handle, '') || ' ' || coalesce(name, '')
"""

WEEK = """
CREATE OR REPLACE FUNCTION warmline_search_week(at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN floor(extract(epoch FROM at) / 604800)::integer
"""

# Loops, because a query inside costs three times as much as all of this together.
KEYS = """
CREATE OR REPLACE FUNCTION warmline_search_keys(workspace uuid, week integer, said text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 5000 AS $$
DECLARE
  clean text := regexp_replace(
    lower(normalize(said, NFKC)),
    '[^0-9a-z\\u00c0-\\u1fff\\u2e80-\\u2fff\\u3040-\\U0010ffff]+', ' ', 'g');
  seed bigint := uuid_hash_extended(workspace, week);
  keys bigint[] := '{}';
  before text COLLATE "C" := ' ';
  letter text COLLATE "C";
  word text;
BEGIN
  FOREACH letter IN ARRAY string_to_array(clean, NULL) LOOP
    IF (letter >= U&'\\2e80' AND before <> ' ') OR (before >= U&'\\2e80' AND letter <> ' ') THEN
      keys := keys || hashtextextended(before || letter, seed);
    END IF;
    before := letter;
  END LOOP;
  FOREACH word IN ARRAY regexp_split_to_array(clean, '[^0-9a-z\\u00c0-\\u1fff]+') LOOP
    CONTINUE WHEN length(word) < 2;
    keys := keys || hashtextextended('^' || left(word, 2), seed);
    CONTINUE WHEN length(word) < 4;
    keys := keys || hashtextextended('^' || left(word, 4), seed);
    CONTINUE WHEN length(word) < 8;
    keys := keys || hashtextextended('^' || left(word, 8), seed);
  END LOOP;
  RETURN keys;
END $$
"""

# Week by week from the newest: a word everybody says fills the page from one week, and one that
# nobody says costs a look a week. Weeks without messages are skipped.
MESSAGES = """
CREATE OR REPLACE FUNCTION warmline_search_messages(
  workspace uuid, terms text[], patterns text[], most integer, by_case boolean,
  before_at timestamptz, before_id uuid, since timestamptz, until timestamptz,
  of_source uuid, of_kind text, of_tier text
) RETURNS TABLE (message_id uuid, case_id uuid, occurred_at timestamptz)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  edge timestamptz := coalesce(until, 'infinity');
  newest timestamptz;
  seed bigint;
  wanted bigint[];
  found integer := 0;
  more integer;
BEGIN
  IF before_at IS NOT NULL AND before_at < edge THEN
    edge := before_at + interval '1 microsecond';
  END IF;
  LOOP
    SELECT max(m.occurred_at) INTO newest FROM messages m
    WHERE m.workspace_id = workspace AND m.occurred_at < edge
      AND m.occurred_at >= coalesce(since, '-infinity');
    EXIT WHEN newest IS NULL;
    seed := uuid_hash_extended(workspace, warmline_search_week(newest));
    SELECT array_agg(hashtextextended(term, seed)) INTO wanted FROM unnest(terms) AS term;
    RETURN QUERY
      SELECT hit.id, hit.case_id, hit.occurred_at FROM (
        SELECT m.id, m.case_id, m.occurred_at, m.text FROM messages m
        WHERE m.workspace_id = workspace AND m.content_at IS NOT NULL AND m.deleted_at IS NULL
          AND warmline_search_keys(m.workspace_id, warmline_search_week(m.occurred_at), m.text)
            @> wanted
          AND m.occurred_at < edge AND m.occurred_at >= coalesce(since, '-infinity')
          AND (before_at IS NULL OR (m.occurred_at, m.id) < (before_at, before_id))
          AND (of_source IS NULL OR m.source_id = of_source)
          AND (of_kind IS NULL OR m.kind = of_kind) AND (of_tier IS NULL OR m.tier = of_tier)
          AND (m.case_id IS NOT NULL OR NOT by_case)
        ORDER BY m.occurred_at DESC, m.id DESC OFFSET 0
      ) AS hit
      WHERE warmline_search_fold(hit.text) ~ ALL (patterns)
        AND NOT (by_case AND EXISTS (
          SELECT FROM messages later
          WHERE later.workspace_id = workspace AND later.case_id = hit.case_id
            AND (later.occurred_at, later.id) > (hit.occurred_at, hit.id)
            AND later.content_at IS NOT NULL AND later.deleted_at IS NULL
            AND later.occurred_at < coalesce(until, 'infinity')
            AND (of_source IS NULL OR later.source_id = of_source)
            AND (of_kind IS NULL OR later.kind = of_kind)
            AND (of_tier IS NULL OR later.tier = of_tier)
            AND warmline_search_fold(later.text) ~ ALL (patterns)))
      LIMIT most - found;
    GET DIAGNOSTICS more = ROW_COUNT;
    found := found + more;
    EXIT WHEN found >= most;
    edge := to_timestamp(warmline_search_week(newest) * 604800::bigint);
  END LOOP;
END $$
"""

# A beginning that many share ("user…") is found among those seen last; one that few share by
# the index.
FOLLOWERS = """
CREATE OR REPLACE FUNCTION warmline_search_followers(
  workspace uuid, terms text[], patterns text[], most integer,
  before_at timestamptz, before_id uuid, of_source uuid
) RETURNS TABLE (follower_id uuid, last_seen_at timestamptz)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  seed bigint := uuid_hash_extended(workspace, 0);
  wanted bigint[] := ARRAY(SELECT hashtextextended(term, seed) FROM unnest(terms) AS term);
  near uuid[];
  far timestamptz;
BEGIN
  SELECT array_agg(seen.id ORDER BY seen.last_seen_at DESC, seen.id DESC), min(seen.last_seen_at)
  INTO near, far FROM (
    SELECT f.id, f.last_seen_at, f.handle, f.name FROM followers f
    WHERE f.workspace_id = workspace
      AND (before_at IS NULL OR (f.last_seen_at, f.id) < (before_at, before_id))
    ORDER BY f.last_seen_at DESC, f.id DESC LIMIT 1000
  ) AS seen
  JOIN followers f ON f.workspace_id = workspace AND f.id = seen.id
  WHERE (of_source IS NULL OR f.source_id = of_source)
    AND warmline_search_fold(warmline_search_name(seen.handle, seen.name)) ~ ALL (patterns);
  IF cardinality(near) >= most THEN
    RETURN QUERY SELECT f.id, f.last_seen_at FROM followers f
      WHERE f.workspace_id = workspace AND f.id = ANY (near[:most])
      ORDER BY f.last_seen_at DESC, f.id DESC;
    RETURN;
  END IF;
  RETURN QUERY
    SELECT hit.id, hit.last_seen_at FROM (
      SELECT f.id, f.last_seen_at, f.handle, f.name FROM followers f
      WHERE f.workspace_id = workspace
        AND warmline_search_keys(f.workspace_id, 0, warmline_search_name(f.handle, f.name))
          @> wanted
        AND (before_at IS NULL OR (f.last_seen_at, f.id) < (before_at, before_id))
        AND (of_source IS NULL OR f.source_id = of_source)
      ORDER BY f.last_seen_at DESC, f.id DESC OFFSET 0
    ) AS hit
    WHERE warmline_search_fold(warmline_search_name(hit.handle, hit.name)) ~ ALL (patterns)
    LIMIT most;
END $$
"""

FUNCTIONS = (
    "warmline_search_followers",
    "warmline_search_messages",
    "warmline_search_keys",
    "warmline_search_week",
    "warmline_search_name",
    "warmline_search_fold",
)
INDEXES = {
    "ix_messages_search": (
        "messages",
        "warmline_search_keys(workspace_id, warmline_search_week(occurred_at), text)",
        sa.text("content_at IS NOT NULL AND deleted_at IS NULL"),
    ),
    "ix_followers_search": (
        "followers",
        "warmline_search_keys(workspace_id, 0, warmline_search_name(handle, name))",
        None,
    ),
}


def upgrade() -> None:
    for statement in (FOLD, NAME, WEEK, KEYS, MESSAGES, FOLLOWERS):
        op.execute(sa.text(statement.replace(":", "\\:")))
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute("SET statement_timeout = 0")
        for name, (table, keys, where) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                table,
                [sa.text(keys)],
                postgresql_using="gin",
                postgresql_with={"gin_pending_list_limit": 256},
                postgresql_where=where,
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _, _) in INDEXES.items():
            op.drop_index(name, table, postgresql_concurrently=True)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
