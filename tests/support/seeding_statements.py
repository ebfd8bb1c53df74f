"""The SQL of seeding: one plan of all cases, and from it one statement for each table.

Everywhere $1 is the workspace; the others are named beside each statement's use in `seeding`.
"""

SCRATCH = """
CREATE FUNCTION pg_temp.chance(seed bigint, n bigint, what int) RETURNS float8
LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(n, seed * 64 + what) & 2147483647) / 2147483648.0 $$;
-- Made like the product's own: by time first, so that the newest rows lie together.
CREATE FUNCTION pg_temp.id_at(at timestamptz, key text) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
  || substr(md5(key), 1, 3) || '8' || substr(md5(key), 4, 15))::uuid $$;
"""

# One row a case, with everything the tables below are computed from. Open ones come last.
PLAN = """
CREATE TEMP TABLE seeded AS
WITH policy AS (
  SELECT p.id, v.version, v.definition FROM policies p JOIN policy_versions v
    ON v.workspace_id = p.workspace_id AND v.policy_id = p.id AND v.version = p.current_version
  WHERE p.workspace_id = $1 AND p.is_default AND p.archived_at IS NULL
), numbered AS (
  SELECT n, n > $2::bigint - $3::bigint AS open,
    n > $2::bigint - $3::bigint AND n <= $2::bigint - $3::bigint + $7::bigint AS due,
    n - ($2::bigint - $3::bigint) - 1 AS place,
    pg_temp.chance($6, n, 1) AS age, pg_temp.chance($6, n, 2) AS pace,
    ($12::text[])[1 + floor(cardinality($12::text[]) * pg_temp.chance($6, n, 3))::int] AS tier,
    CASE WHEN pg_temp.chance($6, n, 4) < 0.8 THEN 'comment' ELSE 'dm' END AS channel,
    floor(pg_temp.chance($6, n, 5) * greatest($2::bigint / 5, 1))::bigint AS follower,
    floor(pg_temp.chance($6, n, 6) * greatest($2::bigint / 200, 1))::bigint AS post
  FROM generate_series(1, $2::bigint) AS n
), budgeted AS (
  SELECT u.*, p.id AS policy_id, p.version AS policy_version, p.definition,
    -- A first answer is due with the earlier of the tier's target and the public promise.
    least((p.definition #>> ARRAY['targets', tier, 'first_response'])::int,
      (p.definition #>> ARRAY['promised', channel])::int) AS budget,
    (p.definition #>> ARRAY['targets', tier, 'first_response'])::int AS target_budget,
    (p.definition #>> ARRAY['promised', channel])::int AS promised_budget,
    (p.definition #>> ARRAY['targets', tier, 'resolution'])::int AS resolution_budget,
    (p.definition #>> ARRAY['targets', tier, 'limit'])::int AS hard_limit
  FROM numbered u CROSS JOIN policy p
), dated AS (
  SELECT *, date_trunc('milliseconds', CASE
    WHEN due THEN $8::timestamptz + $9::interval * (place / greatest($7::float8, 1))
      - make_interval(secs => budget)
    -- Young enough to have no warning for a while: half of the budget is the first one.
    WHEN open THEN $5::timestamptz - make_interval(secs => budget * 0.4 * age)
    -- One after the other over the past months, the last of them ended before the open ones.
    ELSE $5::timestamptz - make_interval(days => 4)
      - make_interval(secs => ($2::bigint - n) * $11::int * 86400.0 / $2::bigint)
    END) AS opened_at
  FROM budgeted
)
SELECT d.*, opened_at + make_interval(secs => budget) AS due_at,
  opened_at + make_interval(secs => resolution_budget) AS resolution_due_at,
  CASE WHEN NOT open THEN date_trunc('milliseconds',
    opened_at + make_interval(secs => budget * (0.05 + 0.9 * pace))) END AS answered_at,
  CASE WHEN open THEN $4::int ELSE greatest($4::int, 2) END AS messages,
  pg_temp.id_at(opened_at, $10 || 'case' || n) AS case_id,
  md5($10 || 'thread' || n)::uuid AS thread_id,
  md5($10 || 'message' || n || '.0')::uuid AS opening_id,
  CASE WHEN NOT open THEN md5($10 || 'message' || n || '.' || greatest($4::int, 2) - 1)::uuid END
    AS reply_id,
  CASE tier WHEN 'urgent' THEN 'complaint' WHEN 'important' THEN 'product_question'
    ELSE 'follower_question' END AS category,
  CASE tier WHEN 'urgent' THEN 'negative' ELSE 'neutral' END AS sentiment
FROM dated d
"""

