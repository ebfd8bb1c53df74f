"""SQL of a claim: fair over workspaces, within each channel's bucket, too much in one message."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts.buckets import (
    GATHERING,
    INCIDENTS,
    ONE_KEPT_OF,
    STORM_WINDOW,
    USUAL_ROWS,
    Bucket,
)
from services.core.kit.uow import UnitOfWork

# The channels that have waiting rows, by jumping from one to the next in the index, so that a
# backlog of one costs the others nothing.
WAITING: Final = """
WITH RECURSIVE waiting AS (
  (SELECT workspace_id, channel_id FROM outbox WHERE state = 'pending'
   ORDER BY workspace_id, channel_id LIMIT 1)
  UNION ALL
  SELECT following.workspace_id, following.channel_id
  FROM waiting w CROSS JOIN LATERAL (
    SELECT o.workspace_id, o.channel_id FROM outbox o
    WHERE o.state = 'pending' AND (o.workspace_id, o.channel_id) > (w.workspace_id, w.channel_id)
    ORDER BY o.workspace_id, o.channel_id LIMIT 1
  ) AS following
)"""

# What is in a bucket by now.
FILLED: Final = """least({bucket}.capacity, coalesce({state}.tokens, {bucket}.capacity)
      + {bucket}.refill
        * greatest(0, extract(epoch FROM CAST(:now AS timestamptz) - {state}.refilled_at)))"""

# Whether more alerts were raised in the workspace lately than it wants to read one by one. Reads no
# more of them than that. Where there are sandboxes, each raises in a time of its own.
STORMY: Final = """EXISTS (
      SELECT FROM alerts raised WHERE raised.workspace_id = {door}.workspace_id
        AND raised.fired_at > CAST(:now AS timestamptz) - CAST(:storm_window AS interval)
          + coalesce((SELECT z.ahead FROM sandbox_clocks z
              WHERE CAST(:drifts AS bool) AND z.workspace_id = {door}.workspace_id), interval '0')
      ORDER BY raised.fired_at OFFSET {door}.storm_at LIMIT 1)"""

# Before the claim and apart from it: what two workers would make at once, one of them finds.
ENSURE_STATES: Final = f"""{WAITING}
INSERT INTO channel_states (workspace_id, channel_id, refilled_at)
SELECT w.workspace_id, w.channel_id, :now FROM waiting w
WHERE NOT EXISTS (
  SELECT FROM channel_states s
  WHERE s.workspace_id = w.workspace_id AND s.channel_id = w.channel_id)
