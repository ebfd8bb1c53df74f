"""Look through the newest first, and ask the index of search alone, a week at a time.

The functions of the release before stay for it (docs/decisions/0034).

Revision: 0039_newest_first
After: 0037_alike
"""

from alembic import op

revision = "0039_newest_first"
down_revision = "0037_alike"
branch_labels = None
depends_on = None

# What a message has to be beside saying it.
MEANT = """
(of_source IS NULL OR {m}.source_id = of_source)
          AND (of_kind IS NULL OR {m}.kind = of_kind) AND (of_tier IS NULL OR {m}.tier = of_tier)
"""
# A case is found by the newest of its messages that says it.
NOT_SAID_LATER = f"""
NOT (by_case AND EXISTS (
        SELECT FROM messages later
        WHERE later.workspace_id = workspace AND later.case_id = {{m}}.case_id
          AND (later.occurred_at, later.id) > ({{m}}.occurred_at, {{m}}.id)
          AND later.content_at IS NOT NULL AND later.deleted_at IS NULL
          AND later.occurred_at < until AND {MEANT.format(m="later").strip()}
          AND warmline_search_fold(later.text) ~ ALL (patterns)))
"""
FILTERS = "since timestamptz, until timestamptz, of_source uuid, of_kind text, of_tier text"

# Reads one text after the other until the page is full, or until so few of them say it that the
# page would take more than four thousand: then the index is cheaper, and the last row, which says
# nothing, tells where to go on. Sorting is forbidden, because the planner would gladly sort all.
RECENT_MESSAGES = f"""
CREATE FUNCTION warmline_find_recent_messages(
  workspace uuid, patterns text[], most integer, by_case boolean,
  last_at timestamptz, last_id uuid, {FILTERS}
) RETURNS TABLE (message_id uuid, case_id uuid, occurred_at timestamptz, says boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
SET enable_bitmapscan = off SET enable_sort = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  edge timestamptz := least(until, last_at + interval '1 microsecond');
  looked integer := 0;
  found integer := 0;
  rare boolean := false;
BEGIN
  FOR message_id, case_id, occurred_at, says IN
    SELECT m.id, m.case_id, m.occurred_at, m.content_at IS NOT NULL AND m.deleted_at IS NULL
      AND {MEANT.format(m="m").strip()}
      AND (m.case_id IS NOT NULL OR NOT by_case)
      AND warmline_search_fold(m.text) ~ ALL (patterns)
      AND {NOT_SAID_LATER.format(m="m").strip()}
    FROM messages m
    WHERE m.workspace_id = workspace AND m.occurred_at < edge AND m.occurred_at >= since
      AND (m.occurred_at, m.id) < (last_at, last_id)
    ORDER BY m.occurred_at DESC, m.id DESC
  LOOP
    says := says IS TRUE;
    looked := looked + 1;
    rare := NOT says AND looked >= 200 AND found * 4000 < looked * most;
    IF says OR rare THEN
      RETURN NEXT;
    END IF;
    found := found + says::integer;
    EXIT WHEN rare OR found >= most;
  END LOOP;
END $$
"""

# Weeks that have messages, from the newest back: one, then four together, then sixteen. The keys of
# a week are looked up by themselves, behind OFFSET 0: together with the other conditions the planner
# crosses them with all rows of the workspace, read from its primary key.
MESSAGES = f"""
CREATE FUNCTION warmline_find_messages(
  workspace uuid, terms text[], patterns text[], most integer, by_case boolean,
  last_at timestamptz, last_id uuid, {FILTERS}
) RETURNS TABLE (message_id uuid, case_id uuid, occurred_at timestamptz)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  edge timestamptz;
  says boolean;
  found integer := 0;
  more integer;
  reach integer := 1;
  weeks integer[];
BEGIN
  last_at := coalesce(last_at, 'infinity');
  last_id := coalesce(last_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  since := coalesce(since, '-infinity');
  until := coalesce(until, 'infinity');
  FOR message_id, case_id, occurred_at, says IN
    SELECT recent.* FROM warmline_find_recent_messages(
      workspace, patterns, most, by_case, last_at, last_id, since, until,
      of_source, of_kind, of_tier) AS recent
  LOOP
    IF says THEN
      RETURN NEXT;
      found := found + 1;
    END IF;
  END LOOP;
  IF says IS NOT FALSE THEN
    RETURN;
  END IF;
  last_at := occurred_at;
  last_id := message_id;
  edge := least(until, last_at + interval '1 microsecond');
  LOOP
    WITH RECURSIVE walk (week) AS (
      SELECT warmline_search_week(max(m.occurred_at)) FROM messages m
      WHERE m.workspace_id = workspace AND m.occurred_at < edge AND m.occurred_at >= since
      UNION ALL
      SELECT (
        SELECT warmline_search_week(max(m.occurred_at)) FROM messages m
        WHERE m.workspace_id = workspace AND m.occurred_at >= since
          AND m.occurred_at < to_timestamp(walk.week * 604800::bigint))
      FROM walk WHERE walk.week IS NOT NULL
    ), walked AS (SELECT walk.week FROM walk LIMIT reach)
    SELECT array_agg(walked.week) INTO weeks FROM walked WHERE walked.week IS NOT NULL;
    EXIT WHEN weeks IS NULL;
    RETURN QUERY
      SELECT hit.id, hit.case_id, hit.occurred_at FROM (
        SELECT m.id, m.case_id, m.occurred_at, m.text
        FROM unnest(weeks) AS week
        CROSS JOIN LATERAL (
          SELECT array_agg(hashtextextended(term, uuid_hash_extended(workspace, week))) AS keys
          FROM unnest(terms) AS term
        ) AS wanted
        CROSS JOIN LATERAL (
          SELECT * FROM messages
          WHERE messages.content_at IS NOT NULL AND messages.deleted_at IS NULL
            AND warmline_search_keys(messages.workspace_id,
              warmline_search_week(messages.occurred_at), messages.text) @> wanted.keys
          OFFSET 0
        ) AS m
        WHERE m.workspace_id = workspace AND m.occurred_at < until AND m.occurred_at >= since
          AND (m.occurred_at, m.id) < (last_at, last_id)
          AND {MEANT.format(m="m").strip()}
          AND (m.case_id IS NOT NULL OR NOT by_case)
        ORDER BY m.occurred_at DESC, m.id DESC OFFSET 0
      ) AS hit
      WHERE warmline_search_fold(hit.text) ~ ALL (patterns)
        AND {NOT_SAID_LATER.format(m="hit").strip()}
      LIMIT most - found;
    GET DIAGNOSTICS more = ROW_COUNT;
    found := found + more;
    EXIT WHEN found >= most;
    edge := to_timestamp(weeks[cardinality(weeks)] * 604800::bigint);
    reach := reach * 4;
  END LOOP;
END $$
"""

