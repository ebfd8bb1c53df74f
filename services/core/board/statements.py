"""The SQL of the reading side: one page or one thing a statement, always inside one workspace.

Literals stand where a partial index must recognise its condition; everything else is bound.
"""

from services.core.objectives.definition import IS_PROMISE, MET, MISSED

# As in the index ix_cases_open.
LIVE = "state IN ('open', 'answered', 'snoozed')"

# The page is cut before anything is joined, so a page costs the page and not the workspace.
CASES = """
WITH page AS MATERIALIZED ({page})
SELECT {columns}, left(opening.text, 160) AS excerpt, opening.deleted_at AS excerpt_deleted_at
FROM page {joins}
LEFT JOIN messages AS opening
  ON opening.workspace_id = :workspace_id AND opening.id = page.opening_message_id
ORDER BY {order}
"""

CASES_BY_DUE = """
SELECT * FROM cases WHERE workspace_id = :workspace_id {conditions}
ORDER BY sort_due_at {way}, id {way} LIMIT :limit
"""

# Each run in the order of its index, and of each no more than the page.
CASES_BY_RUNS = """
SELECT found.*, run.place AS run_place
FROM unnest(CAST(:runs AS text[]), CAST(:ats AS timestamptz[]), CAST(:ids AS uuid[]))
  WITH ORDINALITY AS run (of, at, id, place)
CROSS JOIN LATERAL (
  SELECT * FROM cases
  WHERE cases.workspace_id = :workspace_id AND cases.{led_by} = run.of
    AND (cases.{column}, cases.id) {beyond} (run.at, run.id) {conditions}
  ORDER BY cases.{column} {way}, cases.id {way} LIMIT :limit
) AS found
ORDER BY {first}found.{column} {way}, found.id {way} LIMIT :limit
"""

CASE = """
SELECT {columns} FROM cases AS page {joins}
WHERE page.workspace_id = :workspace_id AND page.id = :case_id
"""

CASE_COLUMNS = """
page.id, page.state, page.tier, page.tier_override, page.category, page.sentiment, page.channel,
page.source_id, page.thread_id, page.opening_message_id, page.unanswered, page.reopened,
page.opened_at, page.last_message_at, page.answered_at, page.resolved_at, page.snoozed_until,
page.next_due_at, page.sort_due_at, page.policy_id, page.policy_version, page.version,
page.updated_at, page.follower_id, page.post_id, page.assignee_id,
f.external_id AS follower_external_id, f.handle AS follower_handle, f.name AS follower_name,
f.followers_count AS follower_followers_count, f.verified AS follower_verified,
p.external_id AS post_external_id, p.title AS post_title, p.url AS post_url,
m.handle AS assignee_handle, m.name AS assignee_name
"""

CASE_JOINS = """
LEFT JOIN followers AS f ON f.workspace_id = :workspace_id AND f.id = page.follower_id
LEFT JOIN posts AS p ON p.workspace_id = :workspace_id AND p.id = page.post_id
LEFT JOIN members AS m ON m.workspace_id = :workspace_id AND m.id = page.assignee_id
"""

# What few say or are called is named by search beforehand.
CASE_TOLD = """
AND (id = ANY(CAST(:told_ids AS uuid[])) OR follower_id = ANY(CAST(:told_followers AS uuid[])))
"""

# What many say: the texts of the cases that are passed until the page is full.
CASE_TEXT = """
AND (
  EXISTS (
    SELECT FROM messages AS said
    WHERE said.workspace_id = :workspace_id AND said.case_id = cases.id
      AND said.content_at IS NOT NULL AND said.deleted_at IS NULL
      AND warmline_search_fold(said.text) ~ ALL (CAST(:patterns AS text[]))
  ) OR EXISTS (
    SELECT FROM followers AS who
    WHERE who.workspace_id = :workspace_id AND who.id = cases.follower_id
      AND warmline_search_fold(warmline_search_name(who.handle, who.name))
        ~ ALL (CAST(:patterns AS text[]))
  )
)
"""

CLOCK_COLUMNS = """
id, kind, episode, tier, state, started_at, due_at,
coalesce(target_due_at, due_at) AS target_due_at, promise_due_at, limit_at, budget_seconds,
paused_seconds, paused_until, pause_reason, settled_at, met_at, missed_at, void_reason,
trigger_message_id, settling_message_id, policy_id, policy_version, calendar_version, generation,
corrections
"""

CLOCKS = f"""
SELECT {CLOCK_COLUMNS}
FROM clocks WHERE workspace_id = :workspace_id AND case_id = :case_id
ORDER BY started_at DESC, kind, episode DESC LIMIT :limit
"""

CLOCKS_OF = f"""
SELECT found.* FROM unnest(CAST(:ids AS uuid[])) AS wanted (of)
CROSS JOIN LATERAL (
  SELECT case_id, {CLOCK_COLUMNS}
  FROM clocks WHERE workspace_id = :workspace_id AND case_id = wanted.of
  ORDER BY started_at DESC, kind, episode DESC LIMIT :most
) AS found
ORDER BY found.started_at DESC, found.kind, found.episode DESC
"""

ALERTS = """
SELECT id, kind, clock_id, clock_kind, rule_id, message_id, step, severity, tier, state,
  fire_at, fired_at, due_at, acknowledged_at, acknowledged_by, note, resolved_at, resolved_by,
  resolution
FROM alerts WHERE workspace_id = :workspace_id AND case_id = :case_id
ORDER BY fired_at DESC, id DESC LIMIT :limit
"""