ORDER BY w.workspace_id, w.channel_id
ON CONFLICT DO NOTHING
"""

# Two levels: the channels at whose door one may knock, then the rows inside each that has a free
# hand and a token. Workspaces take turns, whoever has fewer sendings on their way before others, so
# that the many channels of one do not fill every seat. A channel's state is locked first: no two
# workers spend the same token. What a bucket does not let through singly goes as one digest, urgent
# rows singly before it as far as they can; in a storm all goes so, and what is not urgent waits a
# little for others to go with. Where each alert is an incident, its end goes by itself. The commit
# of this statement is the proof that an attempt was begun: what was begun before and never ended is
# in doubt from now on.
CLAIM: Final = f"""{WAITING}, tiers (tier, rank) AS (
  VALUES ('urgent', 0), ('important', 1), ('routine', 2), ('spam', 3)
), laws AS MATERIALIZED (
  SELECT * FROM unnest(
    CAST(:kinds AS text[]), CAST(:capacities AS int[]), CAST(:refills AS float8[]),
    CAST(:digest_rows AS int[]), CAST(:widths AS int[])
  ) AS law (kind, capacity, refill, digest_rows, width)
), doors AS (
  SELECT w.workspace_id, w.channel_id, l.kind, s.tokens, s.refilled_at, s.open_until,
    least(CAST(:width AS int), l.width) - coalesce(b.sending, 0) AS free,
    sum(coalesce(b.sending, 0)) OVER (PARTITION BY w.workspace_id) AS sending_here, own.*,
    own.capacity / CAST(:one_kept_of AS int) AS kept,
    {FILLED.format(bucket="own", state="s")} AS filled
  FROM waiting w
  JOIN workspaces place ON place.id = w.workspace_id
  JOIN channels c ON c.workspace_id = w.workspace_id AND c.id = w.channel_id
    AND c.enabled AND c.archived_at IS NULL AND c.paused_at IS NULL
  JOIN channel_states s ON s.workspace_id = w.workspace_id AND s.channel_id = w.channel_id
    AND (s.open_until IS NULL OR s.open_until <= :now)
  JOIN laws l ON l.kind = c.kind
  CROSS JOIN LATERAL (
    SELECT told.storm_at, CASE WHEN told.digest THEN greatest(l.digest_rows, :usual_rows)
      WHEN NOT told.digest THEN 0 ELSE l.digest_rows END AS digest_rows,
      coalesce(told.per_minute,
        CASE WHEN told.digest AND l.digest_rows = 0 THEN CAST(told.storm_at AS float8) END) AS asked
    FROM (SELECT CAST(c.config ->> 'digest' AS bool) AS digest,
      CAST(c.config ->> 'per_minute' AS float8) AS per_minute,
      coalesce(place.storm_per_minute, CAST(:storm AS int)) AS storm_at) AS told
  ) AS wish
  CROSS JOIN LATERAL (
    SELECT CASE WHEN wish.asked IS NULL THEN l.capacity
        ELSE least(l.capacity, CAST(greatest(1, floor(wish.asked / 4)) AS int)) END AS capacity,
      CASE WHEN wish.asked IS NULL THEN l.refill
        ELSE greatest(wish.asked - greatest(1, floor(wish.asked / 4)), wish.asked / 2) / 60
      END AS refill,
      wish.digest_rows, wish.storm_at
  ) AS own
  LEFT JOIN unnest(CAST(:busy_ids AS uuid[]), CAST(:busy_counts AS int[]))
    AS b (channel_id, sending) ON b.channel_id = w.channel_id
), ready AS MATERIALIZED (
  SELECT d.*, d.sending_here + row_number() OVER (
      PARTITION BY d.workspace_id ORDER BY first.rank, first.next_at, d.channel_id) AS turn
  FROM doors d CROSS JOIN LATERAL (
    SELECT t.rank, head.next_at FROM tiers t CROSS JOIN LATERAL (
      SELECT o.next_at FROM outbox o
      WHERE o.state = 'pending' AND o.workspace_id = d.workspace_id
        AND o.channel_id = d.channel_id AND o.tier = t.tier AND o.next_at <= :now
      ORDER BY o.next_at LIMIT 1
    ) AS head ORDER BY t.rank LIMIT 1
  ) AS first
  WHERE d.free > 0
    AND d.filled >= CASE WHEN first.rank = 0 THEN 1 ELSE 1 + d.kept END
    AND (first.rank = 0 OR d.digest_rows = 0 OR first.next_at <= :gathered_by
      OR NOT {STORMY.format(door="d")})
  ORDER BY turn, first.rank, first.next_at LIMIT :limit
), held AS MATERIALIZED (
  SELECT s.workspace_id, s.channel_id, s.tokens, s.refilled_at, s.open_until
  FROM ready r JOIN channel_states s
    ON s.workspace_id = r.workspace_id AND s.channel_id = r.channel_id
  FOR UPDATE OF s SKIP LOCKED
), allowed AS MATERIALIZED (
  SELECT r.workspace_id, r.channel_id, r.kind, r.kept, r.digest_rows, r.capacity, level.tokens,
    CAST(floor(level.tokens) AS int) AS whole, h.open_until IS NOT NULL AS probing,
    CASE WHEN h.open_until IS NOT NULL THEN 1 ELSE r.free END AS free,
    CASE WHEN r.digest_rows = 0 THEN false ELSE {STORMY.format(door="r")} END AS stormy
  FROM ready r JOIN held h
    ON h.workspace_id = r.workspace_id AND h.channel_id = r.channel_id
  CROSS JOIN LATERAL (SELECT {FILLED.format(bucket="r", state="h")} AS tokens) AS level
  WHERE (h.open_until IS NULL OR h.open_until <= :now) AND level.tokens >= 1
), locked AS MATERIALIZED (
  SELECT a.*, t.rank, mine.id, mine.next_at,
    mine.purpose = 'resolved' AND a.kind = ANY(CAST(:incidents AS text[])) AS solo
  FROM allowed a CROSS JOIN tiers t CROSS JOIN LATERAL (
    SELECT o.id, o.next_at, o.purpose FROM outbox o
    WHERE o.state = 'pending' AND o.workspace_id = a.workspace_id
      AND o.channel_id = a.channel_id AND o.tier = t.tier AND o.next_at <= :now
    ORDER BY o.next_at, o.id
    LIMIT CASE WHEN a.digest_rows = 0 THEN a.free ELSE a.capacity + a.digest_rows END
    FOR UPDATE SKIP LOCKED
  ) AS mine
), counted AS (
  SELECT l.*, row_number() OVER channel_rows AS place,
    count(*) OVER whole_channel AS total,
    count(*) FILTER (WHERE l.rank = 0) OVER whole_channel AS urgent
  FROM locked l
  WINDOW whole_channel AS (PARTITION BY l.workspace_id, l.channel_id),
    channel_rows AS (
      PARTITION BY l.workspace_id, l.channel_id ORDER BY l.rank, l.next_at, l.id)
), storms AS (
  SELECT c.*, c.digest_rows > 0 AND (c.stormy OR c.total > c.whole - c.kept)
      AND (c.urgent < c.total OR c.urgent > c.whole) AS storm,
    CASE WHEN c.urgent <= c.whole THEN c.urgent ELSE c.whole - 1 END AS alone
  FROM counted c
), units AS (
  SELECT s.*, s.storm AND s.place > s.alone AND NOT s.solo AS together,
    CASE WHEN NOT s.storm OR s.place <= s.alone THEN s.place
      WHEN s.solo THEN s.place + 1 ELSE s.alone + 1 END AS unit
  FROM storms s
), passing AS (
  SELECT * FROM units u
  WHERE u.unit <= u.free
    AND u.unit <= u.whole - CASE WHEN u.rank = 0 OR u.urgent > u.alone AND u.together
                            THEN 0 ELSE u.kept END
    AND (NOT u.together OR u.place <= u.alone + u.digest_rows)
), seated AS (
  SELECT workspace_id, channel_id, unit FROM passing
  GROUP BY workspace_id, channel_id, unit
  ORDER BY unit, min(rank), min(next_at), channel_id LIMIT :limit
), chosen AS MATERIALIZED (
  SELECT p.* FROM passing p JOIN seated USING (workspace_id, channel_id, unit)
), charged AS (
  UPDATE channel_states s SET
    tokens = used.tokens - used.units, refilled_at = :now,
    open_until = CASE WHEN used.probing THEN :lease_end ELSE s.open_until END
  FROM (
    SELECT workspace_id, channel_id, tokens, probing, count(DISTINCT unit) AS units
    FROM chosen
    GROUP BY workspace_id, channel_id, tokens, probing
  ) AS used
  WHERE s.workspace_id = used.workspace_id AND s.channel_id = used.channel_id
), taken AS (
  UPDATE outbox o SET
    token = o.token + 1,
    attempts = o.attempts + CASE WHEN o.attempts < :max_attempts THEN 1 ELSE 0 END,
    next_at = :lease_end,
    state = CASE WHEN o.attempts < :max_attempts THEN 'pending' ELSE 'dead' END,
    last_error = CASE WHEN o.attempts < :max_attempts THEN o.last_error
                      ELSE 'No attempt came to an end.' END
  FROM chosen WHERE o.workspace_id = chosen.workspace_id AND o.id = chosen.id
  RETURNING o.*, chosen.rank, chosen.place, chosen.unit, chosen.together, chosen.probing
), doubted AS (
  UPDATE send_attempts a SET outcome = 'in_doubt', finished_at = :now
  FROM taken t
  WHERE a.workspace_id = t.workspace_id AND a.outbox_id = t.id AND a.outcome = 'started'
), started AS (
  INSERT INTO send_attempts (workspace_id, outbox_id, attempt, started_at, outcome)
  SELECT workspace_id, id, token, :now, 'started' FROM taken WHERE state = 'pending'
)
SELECT t.*, c.kind, c.config, c.secret,
  CASE WHEN c.old_secret_until > :now THEN c.old_secret END AS old_secret,
  EXISTS (
    SELECT FROM send_attempts a WHERE a.workspace_id = t.workspace_id AND a.outbox_id = t.id
      AND a.outcome IN ('started', 'in_doubt')
  ) AS in_doubt
