"""The SQL of sums of days: what each metric came to on one day, for its total and its splits.

A day is always replaced as a whole. The recount compares what is kept with the same text run
again, so a change nobody noted is found to the last digit.
"""

from typing import Final

from services.core.metrics.definitions import ROLLED
from services.core.metrics.definitions.people import AUTHORED
from services.core.metrics.definitions.shared import SAID
from services.core.metrics.rules import EDGES
from services.core.metrics.types import Definition, Measure

TOTAL_SPLIT: Final = "total"
# People add up by the day they had commented on before.
PEOPLE: Final = "commenters"
SINCE: Final = "since"
# Days: as far as the longest range, and as many days before it, look back.
LONGEST_GAP: Final = 800

# What definitions read of a message.
SAID_COLUMNS: Final = (
    "workspace_id",
    "source_id",
    "case_id",
    "kind",
    "direction",
    "member_handle",
    "text",
    "occurred_at",
    "content_at",
    "deleted_at",
    "hidden",
    "historical",
    "tier",
    "category",
    "sentiment",
    "needs_reply",
    "judgement_id",
)

# How many edges are below the value: an edge itself belongs to the bin it ends.
BIN: Final = (
    f"{len(EDGES)} - width_bucket(CAST(-r.value AS float8), CAST(ARRAY["
    + ", ".join(repr(-edge) for edge in reversed(EDGES))
    + "] AS float8[]))"
)


def sums(definition: Definition, *, said: str = "messages m") -> str:
    """split, key, counted, part, total, bins of one day, read from the raw rows once.

    `said` is where messages are read from. Rows alike in every key are one before they are told
    apart by each of them.
    """
    rows = definition.rows
    assert rows is not None  # noqa: S101 - only what has rows is summed up
    splits = definition.rolled or ()
    joins = " ".join(dict.fromkeys(rows.joins.get(by, "") for by in splits))
    relation = said if rows.relation == "messages m" else rows.relation
    keys = "".join(f", {rows.keys[by]} AS key_{place}" for place, by in enumerate(splits))
    named = "".join(f", key_{place}" for place in range(len(splits)))
    values = "".join(f", ('{by.value}', r.key_{place})" for place, by in enumerate(splits))
    bins = BIN if definition.measure is Measure.TIMES else "CAST(NULL AS int)"
    return f"""
    SELECT b.split, b.key, CAST(sum(b.counted) AS bigint) AS counted,
      CAST(sum(b.part) AS bigint) AS part, sum(b.total) AS total,
      jsonb_object_agg(CAST(b.bin AS text), b.counted) FILTER (WHERE b.bin IS NOT NULL) AS bins
    FROM (
      SELECT s.split, s.key, r.bin, CAST(sum(r.counted) AS bigint) AS counted,
        CAST(sum(r.part) AS bigint) AS part, sum(r.total) AS total
      FROM (
        SELECT r.bin {named}, count(*) AS counted, count(*) FILTER (WHERE r.mark) AS part,
          sum(r.value) AS total
        FROM (
          SELECT r.*, CASE WHEN r.value IS NOT NULL THEN {bins} END AS bin FROM (
            SELECT {rows.mark} AS mark, CAST({rows.value} AS numeric) AS value {keys}
            FROM {relation} {joins} WHERE {rows.where}
          ) AS r
        ) AS r GROUP BY r.bin {named}
      ) AS r CROSS JOIN LATERAL (VALUES ('{TOTAL_SPLIT}', ''){values}) AS s (split, key)
      GROUP BY 1, 2, 3
    ) AS b GROUP BY 1, 2
    """