ACTS = """
SELECT id, kind, at, until, tier, detail, actor_kind, actor_id
FROM case_acts
WHERE workspace_id = :workspace_id AND thread_id = :thread_id AND case_id = :case_id
ORDER BY at DESC, id DESC LIMIT :limit
"""

# Stubs, of which only a deletion or a reply is known, have no content yet and are not shown.
MESSAGES = """
WITH page AS MATERIALIZED (
  SELECT * FROM messages WHERE workspace_id = :workspace_id AND content_at IS NOT NULL {conditions}
  ORDER BY occurred_at {way}, id {way} LIMIT :limit
)
SELECT page.*, {author}, {judgement} FROM page
LEFT JOIN followers AS f ON f.workspace_id = :workspace_id AND f.id = page.author_id
LEFT JOIN judgements AS j ON j.workspace_id = :workspace_id AND j.id = page.judgement_id
ORDER BY page.occurred_at {way}, page.id {way}
"""

LAST_MESSAGES = """
SELECT page.*, {author}, {judgement} FROM unnest(CAST(:ids AS uuid[])) AS wanted (of)
CROSS JOIN LATERAL (
  SELECT * FROM messages
  WHERE workspace_id = :workspace_id AND case_id = wanted.of AND content_at IS NOT NULL
  ORDER BY occurred_at DESC, id DESC LIMIT 1
) AS page
LEFT JOIN followers AS f ON f.workspace_id = :workspace_id AND f.id = page.author_id
LEFT JOIN judgements AS j ON j.workspace_id = :workspace_id AND j.id = page.judgement_id
"""

AUTHOR_COLUMNS = """
f.external_id AS author_external_id, f.handle AS author_handle, f.name AS author_name
"""

JUDGEMENT_FIELDS = (
    "id",
    "decided_by",
    "actor_id",
    "tier",
    "category",
    "sentiment",
    "needs_reply",
    "language",
    "spam_score",
    "hide",
    "confidence",
    "dm_category",
    "negative_subtype",
    "flags",
    "reasons",
    "engine",
    "engine_version",
    "rules_version",
    "note",
    "decided_at",
)
JUDGEMENT_COLUMNS = ", ".join(f"j.{name} AS j_{name}" for name in JUDGEMENT_FIELDS)

JUDGEMENTS = f"""
SELECT {JUDGEMENT_COLUMNS} FROM judgements AS j
WHERE j.workspace_id = :workspace_id AND j.message_id = :message_id
ORDER BY j.decided_at DESC, j.id DESC LIMIT :limit
"""

FOLLOWERS = """
SELECT *, advocate_since IS NOT NULL AS advocate FROM followers
WHERE workspace_id = :workspace_id {conditions}
ORDER BY last_seen_at {way}, id {way} LIMIT :limit
"""

# A post that was only referred to has no time of its own and is older than all others; written
# as in the index ix_posts_latest.
POSTS = """
SELECT * FROM posts WHERE workspace_id = :workspace_id {conditions}
ORDER BY coalesce(published_at, '-infinity'::timestamptz) {way}, id {way} LIMIT :limit
"""
POSTED_BEYOND = """
AND (coalesce(published_at, '-infinity'::timestamptz), id)
  {beyond} (coalesce(CAST(:after_at AS timestamptz), '-infinity'::timestamptz), :after_id)
"""

DAY = """
SELECT date_trunc('day', local.at) AT TIME ZONE :zone AS starts,
  (date_trunc('day', local.at) + interval '1 day') AT TIME ZONE :zone AS ends
FROM (SELECT CAST(:now AS timestamptz) AT TIME ZONE :zone AS at) AS local
"""

OPEN_CASES = f"""
SELECT state, tier, count(*) AS cases, count(*) FILTER (WHERE unanswered > 0) AS waiting
FROM cases WHERE workspace_id = :workspace_id AND {LIVE} GROUP BY state, tier
"""

# A platform's reply window is no promise of ours: it counts in no attainment.
# A promise past its due time is broken a moment before its timer says so.
PRESSING = """
SELECT tier, count(*) FILTER (WHERE missed) AS breached, count(*) FILTER (WHERE soon) AS soon
FROM (
  SELECT tier,
    missed_at IS NOT NULL OR (state = 'running' AND due_at <= :now) AS missed,
    state = 'running' AND due_at > :now AS soon
  FROM clocks
  WHERE workspace_id = :workspace_id AND settled_at IS NULL AND state <> 'void'
    AND due_at <= :until AND kind <> 'reply_window'
) AS promises GROUP BY tier
"""

# By the one definition; see core/objectives/definition.py.
TODAY = f"""
SELECT kind, count(*) FILTER (WHERE {MET}) AS met, count(*) FILTER (WHERE {MISSED}) AS missed
FROM clocks c
WHERE workspace_id = :workspace_id AND due_at >= :starts AND due_at < :ends AND {IS_PROMISE}
GROUP BY kind
"""

FIGURES = """
SELECT
  (SELECT count(DISTINCT case_id) FROM messages
   WHERE workspace_id = :workspace_id AND occurred_at >= :starts AND occurred_at < :ends
     AND direction = 'out' AND deleted_at IS NULL) AS answered,
  (SELECT count(*) FROM alerts
   WHERE workspace_id = :workspace_id AND state = 'firing') AS firing,
  backlog.pending, backlog.oldest
FROM (
  SELECT count(*) AS pending, min(received_at) AS oldest FROM journal
  WHERE workspace_id = :workspace_id AND state = 'pending'
) AS backlog
"""
