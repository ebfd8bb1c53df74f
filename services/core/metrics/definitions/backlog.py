"""Who waits, and for how long: a state at a moment, the end of the range or of each of its days."""

from typing import Final

from services.core.metrics.definitions.shared import local
from services.core.metrics.types import (
    Definition,
    Exclusion,
    Feed,
    Measure,
    Rows,
    Split,
    Unit,
    Words,
)
from services.core.objectives import statements
from services.core.objectives.definition import IS_PROMISE, IS_RESPONSE

# The moment asked about: the end of the range, or now where that is earlier; of a split by day,
# the end of each day. `d` has one row for the other splits: its day is what the range ends in.
MOMENT: Final = "least(CAST(:end AS timestamptz), CAST(:now AS timestamptz))"
FIRST_DAY: Final = f"CAST({local('CAST(:start AS timestamptz)')} AS date)"
JUST_BEFORE: Final = f"({MOMENT} - interval '1 microsecond')"
LAST_DAY: Final = f"CAST({local(JUST_BEFORE)} AS date)"
DAY_ENDS: Final = f"""(
  SELECT CAST(day AS date) AS day,
    least({MOMENT}, CAST(CAST(day AS date) + 1 AS timestamp) AT TIME ZONE CAST(:zone AS text))
      AS until
  FROM generate_series(CAST({FIRST_DAY} AS timestamp), CAST({LAST_DAY} AS timestamp),
    interval '1 day') AS day
  WHERE {MOMENT} > :start
) AS e"""
AGE: Final = f"extract(epoch FROM {MOMENT} - c.started_at)"
WAITS: Final = f"""c.workspace_id = :workspace_id AND {IS_PROMISE} AND {IS_RESPONSE}
  AND {MOMENT} > :start"""
AT_THE_END: Final = f"""c.started_at < {MOMENT}
  AND (c.settled_at IS NULL OR c.settled_at >= {MOMENT})"""
ASSIGNED: Final = (
    f"{statements.IN_CASE} LEFT JOIN members a"
    " ON a.workspace_id = :workspace_id AND a.id = k.assignee_id"
)
KEYS: Final = {
    Split.TIER: "c.tier",
    Split.KIND: "c.kind",
    Split.CHANNEL: "k.channel",
    Split.SOURCE: "CAST(k.source_id AS text)",
    Split.MEMBER: "coalesce(a.handle, 'unassigned')",
    Split.AGE: f"""CASE WHEN {AGE} <= 2 * 3600 THEN '0-2h' WHEN {AGE} <= 12 * 3600 THEN '2-12h'
      WHEN {AGE} <= 24 * 3600 THEN '12-24h' WHEN {AGE} <= 72 * 3600 THEN '24-72h'
      ELSE 'over-72h' END""",
}
JOINS: Final = {
    Split.CHANNEL: statements.IN_CASE,
    Split.SOURCE: statements.IN_CASE,
    Split.MEMBER: ASSIGNED,
}


def _waiting(value: str) -> Rows:
    return Rows(
        subject="clock",
        relation="clocks c",
        id="c.id",
        at="c.started_at",
        where=f"{WAITS} AND {AT_THE_END}",
        keys=KEYS,
        joins=JOINS,
        value=value,
    )


BACKLOG: Final = Definition(
    name="backlog",
    version=1,
    unit=Unit.PROMISES,
    measure=Measure.COUNT,
    title=Words("待回复", "Waiting for an answer"),
    meaning=Words(
        "时间段结束时(最晚到现在)还在等我们回复的有多少。",
        "How many waited for our answer when the range ended, or now.",
    ),
    exclusions=(Exclusion.REPLY_WINDOWS,),
    feed=Feed.MESSAGES,
    rows=_waiting("NULL"),
)
BACKLOG_BY_DAY: Final = Definition(
    name="backlog_by_day",
    version=1,
    unit=Unit.PROMISES,
    measure=Measure.COUNT,
    title=Words("每日结束时的待回复", "Waiting at the end of each day"),
    meaning=Words(
        "每一天结束时还在等我们回复的有多少;合计是各天之和。",
        "How many waited for our answer when each day ended; the total adds the days up.",
    ),
    exclusions=(Exclusion.REPLY_WINDOWS,),
    feed=Feed.MESSAGES,
    rows=Rows(
        subject="clock",
        relation=f"{DAY_ENDS} JOIN clocks c ON c.started_at < e.until"
        " AND (c.settled_at IS NULL OR c.settled_at >= e.until)",
        id="c.id",
        at="e.until",
        where=WAITS,
        keys={Split.DAY: "to_char(e.day, 'YYYY-MM-DD')"},
    ),
    default_by=Split.DAY,
)
BACKLOG_AGE: Final = Definition(
    name="backlog_age",
    version=1,
    unit=Unit.SECONDS,
    measure=Measure.TIMES,
    title=Words("已等待时长", "How long they have waited"),
    meaning=Words(
        "时间段结束时还在等的,已经等了多久。",
        "For how long those had waited who still waited when the range ended, or now.",
    ),
    exclusions=(Exclusion.REPLY_WINDOWS,),
    feed=Feed.MESSAGES,
    rows=_waiting(AGE),
)

ALL: Final = (BACKLOG, BACKLOG_BY_DAY, BACKLOG_AGE)
