"""The SQL of figures: one counting for the live look and for the try on the past.

Both name the detector `d`, with its columns; what is counted is `m`.
"""

from dataclasses import dataclass
from typing import Final

from services.core.detectors.types import DetectorKind

Kind = DetectorKind

# A word is looked for as it is read: capitals and full width make no difference. The words are
# read once for a statement and not for each message, and the text once for all words.
_READ_WORDS: Final = """(
    SELECT array_agg(lower(normalize(word, NFKC))) FROM unnest({words}) AS word
  )"""
_SAID: Final = """EXISTS (
    SELECT 1 FROM (SELECT lower(normalize(m.text, NFKC)) AS words OFFSET 0) AS said
    CROSS JOIN unnest(d.said) AS word WHERE strpos(said.words, word) > 0
  )"""
_RULED: Final = """(d.rule_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM rule_runs ran
    WHERE ran.workspace_id = m.workspace_id AND ran.message_id = m.id
      AND ran.rule_id = d.rule_id AND ran.outcome <> 'stopped'
  ))"""
_HEARD: Final = """m.direction = 'in' AND m.content_at IS NOT NULL
  AND (CAST(d.source_id AS uuid) IS NULL OR m.source_id = d.source_id)
  AND (CAST(d.post_id AS uuid) IS NULL OR m.post_id = d.post_id)"""
_OF_SOURCE: Final = "(CAST(d.source_id AS uuid) IS NULL OR m.source_id = d.source_id)"


@dataclass(frozen=True, slots=True)
class Counting:
    """Where a kind's figures come from. `at` is the moment a row counts at."""

    table: str
    at: str
    kept: str
    total: str = "count(*)"
    hits: str = "0"


COUNTINGS: Final = {
    Kind.SENTIMENT_DIP: Counting(
        "messages",
        "occurred_at",
        f"{_HEARD} AND m.tier IS DISTINCT FROM 'spam'",
        hits="count(*) FILTER (WHERE m.sentiment = 'negative')",
    ),
    Kind.VOLUME_SPIKE: Counting("messages", "occurred_at", _HEARD),
    Kind.SILENCE: Counting("messages", "occurred_at", _HEARD),
    Kind.KEYWORD_SURGE: Counting(
        "messages", "occurred_at", _HEARD, hits=f"count(*) FILTER (WHERE {_SAID} OR {_RULED})"
    ),
    Kind.MASS_UNFOLLOW: Counting("followers", "unfollowed_at", _OF_SOURCE),
    Kind.FAILING_SIGNATURES: Counting(
        "signature_refusals",
        "minute",
        _OF_SOURCE,
        total="coalesce(sum(m.count), 0)",
        hits="coalesce(sum(m.count), 0)",
    ),
}

# The OFFSET keeps Postgres from reading the words again for each message.
_OF_MANY: Final = f"""JOIN detectors asked_of
      ON asked_of.workspace_id = asked.workspace_id AND asked_of.id = asked.id
    CROSS JOIN LATERAL (
      SELECT asked_of.*, {_READ_WORDS.format(words="asked_of.words")} AS said OFFSET 0
    ) AS d"""

DUE = """
SELECT d.*, date_trunc('minute', CAST(:now AS timestamptz)
  + CASE WHEN :drifts THEN coalesce(box.ahead, '0') ELSE interval '0' END) AS tick
FROM detectors d LEFT JOIN sandbox_clocks box ON box.workspace_id = d.workspace_id
WHERE d.enabled AND d.archived_at IS NULL
  AND (d.workspace_id, d.id) > (CAST(:after_workspace AS uuid), CAST(:after AS uuid))
ORDER BY d.workspace_id, d.id LIMIT :limit
"""

# A workspace's first message by the index of times.
SINCE = """
SELECT asked.id AS workspace_id,
  (SELECT min(m.occurred_at) FROM messages m WHERE m.workspace_id = asked.id) AS since
FROM unnest(CAST(:workspace_ids AS uuid[])) AS asked(id)
"""

# How long the oldest of what came waits to be taken in, history apart: the first nobody has, and
# those somebody holds. What failed before may wait for long, and says nothing of the others.
WAITS = """
SELECT asked.id AS workspace_id, (
  SELECT max(CAST(:now AS timestamptz) - head.received_at) FROM (
    (SELECT received_at FROM journal j
     WHERE j.workspace_id = asked.id AND j.state = 'pending' AND NOT j.historical
       AND j.attempts = 0 AND j.next_at <= :now
     ORDER BY j.historical, j.next_at LIMIT 1)
    UNION ALL
    (SELECT received_at FROM journal j
     WHERE j.workspace_id = asked.id AND j.state = 'pending' AND NOT j.historical
       AND j.attempts = 1 AND j.next_at > :now
     ORDER BY j.historical, j.next_at LIMIT 200)
  ) AS head
) AS waits
FROM unnest(CAST(:workspace_ids AS uuid[])) AS asked(id)
"""

# Held by somebody means looked at by them.
LOOKED = """
WITH looked AS MATERIALIZED (
  SELECT d.workspace_id, d.id, asked.tick
  FROM unnest(CAST(:workspace_ids AS uuid[]), CAST(:ids AS uuid[]), CAST(:ticks AS timestamptz[]))
    AS asked(workspace_id, id, tick)
  JOIN detectors d ON d.workspace_id = asked.workspace_id AND d.id = asked.id
  WHERE d.looked_at IS NULL OR d.looked_at < asked.tick
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE detectors d SET looked_at = looked.tick FROM looked
WHERE d.workspace_id = looked.workspace_id AND d.id = looked.id
"""