def put_all() -> str:
    """Every metric of a day in one statement: its messages are read once for all of them."""
    summed = " UNION ALL ".join(
        f"SELECT '{one.name}' AS metric, s.* FROM ({sums(one, said='said m')}) AS s"
        for one in ROLLED
    )
    return f"""
    WITH said AS MATERIALIZED (
      SELECT {", ".join(f"m.{column}" for column in SAID_COLUMNS)} FROM messages m WHERE {SAID}
    )
    INSERT INTO metric_rollups (workspace_id, metric, split, day, key, count, part, total, bins)
    SELECT :workspace_id, metric, split, CAST(:day AS date), key, counted, part, total, bins
    FROM ({summed}) AS summed
    """


PUT_ALL: Final = put_all()


def compare(definition: Definition) -> str:
    """Where what is kept of a day and what is counted differ; one of them may be missing."""
    columns = "{0}.count, {0}.part, {0}.total, {0}.bins"
    kept = "to_jsonb(k) - 'split' - 'key'"
    return f"""
    SELECT split, key, CASE WHEN k.count IS NOT NULL THEN {kept} END AS kept,
      CASE WHEN c.count IS NOT NULL THEN {kept.replace("(k)", "(c)")} END AS counted
    FROM (
      SELECT split, key, count, part, total, bins FROM metric_rollups
      WHERE workspace_id = :workspace_id AND metric = '{definition.name}'
        AND day = CAST(:day AS date)
    ) AS k FULL JOIN (
      SELECT split, key, counted AS count, part, total, bins FROM ({sums(definition)}) AS summed
    ) AS c USING (split, key)
    WHERE ({columns.format("k")}) IS DISTINCT FROM ({columns.format("c")})
    """


CLEAR: Final = """
DELETE FROM metric_rollups WHERE workspace_id = :workspace_id AND day = CAST(:day AS date)
"""

# Who commented on a day, how often, and on which day before; and what is kept of it.
SPOKE: Final = f"""WITH spoke AS MATERIALIZED (
  SELECT m.author_id, count(*) AS said FROM messages m WHERE {AUTHORED} GROUP BY 1
), dated AS MATERIALIZED (
  SELECT s.author_id, s.said, (
    SELECT max(p.day) FROM metric_people p
    WHERE p.workspace_id = :workspace_id AND p.follower_id = s.author_id
      AND p.day < CAST(:day AS date)
  ) AS since FROM spoke s
), kept AS MATERIALIZED (
  SELECT follower_id, said, since FROM metric_people
  WHERE workspace_id = :workspace_id AND day = CAST(:day AS date)
)"""

# What is right already is left as it lies: a large day of which a little changed would otherwise be
# written anew, and every commit meanwhile waits until that is on the disk.
PUT_PEOPLE: Final = f"""
{SPOKE}, gone AS (
  DELETE FROM metric_people p USING (
    SELECT follower_id FROM kept EXCEPT SELECT author_id FROM dated
  ) AS none
  WHERE p.workspace_id = :workspace_id AND p.day = CAST(:day AS date)
    AND p.follower_id = none.follower_id
  RETURNING p.follower_id
), corrected AS (
  UPDATE metric_people p SET said = d.said, since = d.since
  FROM dated d JOIN kept k ON k.follower_id = d.author_id
  WHERE p.workspace_id = :workspace_id AND p.day = CAST(:day AS date)
    AND p.follower_id = d.author_id AND (k.said, k.since) IS DISTINCT FROM (d.said, d.since)
), come AS (
  INSERT INTO metric_people (workspace_id, follower_id, day, said, since)
  SELECT :workspace_id, d.author_id, CAST(:day AS date), d.said, d.since
  FROM dated d LEFT JOIN kept k ON k.follower_id = d.author_id WHERE k.follower_id IS NULL
  RETURNING follower_id
)
SELECT follower_id FROM gone UNION ALL SELECT follower_id FROM come
"""

