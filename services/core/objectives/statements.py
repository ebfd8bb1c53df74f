"""The SQL of objectives: each answer is one statement over the clocks due in a range.

Put together here from the definition; nothing of a request but bound values reaches it.
"""

from itertools import pairwise
from typing import Final

from services.core.objectives.definition import (
    CLOCK,
    COUNTED,
    IS_PROMISE,
    IS_RESPONSE,
    IS_TIMED,
    PROMISE,
    TARGET,
    is_open,
    met,
    missed,
)
from services.core.objectives.types import By, Verdict

MOMENTS: Final = {"clock": CLOCK, "target": TARGET, "promise": PROMISE}
HOURS: Final = (1, 4, 8, 24)

DUE: Final = (
    "c.workspace_id = :workspace_id AND c.due_at >= :start AND c.due_at < :end AND " + IS_PROMISE
)
IN_CASE: Final = "JOIN cases k ON k.workspace_id = :workspace_id AND k.id = c.case_id"
IN_ANSWER: Final = (
    "LEFT JOIN messages m ON m.workspace_id = :workspace_id AND m.id = c.settling_message_id"
)

# What each split is by, and what must be joined for it.
KEYS: Final = {
    By.DAY: "CAST(CAST(c.due_at AT TIME ZONE CAST(:zone AS text) AS date) AS text)",
    By.TIER: "c.tier",
    By.MEMBER: "coalesce(m.member_handle, CASE WHEN m.by_advocate THEN 'advocate' END, 'unknown')",
    By.SOURCE: "CAST(k.source_id AS text)",
    By.CHANNEL: "k.channel",
    By.KIND: "c.kind",
}
JOINS: Final = {By.MEMBER: IN_ANSWER, By.SOURCE: IN_CASE, By.CHANNEL: IN_CASE}
VERDICTS: Final = {
    Verdict.MET: met(CLOCK),
    Verdict.MISSED: missed(CLOCK),
    Verdict.OPEN: is_open(CLOCK),
}

TOOK: Final = f"""
CROSS JOIN LATERAL (
  SELECT CASE WHEN {IS_TIMED} THEN extract(epoch FROM c.settled_at - c.started_at) END AS wall
) AS took
CROSS JOIN LATERAL (
  SELECT CASE WHEN wall IS NOT NULL THEN {COUNTED} END AS counted
) AS net
"""


def _counts() -> str:
    columns = []
    for name, moment in MOMENTS.items():
        columns += [
            f"count(*) FILTER (WHERE {met(moment)}) AS {name}_met",
            f"count(*) FILTER (WHERE {missed(moment)}) AS {name}_missed",
            f"count(*) FILTER (WHERE {is_open(moment)}) AS {name}_open",
        ]
    return ", ".join(columns)


def _times(name: str) -> str:
    return (
        f"count({name}) AS {name}_count, sum({name}) AS {name}_sum,"
        f" percentile_disc(0.5) WITHIN GROUP (ORDER BY {name}) AS {name}_median,"
        f" percentile_disc(0.9) WITHIN GROUP (ORDER BY {name}) AS {name}_p90"
    )


def _histogram() -> str:
    edges = [0, *(hour * 3600 for hour in HOURS)]
    bins = [
        f"wall > {low} AND wall <= {high}" if low else f"wall <= {high}"
        for low, high in pairwise(edges)
    ]
    bins.append(f"wall > {edges[-1]}")
    return ", ".join(
        f"count(*) FILTER (WHERE {each}) AS bin_{place}" for place, each in enumerate(bins)
    )


CELLS: Final = f"""
SELECT {{key}} AS key, {_counts()}, {_times("wall")}, {_times("counted")}, {_histogram()}
FROM clocks c {{joins}} {TOOK}
WHERE {DUE} {{conditions}}
GROUP BY 1 ORDER BY 1 LIMIT :limit
"""

ROWS: Final = f"""
SELECT c.id, c.case_id, c.kind, c.tier, c.state, c.started_at, c.due_at,
  {TARGET} AS target_due_at, c.promise_due_at, c.settled_at, c.settling_message_id, took.wall,
  {IS_RESPONSE} AS is_response, k.channel, k.source_id, m.member_handle AS member,
  CASE {" ".join(f"WHEN {condition} THEN '{each}'" for each, condition in VERDICTS.items())} END
    AS verdict
FROM clocks c {IN_CASE} {IN_ANSWER} {TOOK}
WHERE {DUE} {{conditions}}
ORDER BY c.due_at, c.id LIMIT :limit
"""