SOURCE = """
INSERT INTO sources (workspace_id, id, name, platform, own_accounts, created_at, updated_at)
VALUES ($1, $2, 'Seeded', 'xiaohongshu', ARRAY['brand'], $3, $3)
"""

FOLLOWERS = """
INSERT INTO followers (workspace_id, id, source_id, external_id, handle, name, followers_count,
  verified, profile_ranks, first_seen_at, last_seen_at)
SELECT $1, md5($3 || 'follower' || follower)::uuid, $2, $3 || '-u' || follower, $3 || follower,
  'Follower ' || follower, (follower * 7919) % 5000, false, '{}', min(opened_at), max(opened_at)
FROM seeded GROUP BY follower ORDER BY 2
"""

POSTS = """
INSERT INTO posts (workspace_id, id, source_id, external_id, title, text, hashtags, published_at,
  field_ranks, first_seen_at)
SELECT $1, md5($3 || 'post' || post)::uuid, $2, $3 || '-p' || post, 'Post ' || post, 'Text', '{}',
  min(opened_at), '{}', min(opened_at)
FROM seeded WHERE channel = 'comment' GROUP BY post ORDER BY 2
"""

THREADS = """
INSERT INTO threads (workspace_id, id, source_id, channel, post_id, follower_id, conversation_key,
  last_message_at)
SELECT $1, thread_id, $2, channel,
  CASE channel WHEN 'comment' THEN md5($3 || 'post' || post)::uuid END,
  md5($3 || 'follower' || follower)::uuid,
  CASE channel WHEN 'dm' THEN $3 || '-k' || n END,
  coalesce(answered_at, opened_at)
FROM seeded ORDER BY thread_id
"""

# The first asks, the last of what is over answers, and between them somebody says thanks.
MESSAGES = """
INSERT INTO messages (workspace_id, id, source_id, kind, direction, external_id, thread_id,
  case_id, post_id, author_id, in_reply_to, conversation_key, text, occurred_at, created_known,
  content_at, content_rank, received_at, judgement_id, tier, category, sentiment, needs_reply)
SELECT $1, md5($3 || 'message' || n || '.' || k)::uuid, $2,
  CASE WHEN answers THEN 'reply' ELSE channel END, CASE WHEN answers THEN 'out' ELSE 'in' END,
  external_id, thread_id, case_id,
  CASE channel WHEN 'comment' THEN md5($3 || 'post' || post)::uuid END,
  CASE WHEN NOT answers THEN md5($3 || 'follower' || follower)::uuid END,
  CASE WHEN answers THEN $3 || '-m' || n || '.0' END,
  CASE channel WHEN 'dm' THEN $3 || '-k' || n END,
  ($5::text[])[1 + (n * 31 + k) % cardinality($5::text[])] || ' #' || n || '.' || k,
  at, true, at,
  repeat('0', 20) || '|' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || '+00:00|0|' || external_id,
  at + interval '1 second',
  CASE WHEN k = 0 THEN md5($3 || 'judgement' || n)::uuid END,
  CASE WHEN k = 0 THEN tier WHEN NOT answers THEN 'routine' END,
  CASE WHEN k = 0 THEN category WHEN NOT answers THEN 'praise' END,
  CASE WHEN k = 0 THEN sentiment WHEN NOT answers THEN 'positive' END,
  CASE WHEN NOT answers THEN k = 0 END
FROM (
  SELECT s.*, k, $3 || '-m' || n || '.' || k AS external_id,
    NOT open AND k = messages - 1 AS answers,
    CASE WHEN open
      THEN opened_at + greatest($4 - opened_at, interval '0') * (k / messages::float8)
      ELSE opened_at + (answered_at - opened_at) * (k / greatest(messages - 1, 1)::float8)
    END AS at
  FROM seeded s CROSS JOIN LATERAL generate_series(0, messages - 1) AS k
) AS said
"""