# The next day of whoever came to this one, or is not of it any more, stands on another day now.
MOVE_SINCE: Final = """
UPDATE metric_people n SET since = (
  SELECT max(p.day) FROM metric_people p
  WHERE p.workspace_id = :workspace_id AND p.follower_id = n.follower_id AND p.day < n.day
)
FROM (
  SELECT f.id, (
    SELECT min(p.day) FROM metric_people p
    WHERE p.workspace_id = :workspace_id AND p.follower_id = f.id AND p.day > CAST(:day AS date)
  ) AS day
  FROM unnest(CAST(:followers AS uuid[])) AS f (id)
) AS following
WHERE n.workspace_id = :workspace_id AND n.follower_id = following.id AND n.day = following.day
RETURNING n.day
"""

# Of each day, how many of its people had commented within one day before, within two, and so on.
WITHIN: Final = f"""
WITH gaps AS (
  SELECT day, day - since AS gap, count(*) AS n FROM metric_people
  WHERE workspace_id = :workspace_id AND day = ANY(CAST(:days AS date[])) GROUP BY 1, 2
), days AS (
  SELECT d.day, CAST(coalesce(sum(g.n), 0) AS int) AS people,
    CAST(coalesce(sum(g.n) FILTER (WHERE g.gap IS NOT NULL), 0) AS int) AS known,
    least(coalesce(max(g.gap), 0), {LONGEST_GAP}) AS longest
  FROM unnest(CAST(:days AS date[])) AS d (day) LEFT JOIN gaps g ON g.day = d.day GROUP BY 1
)
SELECT d.day, d.people, d.known, ARRAY(
  SELECT CAST(sum(coalesce(g.n, 0)) OVER (ORDER BY s.gap) AS int)
  FROM generate_series(1, d.longest) AS s (gap)
  LEFT JOIN gaps g ON g.day = d.day AND g.gap = s.gap ORDER BY s.gap
) AS within
FROM days d
"""

PUT_WITHIN: Final = f"""
UPDATE metric_days m SET people = w.people, known = w.known, within = w.within
FROM ({WITHIN}) AS w
WHERE m.workspace_id = :workspace_id AND m.day = w.day
"""

COMPARE_WITHIN: Final = f"""
SELECT m.day, '' AS key,
  jsonb_build_object('people', m.people, 'known', m.known, 'within', m.within) AS kept,
  jsonb_build_object('people', w.people, 'known', w.known, 'within', w.within) AS counted
FROM metric_days m JOIN ({WITHIN}) AS w ON w.day = m.day
WHERE m.workspace_id = :workspace_id
  AND (m.people, m.known, m.within) IS DISTINCT FROM (w.people, w.known, w.within)
"""

# A day's people, each alone. Since when is read from what is kept of the days before, which are
# compared like this one: where all agree, each stands on what was counted. One pass over all that
# was ever said would take a minute of tens of millions of messages, in one statement.
COMPARE_PEOPLE: Final = f"""
{SPOKE}
SELECT CAST(:day AS date) AS day, coalesce(CAST(c.since AS text), '') AS key,
  jsonb_build_object('since', k.since, 'count', count(k.follower_id), 'said', sum(k.said)) AS kept,
  jsonb_build_object('since', c.since, 'count', count(c.author_id), 'said', sum(c.said)) AS counted
FROM kept k FULL JOIN dated c ON c.author_id = k.follower_id
WHERE k.follower_id IS NULL OR c.author_id IS NULL
  OR (k.said, k.since) IS DISTINCT FROM (c.said, c.since)
GROUP BY k.since, c.since
"""

