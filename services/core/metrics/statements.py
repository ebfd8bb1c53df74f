"""The SQL of metrics: a definition's rows, the cells they make, and the rows behind one cell.

The rows of a cell and its count come out of the same text, so they are always as many.
"""

from itertools import pairwise
from typing import Final

from services.core.metrics.rules import BY_SIZE, READ_EDGES
from services.core.metrics.types import Definition, Measure, Part, Rows, Split

TOTAL: Final = "''"


def rows_of(rows: Rows, by: Split | None) -> str:
    """A row for each thing counted: its key, id, moment, mark and value."""
    key = TOTAL if by is None else rows.keys[by]
    joins = rows.joins.get(by, "") if by is not None else ""
    grouped = f"GROUP BY 1, {rows.group}" if rows.group else ""
    return f"""
    SELECT {key} AS key, {rows.id} AS id, {rows.at} AS at, {rows.mark} AS mark,
      CAST({rows.value} AS numeric) AS value
    FROM {rows.relation} {joins} WHERE {rows.where} {grouped}
    """


def cells(definition: Definition, rows: Rows, by: Split | None) -> str:
    """What each key came to, one more than `:limit` so that it is seen when there are more."""
    order = "counted DESC, key" if by in BY_SIZE else "key"
    times = f", {_times()}" if definition.measure is Measure.TIMES else ""
    return f"""
    SELECT r.key, count(*) AS counted, count(*) FILTER (WHERE r.mark) AS part,
      sum(r.value) AS total {times}
    FROM ({rows_of(rows, by)}) AS r GROUP BY r.key ORDER BY {order} LIMIT :limit
    """


def listed(rows: Rows, by: Split | None, part: Part, *, after: bool) -> str:
    """The rows behind one cell, the first first."""
    conditions = ["true"]
    if by is not None:
        conditions.append("r.key = :key")
    if part is Part.PART:
        conditions.append("r.mark")
    if after:
        conditions.append("(r.at, r.id) > (:after_at, :after_id)")
    return f"""
    SELECT r.id, r.at, r.mark, r.value FROM ({rows_of(rows, by)}) AS r
    WHERE {" AND ".join(conditions)} ORDER BY r.at, r.id LIMIT :limit
    """


def _times() -> str:
    edges = [None, *READ_EDGES, None]
    bins = []
    for place, (low, high) in enumerate(pairwise(edges)):
        parts = [f"r.value > {low}"] if low is not None else []
        parts += [f"r.value <= {high}"] if high is not None else []
        bins.append(f"count(*) FILTER (WHERE {' AND '.join(parts)}) AS bin_{place}")
    return (
        "percentile_disc(0.5) WITHIN GROUP (ORDER BY r.value) AS median,"
        " percentile_disc(0.9) WITHIN GROUP (ORDER BY r.value) AS p90, " + ", ".join(bins)
    )


# The first that was heard of each feed.
OBSERVED: Final = """
SELECT
  (SELECT min(occurred_at) FROM messages WHERE workspace_id = :workspace_id) AS messages,
  (SELECT least(
    (SELECT min(followed_at) FROM followers
     WHERE workspace_id = :workspace_id AND followed_at IS NOT NULL),
    (SELECT min(unfollowed_at) FROM followers
     WHERE workspace_id = :workspace_id AND unfollowed_at IS NOT NULL))) AS follows,
  (SELECT min(published_at) FROM posts WHERE workspace_id = :workspace_id) AS posts
"""