JUDGEMENTS = """
INSERT INTO judgements (workspace_id, id, message_id, content_rank, decided_by, tier, category,
  sentiment, needs_reply, language, spam_score, hide, confidence, flags, reasons, engine,
  engine_version, rules_version, decided_at)
SELECT $1, md5($2 || 'judgement' || n)::uuid, opening_id,
  repeat('0', 20) || '|' || to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || '+00:00|0|' || $2 || '-m' || n || '.0',
  'engine', tier, category, sentiment, true, 'zh', 0.01, false, 0.9, '{}',
  '[{"cue": "seeded", "start": 0, "end": 2, "effect": "category:seeded"}]',
  'cues', '1', '1', opened_at + interval '2 seconds'
FROM seeded
"""

CASES = """
INSERT INTO cases (workspace_id, id, thread_id, source_id, channel, follower_id, post_id,
  opening_message_id, state, tier, category, sentiment, unanswered, reopened, opened_at,
  last_message_at, answered_at, resolved_at, next_due_at, sort_due_at, policy_id, policy_version,
  version, updated_at)
SELECT $1, case_id, thread_id, $2, channel, md5($3 || 'follower' || follower)::uuid,
  CASE channel WHEN 'comment' THEN md5($3 || 'post' || post)::uuid END, opening_id,
  CASE WHEN open THEN 'open' ELSE 'resolved' END, tier, category, sentiment,
  CASE WHEN open THEN 1 ELSE 0 END, 0, opened_at, coalesce(answered_at, opened_at), answered_at,
  answered_at, CASE WHEN open THEN due_at END,
  CASE WHEN open THEN due_at ELSE '2100-01-01 00:00:00+00' END, policy_id, policy_version, 1,
  coalesce(answered_at, opened_at)
FROM seeded ORDER BY n
"""

CLOCKS = """
INSERT INTO clocks (workspace_id, id, case_id, thread_id, kind, episode, tier, state, started_at,
  due_at, target_due_at, promise_due_at, limit_at, budget_seconds, paused_seconds, settled_at,
  met_at, trigger_message_id,
  settling_message_id, policy_id, policy_version, generation, corrections, created_at, updated_at)
SELECT $1, pg_temp.id_at(opened_at, $2 || kind || n), case_id, thread_id, kind, 1, tier,
  CASE WHEN open THEN 'running' ELSE 'met' END, opened_at,
  CASE kind WHEN 'resolution' THEN resolution_due_at ELSE due_at END,
  CASE kind WHEN 'resolution' THEN resolution_due_at
    ELSE opened_at + make_interval(secs => target_budget) END,
  CASE kind WHEN 'first_response' THEN opened_at + make_interval(secs => promised_budget) END,
  CASE kind WHEN 'first_response' THEN opened_at + make_interval(secs => hard_limit) END,
  CASE kind WHEN 'resolution' THEN resolution_budget ELSE budget END, 0,
  answered_at, answered_at, opening_id, reply_id, policy_id, policy_version, 1, '[]',
  opened_at, coalesce(answered_at, opened_at)
FROM seeded CROSS JOIN unnest(ARRAY['first_response', 'resolution']) AS kind
ORDER BY n
"""

# What had passed when the workers went to sleep was skipped, as a warning planned too late is.
TIMERS = """
INSERT INTO timers (workspace_id, id, clock_id, case_id, percent, generation, fire_at, state, note,
  tier)
SELECT $1, pg_temp.id_at(opened_at, $2 || kind || percent || 'timer' || n),
  pg_temp.id_at(opened_at, $2 || kind || n), case_id, percent, 1, fire_at,
  CASE WHEN fire_at > $3 THEN 'pending' ELSE 'skipped' END,
  CASE WHEN fire_at <= $3 THEN 'already past when it was planned' END, tier
FROM (
  SELECT s.*, kind, percent::int,
    opened_at + make_interval(secs => percent::int / 100.0
      * CASE kind WHEN 'resolution' THEN resolution_budget ELSE budget END) AS fire_at
  FROM seeded s
  CROSS JOIN (VALUES ('first_response', 'response_steps'), ('resolution', 'resolution_steps'))
    AS clock (kind, steps)
  CROSS JOIN LATERAL jsonb_array_elements_text(definition -> steps) AS percent
  WHERE open
) AS planned ORDER BY n
"""

COUNTS = """
SELECT count(*) AS cases, count(*) FILTER (WHERE open) AS open_cases, sum(messages) AS messages,
  min(due_at) FILTER (WHERE open) AS first_due, max(opened_at) AS last_opened
FROM seeded
"""

KEYS = """
SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE conrelid = ANY($1::text[]::regclass[]) AND contype IN ('p', 'u')
"""

INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = ANY($1::text[]::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = indexrelid)
"""