# The days anything happened on, promises still to come included.
BOUNDS: Final = """
SELECT min(at) AS first, max(at) AS last FROM (
  (SELECT min(occurred_at) AS at FROM messages WHERE workspace_id = :workspace_id)
  UNION ALL (SELECT max(occurred_at) FROM messages WHERE workspace_id = :workspace_id)
  UNION ALL (SELECT max(due_at) FROM clocks WHERE workspace_id = :workspace_id)
  UNION ALL (SELECT min(followed_at) FROM followers
             WHERE workspace_id = :workspace_id AND followed_at IS NOT NULL)
  UNION ALL (SELECT min(unfollowed_at) FROM followers
             WHERE workspace_id = :workspace_id AND unfollowed_at IS NOT NULL)
  UNION ALL (SELECT max(followed_at) FROM followers
             WHERE workspace_id = :workspace_id AND followed_at IS NOT NULL)
  UNION ALL (SELECT max(unfollowed_at) FROM followers
             WHERE workspace_id = :workspace_id AND unfollowed_at IS NOT NULL)
  UNION ALL (SELECT min(published_at) FROM posts WHERE workspace_id = :workspace_id)
  UNION ALL (SELECT published_at FROM posts
             WHERE workspace_id = :workspace_id AND published_at IS NOT NULL
             ORDER BY published_at DESC LIMIT 1)
) AS bounds
"""

ADD_HEAD: Final = """
INSERT INTO metric_heads (workspace_id, zone, digest) VALUES (:workspace_id, :zone, '')
ON CONFLICT DO NOTHING
"""
HEAD: Final = "SELECT * FROM metric_heads WHERE workspace_id = :workspace_id"
HOLD_HEAD: Final = f"{HEAD} FOR UPDATE"
# Whoever holds the head sums up the workspace's days; another worker passes by.
LOCK_HEAD: Final = f"{HOLD_HEAD} SKIP LOCKED"
SAVE_HEAD: Final = """
UPDATE metric_heads SET zone = :zone, digest = :digest WHERE workspace_id = :workspace_id
"""
REST: Final = "UPDATE metric_heads SET rests_until = :until WHERE workspace_id = :workspace_id"
NOTE_RECOUNT: Final = """
UPDATE metric_heads SET recounted_at = :now, mismatches = :mismatches
WHERE workspace_id = :workspace_id
"""

# A day is stale since the first change it does not know of.
SPOIL: Final = """
INSERT INTO metric_days (workspace_id, day, stale_since)
SELECT :workspace_id, d.day, min(d.since)
FROM unnest(CAST(:days AS date[]), CAST(:since AS timestamptz[])) AS d (day, since)
GROUP BY d.day
ON CONFLICT (workspace_id, day) DO UPDATE
  SET stale_since = coalesce(least(metric_days.stale_since, excluded.stale_since),
                             excluded.stale_since)
"""
# The newest first: they are looked at.
STALE: Final = """
SELECT day FROM metric_days WHERE workspace_id = :workspace_id AND stale_since IS NOT NULL
ORDER BY day DESC LIMIT :limit
"""
FRESHEN: Final = """
UPDATE metric_days SET stale_since = NULL, as_of = :now
WHERE workspace_id = :workspace_id AND day = CAST(:day AS date)
"""
DAYS: Final = """
SELECT day, stale_since, as_of FROM metric_days
WHERE workspace_id = :workspace_id AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
ORDER BY day
"""

# Workspaces with days to do, and those nobody has begun with, or under other definitions.
WAITING: Final = """
SELECT w.id FROM workspaces w
LEFT JOIN metric_heads h ON h.workspace_id = w.id
WHERE h.workspace_id IS NULL OR h.digest <> :digest OR EXISTS (
  SELECT FROM metric_days d WHERE d.workspace_id = w.id AND d.stale_since IS NOT NULL
)
ORDER BY w.id LIMIT 1000
"""
HEADS: Final = """
SELECT workspace_id FROM metric_heads
WHERE recounted_at IS NULL OR recounted_at < :before ORDER BY workspace_id LIMIT 100
"""

SUMMED: Final = """
SELECT metric, split, day, key, count AS counted, part, total, bins FROM metric_rollups
WHERE workspace_id = :workspace_id AND metric = ANY(CAST(:metrics AS text[]))
  AND split = ANY(CAST(:splits AS text[]))
  AND day >= CAST(:first AS date) AND day <= CAST(:last AS date)
"""