FROM taken t JOIN channels c ON c.workspace_id = t.workspace_id AND c.id = t.channel_id
ORDER BY t.unit, t.rank, t.place, t.id
"""

NAME_DIGESTS: Final = """
UPDATE send_attempts a SET digest_id = named.digest_id
FROM unnest(
  CAST(:workspace_ids AS uuid[]), CAST(:ids AS uuid[]), CAST(:tokens AS bigint[]),
  CAST(:digest_ids AS uuid[])
) AS named (workspace_id, outbox_id, token, digest_id)
WHERE a.workspace_id = named.workspace_id AND a.outbox_id = named.outbox_id
  AND a.attempt = named.token
"""


async def claim(
    uow: UnitOfWork,
    *,
    limit: int,
    width: int,
    busy: Mapping[UUID, int],
    lease: timedelta,
    max_attempts: int,
    buckets: Sequence[Bucket],
    storm_per_minute: int,
    drifts: bool,
) -> list[Row[Any]]:
    """Rows of any workspace, in at most `limit` messages; `width` of a channel less its busy.

    Rows of one channel that are `together` are to be one message. `drifts` says whether sandboxes
    live ahead.
    """
    parameters = {
        "now": uow.real_now,
        "lease_end": uow.real_now + lease,
        "limit": limit,
        "width": width,
        "busy_ids": list(busy),
        "busy_counts": list(busy.values()),
        "max_attempts": max_attempts,
        "usual_rows": USUAL_ROWS,
        "one_kept_of": ONE_KEPT_OF,
        "storm": storm_per_minute,
        "storm_window": STORM_WINDOW,
        "gathered_by": uow.real_now - GATHERING,
        "incidents": sorted(INCIDENTS),
        "drifts": drifts,
        "kinds": [one.kind for one in buckets],
        "capacities": [one.capacity for one in buckets],
        "refills": [one.refill for one in buckets],
        "digest_rows": [one.digest_rows for one in buckets],
        "widths": [one.width for one in buckets],
    }
    await uow.execute(ENSURE_STATES, {"now": uow.real_now})
    return list(await uow.execute(CLAIM, parameters))


async def name_digests(uow: UnitOfWork, named: Sequence[tuple[Row[Any], UUID]]) -> None:
    """Write with each attempt which digest it went out in."""
    await uow.execute(
        NAME_DIGESTS,
        {
            "workspace_ids": [row.workspace_id for row, _ in named],
            "ids": [row.id for row, _ in named],
            "tokens": [row.token for row, _ in named],
            "digest_ids": [digest_id for _, digest_id in named],
        },
    )