GOING_ON = """
SELECT f.* FROM unnest(CAST(:workspace_ids AS uuid[]), CAST(:ids AS uuid[]))
  AS asked(workspace_id, id)
JOIN detector_firings f ON f.workspace_id = asked.workspace_id AND f.detector_id = asked.id
WHERE f.ended_at IS NULL
"""

LATEST = """
SELECT last.* FROM unnest(CAST(:ids AS uuid[]), CAST(:subjects AS text[])) AS asked(id, subject)
CROSS JOIN LATERAL (
  SELECT * FROM detector_firings f
  WHERE f.workspace_id = :workspace_id AND f.detector_id = asked.id
    AND f.subject = asked.subject
  ORDER BY f.started_at DESC LIMIT 1
) AS last
"""

END = """
UPDATE detector_firings f SET ended_at = over.at
FROM unnest(CAST(:ids AS uuid[]), CAST(:moments AS timestamptz[])) AS over(id, at)
WHERE f.workspace_id = :workspace_id AND f.id = over.id AND f.ended_at IS NULL
RETURNING f.*
"""

END_OF_DETECTOR = """
UPDATE detector_firings SET ended_at = greatest(started_at, :at)
WHERE workspace_id = :workspace_id AND detector_id = :detector_id AND ended_at IS NULL
RETURNING *
"""


def figures(kind: DetectorKind, *, by_source: bool) -> str:
    """The windows of many detectors at once: now, and the same of each week before."""
    counting = COUNTINGS[kind]
    subject = "s.id" if by_source else "CAST(NULL AS uuid)"
    sources = (
        "JOIN sources s ON s.workspace_id = d.workspace_id AND s.deleted_at IS NULL"
        " AND (d.source_id IS NULL OR s.id = d.source_id)"
        if by_source
        else ""
    )
    only = "AND m.source_id = s.id" if by_source else ""
    return f"""
    SELECT d.workspace_id, d.id, {subject} AS subject, ago.weeks AS week, f.total, f.hits
    FROM unnest(CAST(:workspace_ids AS uuid[]), CAST(:ids AS uuid[]),
      CAST(:ticks AS timestamptz[]), CAST(:weeks AS integer[])) AS asked(workspace_id, id, tick, w)
    {_OF_MANY}
    {sources}
    CROSS JOIN LATERAL generate_series(0, asked.w) AS ago(weeks)
    CROSS JOIN LATERAL (
      SELECT {counting.total} AS total, {counting.hits} AS hits FROM {counting.table} m
      WHERE m.workspace_id = d.workspace_id
        AND m.{counting.at} >= asked.tick
          - make_interval(weeks => ago.weeks, mins => d.window_minutes)
        AND m.{counting.at} < asked.tick - make_interval(weeks => ago.weeks)
        AND {counting.kept} {only}
    ) AS f
    """


def minutes_of_many(kind: DetectorKind, *, by_source: bool) -> str:
    """The minutes of many detectors between two moments, and of the same of each week before."""
    counting = COUNTINGS[kind]
    subject = "m.source_id" if by_source else "CAST(NULL AS uuid)"
    live = (
        "JOIN sources s ON s.workspace_id = d.workspace_id AND s.id = f.subject"
        " AND s.deleted_at IS NULL"
        if by_source
        else ""
    )
    return f"""
    SELECT d.id, f.subject, f.minute, f.total, f.hits
    FROM unnest(CAST(:workspace_ids AS uuid[]), CAST(:ids AS uuid[]),
      CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]), CAST(:weeks AS integer[]))
      AS asked(workspace_id, id, start, until, w)
    {_OF_MANY}
    CROSS JOIN LATERAL generate_series(0, asked.w) AS ago(weeks)
    CROSS JOIN LATERAL (
      SELECT {subject} AS subject, date_trunc('minute', m.{counting.at}) AS minute,
        {counting.total} AS total, {counting.hits} AS hits
      FROM {counting.table} m
      WHERE m.workspace_id = d.workspace_id
        AND m.{counting.at} >= asked.start - make_interval(weeks => ago.weeks)
        AND m.{counting.at} < asked.until - make_interval(weeks => ago.weeks)
        AND {counting.kept}
      GROUP BY 1, 2
    ) AS f
    {live}
    """


def series(kind: DetectorKind, *, by_source: bool) -> str:
    """The minutes of a draft between two moments, those with anything in them."""
    counting = COUNTINGS[kind]
    subject = "m.source_id" if by_source else "CAST(NULL AS uuid)"
    return f"""
    SELECT {subject} AS subject, date_trunc('minute', m.{counting.at}) AS minute,
      {counting.total} AS total, {counting.hits} AS hits
    FROM {counting.table} m CROSS JOIN (
      SELECT CAST(:source_id AS uuid) AS source_id, CAST(:post_id AS uuid) AS post_id,
        CAST(:rule_id AS uuid) AS rule_id,
        {_READ_WORDS.format(words="CAST(:words AS text[])")} AS said OFFSET 0
    ) AS d
    WHERE m.workspace_id = :workspace_id AND m.{counting.at} >= :start AND m.{counting.at} < :end
      AND {counting.kept}
    GROUP BY 1, 2
    """
