"""The SQL of figures: one counting for the live look and for the try on the past.

Both name the detector `d`, with its columns; what is counted is `m`.
"""

from dataclasses import dataclass
from typing import Final

from services.core.detectors.types import DetectorKind

Kind = DetectorKind

# A word is looked for as it is read: capitals and full width make no difference.
_SAID: Final = """EXISTS (
    SELECT 1 FROM unnest(d.words) AS word
    WHERE strpos(lower(normalize(m.text, NFKC)), lower(normalize(word, NFKC))) > 0
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
UPDATE detector_firings SET ended_at = :at
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[])) AND ended_at IS NULL
RETURNING *
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
    JOIN detectors d ON d.workspace_id = asked.workspace_id AND d.id = asked.id
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


def series(kind: DetectorKind, *, by_source: bool) -> str:
    """The minutes of a draft between two moments, those with anything in them."""
    counting = COUNTINGS[kind]
    subject = "m.source_id" if by_source else "CAST(NULL AS uuid)"
    return f"""
    SELECT {subject} AS subject, date_trunc('minute', m.{counting.at}) AS minute,
      {counting.total} AS total, {counting.hits} AS hits
    FROM {counting.table} m CROSS JOIN (
      SELECT CAST(:source_id AS uuid) AS source_id, CAST(:post_id AS uuid) AS post_id,
        CAST(:rule_id AS uuid) AS rule_id, CAST(:words AS text[]) AS words
    ) AS d
    WHERE m.workspace_id = :workspace_id AND m.{counting.at} >= :start AND m.{counting.at} < :end
      AND {counting.kept}
    GROUP BY 1, 2
    """