RECENT_FOLLOWERS = """
CREATE FUNCTION warmline_find_recent_followers(
  workspace uuid, patterns text[], most integer, last_at timestamptz, last_id uuid, of_source uuid
) RETURNS TABLE (follower_id uuid, last_seen_at timestamptz, says boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
SET enable_bitmapscan = off SET enable_sort = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  looked integer := 0;
  found integer := 0;
  rare boolean := false;
BEGIN
  FOR follower_id, last_seen_at, says IN
    SELECT f.id, f.last_seen_at, (of_source IS NULL OR f.source_id = of_source)
      AND warmline_search_fold(warmline_search_name(f.handle, f.name)) ~ ALL (patterns)
    FROM followers f
    WHERE f.workspace_id = workspace AND (f.last_seen_at, f.id) < (last_at, last_id)
    ORDER BY f.last_seen_at DESC, f.id DESC
  LOOP
    says := says IS TRUE;
    looked := looked + 1;
    rare := NOT says AND looked >= 200 AND found * 4000 < looked * most;
    IF says OR rare THEN
      RETURN NEXT;
    END IF;
    found := found + says::integer;
    EXIT WHEN rare OR found >= most;
  END LOOP;
END $$
"""

FOLLOWERS = """
CREATE FUNCTION warmline_find_followers(
  workspace uuid, terms text[], patterns text[], most integer,
  last_at timestamptz, last_id uuid, of_source uuid
) RETURNS TABLE (follower_id uuid, last_seen_at timestamptz)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  seed bigint := uuid_hash_extended(workspace, 0);
  wanted bigint[] := ARRAY(SELECT hashtextextended(term, seed) FROM unnest(terms) AS term);
  says boolean;
  found integer := 0;
BEGIN
  last_at := coalesce(last_at, 'infinity');
  last_id := coalesce(last_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  FOR follower_id, last_seen_at, says IN
    SELECT recent.* FROM warmline_find_recent_followers(
      workspace, patterns, most, last_at, last_id, of_source) AS recent
  LOOP
    IF says THEN
      RETURN NEXT;
      found := found + 1;
    END IF;
  END LOOP;
  IF says IS NOT FALSE THEN
    RETURN;
  END IF;
  last_at := last_seen_at;
  last_id := follower_id;
  RETURN QUERY
    SELECT hit.id, hit.last_seen_at FROM (
      SELECT f.id, f.last_seen_at, f.handle, f.name FROM (
        SELECT * FROM followers
        WHERE warmline_search_keys(followers.workspace_id, 0,
          warmline_search_name(followers.handle, followers.name)) @> wanted
        OFFSET 0
      ) AS f
      WHERE f.workspace_id = workspace AND (f.last_seen_at, f.id) < (last_at, last_id)
        AND (of_source IS NULL OR f.source_id = of_source)
      ORDER BY f.last_seen_at DESC, f.id DESC OFFSET 0
    ) AS hit
    WHERE warmline_search_fold(warmline_search_name(hit.handle, hit.name)) ~ ALL (patterns)
    LIMIT most - found;
END $$
"""


def upgrade() -> None:
    for statement in (RECENT_MESSAGES, MESSAGES, RECENT_FOLLOWERS, FOLLOWERS):
        op.execute(statement)


def downgrade() -> None:
    for function in ("messages", "recent_messages", "followers", "recent_followers"):
        op.execute(f"DROP FUNCTION warmline_find_{function}")