# A clock held for nobody knows how long is due at no known time; one held until a known moment has
# that moment in its due time already.
AT_RISK: Final = """
SELECT c.id, c.case_id, c.kind, c.tier, c.state, c.due_at, c.paused_until, k.channel, k.source_id,
  k.assignee_id, a.handle AS assignee_handle, CAST(k.channel <> 'dm' AS int) AS place
FROM clocks c
JOIN cases k ON k.workspace_id = :workspace_id AND k.id = c.case_id
LEFT JOIN members a ON a.workspace_id = :workspace_id AND a.id = k.assignee_id
WHERE c.workspace_id = :workspace_id AND c.settled_at IS NULL AND c.state <> 'void'
  AND c.kind <> 'reply_window' AND c.due_at > :now AND c.due_at <= :until
  AND (c.state = 'running' OR (c.state = 'paused' AND c.paused_until <= c.due_at)) {conditions}
ORDER BY c.due_at, place, c.id LIMIT :limit
"""
AFTER_RISK: Final = """
AND (c.due_at, CAST(k.channel <> 'dm' AS int), c.id) > (:after_at, :after_place, :after_id)
"""

# Only what the rows tell: the first answer of a case, and what its follower did next.
BANDS: Final = f"""
WITH firsts AS MATERIALIZED (
  SELECT c.case_id, c.thread_id, c.settled_at, took.wall
  FROM clocks c {TOOK}
  WHERE {DUE} AND c.kind = 'first_response' AND {IS_TIMED}
)
SELECT CASE WHEN f.wall < 4 * 3600 THEN 'under_4h' WHEN f.wall > 12 * 3600 THEN 'over_12h'
    ELSE 'between' END AS name,
  count(*) AS cases,
  count(*) FILTER (WHERE EXISTS (
    SELECT FROM clocks n
    WHERE n.workspace_id = :workspace_id AND n.case_id = f.case_id AND n.kind = 'next_response'
      AND n.state <> 'void' AND n.started_at > f.settled_at
  )) AS followed_up,
  count(*) FILTER (WHERE k.reopened > 0) AS reopened,
  count(*) FILTER (WHERE said.sentiment = 'positive') AS positive,
  count(*) FILTER (WHERE said.sentiment = 'neutral') AS neutral,
  count(*) FILTER (WHERE said.sentiment = 'negative') AS negative
FROM firsts f
JOIN cases k ON k.workspace_id = :workspace_id AND k.id = f.case_id
LEFT JOIN LATERAL (
  SELECT m.sentiment FROM messages m
  WHERE m.workspace_id = :workspace_id AND m.thread_id = f.thread_id AND m.direction = 'in'
    AND m.deleted_at IS NULL AND m.occurred_at > f.settled_at
    AND m.occurred_at <= f.settled_at + interval '7 days'
  ORDER BY m.occurred_at, m.id LIMIT 1
) AS said ON true
GROUP BY 1
"""

WITH_OBJECTIVES: Final = "SELECT workspace_id FROM objectives ORDER BY workspace_id"

OBJECTIVE: Final = "SELECT * FROM objectives WHERE workspace_id = :workspace_id"

SAVE: Final = """
INSERT INTO objectives
  (workspace_id, percent, window_days, kinds, tiers, channels, source_ids, updated_at)
VALUES (:workspace_id, :percent, :window_days, :kinds, :tiers, :channels,
  CAST(:source_ids AS uuid[]), :now)
ON CONFLICT (workspace_id) DO UPDATE SET percent = excluded.percent,
  window_days = excluded.window_days, kinds = excluded.kinds, tiers = excluded.tiers,
  channels = excluded.channels, source_ids = excluded.source_ids, updated_at = excluded.updated_at
"""

BURNS: Final = """
SELECT id, pace, started_at, ended_at FROM budget_burns
WHERE workspace_id = :workspace_id ORDER BY started_at DESC, id DESC LIMIT :limit
"""

LAST_BURNS: Final = """
SELECT DISTINCT ON (pace) id, pace, started_at, ended_at FROM budget_burns
WHERE workspace_id = :workspace_id ORDER BY pace, started_at DESC, id DESC
"""

BEGIN: Final = """
INSERT INTO budget_burns (workspace_id, id, pace, started_at)
VALUES (:workspace_id, :id, :pace, :now)
"""

END: Final = """
UPDATE budget_burns SET ended_at = :now
WHERE workspace_id = :workspace_id AND id = :id AND ended_at IS NULL
"""


def windows(count: int, joins: str, conditions: str) -> str:
    """Decided promises due within each of `count` windows that end now, in one pass.

    Bound are `since_0` … for their beginnings, and `start` for the longest.
    """
    columns = ", ".join(
        f"count(*) FILTER (WHERE c.due_at > :since_{place} AND {verdict}) AS {name}_{place}"
        for place in range(count)
        for name, verdict in (("met", met(CLOCK)), ("missed", missed(CLOCK)))
    )
    return f"""
    SELECT {columns} FROM clocks c {joins}
    WHERE c.workspace_id = :workspace_id AND c.due_at > :start AND c.due_at <= :now
      AND {IS_PROMISE} {conditions}
    """
