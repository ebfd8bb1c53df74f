"""SQL of lateness: the head of every queue by one probe of its index, however long the queue is."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork

# A look at the state of things must never become the load, and a queue's figures are always old:
# the planner is kept to the partial indexes that have the order.
CAREFULLY: Final = """
SELECT set_config('statement_timeout', '2s', true), set_config('lock_timeout', '1s', true),
  set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('enable_sort', 'off', true)
"""

# What is held by a worker or waits for another try has its next moment ahead of it; there are few
# of those, and among them may be the oldest.
HELD: Final = 200
# A bucket whose last token was spent no longer ago is being emptied as fast as it may be.
METERED: Final = timedelta(minutes=3)

# By workspace, live and historical apart, as the claim does: the first that is due, and the held.
DELIVERIES: Final = """
WITH RECURSIVE waiting (workspace_id) AS (
  (SELECT workspace_id FROM journal WHERE state = 'pending'
   ORDER BY workspace_id, historical, next_at LIMIT 1)
  UNION ALL
  SELECT (
    SELECT journal.workspace_id FROM journal
    WHERE journal.state = 'pending' AND journal.workspace_id > waiting.workspace_id
    ORDER BY journal.workspace_id, journal.historical, journal.next_at LIMIT 1
  ) FROM waiting WHERE waiting.workspace_id IS NOT NULL
), kinds (historical) AS (
  VALUES (false), (true)
), heads AS (
  SELECT head.* FROM waiting CROSS JOIN kinds CROSS JOIN LATERAL (
    (SELECT received_at, next_at, historical FROM journal
     WHERE journal.workspace_id = waiting.workspace_id AND state = 'pending'
       AND journal.historical = kinds.historical AND next_at <= :now
     ORDER BY next_at LIMIT 1)
    UNION ALL
    (SELECT received_at, next_at, historical FROM journal
     WHERE journal.workspace_id = waiting.workspace_id AND state = 'pending'
       AND journal.historical = kinds.historical AND next_at > :now
     ORDER BY next_at LIMIT :held)
  ) AS head
)
SELECT min(received_at) AS oldest,
  min(next_at) FILTER (WHERE next_at <= :now AND NOT historical) AS overdue_since
FROM heads
"""

# Held rows of a channel that is sending are no news, and neither is what waits behind them, for a
# shut door to open, or for a token where the last one was spent lately.
OUTBOX: Final = """
WITH RECURSIVE waiting AS (
  (SELECT workspace_id, channel_id FROM outbox WHERE state = 'pending'
   ORDER BY workspace_id, channel_id, tier, next_at LIMIT 1)
  UNION ALL
  SELECT following.workspace_id, following.channel_id
  FROM waiting w CROSS JOIN LATERAL (
    SELECT o.workspace_id, o.channel_id FROM outbox o
    WHERE o.state = 'pending' AND (o.workspace_id, o.channel_id) > (w.workspace_id, w.channel_id)
    ORDER BY o.workspace_id, o.channel_id, o.tier, o.next_at LIMIT 1
  ) AS following
), tiers (tier) AS (
  VALUES ('urgent'), ('important'), ('routine'), ('spam')
), heads AS (
  SELECT w.workspace_id, w.channel_id, head.*,
    s.open_until > :now OR (s.tokens IS NOT NULL AND s.refilled_at > :metered) AS at_rest
  FROM waiting w
  JOIN channels c ON c.workspace_id = w.workspace_id AND c.id = w.channel_id
    AND c.enabled AND c.archived_at IS NULL AND c.paused_at IS NULL
  LEFT JOIN channel_states s ON s.workspace_id = w.workspace_id AND s.channel_id = w.channel_id
  CROSS JOIN tiers CROSS JOIN LATERAL (
    (SELECT created_at, next_at, token FROM outbox o
     WHERE o.state = 'pending' AND o.workspace_id = w.workspace_id
       AND o.channel_id = w.channel_id AND o.tier = tiers.tier AND next_at <= :now
     ORDER BY next_at LIMIT 1)
    UNION ALL
    (SELECT created_at, next_at, token FROM outbox o
     WHERE o.state = 'pending' AND o.workspace_id = w.workspace_id
       AND o.channel_id = w.channel_id AND o.tier = tiers.tier AND next_at > :now
     ORDER BY next_at LIMIT :held)
  ) AS head
), channels_waiting AS (
  SELECT min(created_at) AS oldest, min(next_at) FILTER (WHERE next_at <= :now) AS due_since,
    bool_or(coalesce(at_rest, false) OR (next_at > :now AND token > 0)) AS sending
  FROM heads GROUP BY workspace_id, channel_id
)
SELECT min(oldest) AS oldest, min(due_since) FILTER (WHERE NOT sending) AS overdue_since
FROM channels_waiting
"""

FACTS: Final = """
WITH RECURSIVE unnumbered (workspace_id) AS (
  (SELECT workspace_id FROM facts WHERE seq IS NULL ORDER BY workspace_id, id LIMIT 1)
  UNION ALL
  SELECT (
    SELECT facts.workspace_id FROM facts
    WHERE facts.seq IS NULL AND facts.workspace_id > unnumbered.workspace_id
    ORDER BY facts.workspace_id, facts.id LIMIT 1
  ) FROM unnumbered WHERE unnumbered.workspace_id IS NOT NULL
)
SELECT min(first.at) FROM unnumbered CROSS JOIN LATERAL (
  SELECT at FROM facts WHERE facts.workspace_id = unnumbered.workspace_id AND seq IS NULL
  ORDER BY id LIMIT 1
) AS first
"""

TIMERS: Final = """
SELECT fire_at FROM timers WHERE state = 'pending' AND fire_at <= :now ORDER BY fire_at LIMIT 1
"""

CLIMBS: Final = """
SELECT climb_at FROM alerts WHERE climb_at IS NOT NULL AND climb_at <= :now
ORDER BY climb_at LIMIT 1
"""

# Facts a live subscription's cursor has not come to yet.
UNQUEUED: Final = """
SELECT min(coming.at) FROM subscriptions s CROSS JOIN LATERAL (
  SELECT f.at FROM facts f
  WHERE f.workspace_id = s.workspace_id AND f.seq IS NOT NULL AND f.seq > s.position
  ORDER BY f.seq LIMIT 1
) AS coming
WHERE s.archived_at IS NULL AND s.enabled AND s.paused_at IS NULL
"""

# As with the outbox: what waits behind an endpoint that is being tried is no news.
PARCELS: Final = """
WITH heads AS (
  SELECT s.workspace_id, s.id, oldest.created_at AS oldest, head.next_at, head.token
  FROM subscriptions s
  CROSS JOIN LATERAL (
    SELECT p.created_at FROM subscription_parcels p
    WHERE p.workspace_id = s.workspace_id AND p.subscription_id = s.id AND p.state = 'pending'
    ORDER BY p.created_at LIMIT 1
  ) AS oldest
  CROSS JOIN LATERAL (
    (SELECT p.next_at, p.token FROM subscription_parcels p
     WHERE p.workspace_id = s.workspace_id AND p.subscription_id = s.id AND p.state = 'pending'
       AND NOT p.waits AND p.next_at <= :now ORDER BY p.next_at LIMIT 1)
    UNION ALL
    (SELECT p.next_at, p.token FROM subscription_parcels p
     WHERE p.workspace_id = s.workspace_id AND p.subscription_id = s.id AND p.state = 'pending'
       AND NOT p.waits AND p.next_at > :now ORDER BY p.next_at LIMIT :held)
  ) AS head
  WHERE s.archived_at IS NULL AND s.enabled AND s.paused_at IS NULL
), readers AS (
  SELECT min(oldest) AS oldest, min(next_at) FILTER (WHERE next_at <= :now) AS due_since,
    bool_or(next_at > :now AND token > 0) AS sending
  FROM heads GROUP BY workspace_id, id
)
SELECT min(oldest) AS oldest, min(due_since) FILTER (WHERE NOT sending) AS overdue_since
FROM readers
"""

SNOOZES: Final = """
SELECT snoozed_until FROM cases WHERE state = 'snoozed' AND snoozed_until <= :now
ORDER BY snoozed_until LIMIT 1
"""

# What changed in a day is counted within a minute; only what waits longer is late.
CHANGES: Final = """
SELECT noted_at + interval '1 minute' FROM changed_hours
WHERE noted_at <= CAST(:now AS timestamptz) - interval '1 minute' ORDER BY noted_at LIMIT 1
"""

# As many as change what a person does about it.
ENOUGH: Final = 1000

NOTES: Final = """
SELECT
  (SELECT count(*) FROM (
     SELECT FROM outbox WHERE state = 'dead' LIMIT :enough) AS dead) AS dead_letters,
  (SELECT count(*) FROM (
     SELECT FROM journal WHERE state = 'quarantined' AND state IN ('quarantined', 'no_handler_yet')
     LIMIT :enough) AS quarantined) AS quarantined,
  (SELECT count(*) FROM workspaces CROSS JOIN LATERAL (
     SELECT c.id FROM cases c
     WHERE c.workspace_id = workspaces.id AND c.state IN ('open', 'answered', 'snoozed')
       AND c.sort_due_at >= '2100-01-01' AND c.state = 'open'
     ORDER BY c.sort_due_at, c.id LIMIT :enough
   ) AS dueless
   WHERE NOT EXISTS (
     SELECT FROM clocks k WHERE k.workspace_id = workspaces.id AND k.case_id = dueless.id
   )) AS cases_without_clock,
  (SELECT count(*) FROM workspaces CROSS JOIN LATERAL (
     SELECT FROM (
       SELECT token FROM journal j
       WHERE j.workspace_id = workspaces.id AND j.state = 'pending' AND NOT j.historical
         AND j.next_at <= :expired
       ORDER BY j.next_at LIMIT :enough
     ) AS due WHERE token > 0
   ) AS held) AS expired_leases
"""


async def be_careful(uow: UnitOfWork) -> None:
    """For the rest of this transaction: 2 s a statement, 1 s a lock, by index only."""
    await uow.execute(CAREFULLY)


async def get_deliveries(uow: UnitOfWork) -> Row[Any]:
    """When the first unprocessed event came in, and when the first live unclaimed one was due."""
    return (await uow.execute(DELIVERIES, {"now": uow.now, "held": HELD})).one()


async def get_parcels(uow: UnitOfWork) -> Row[Any]:
    """Since when the first fact is on its way to a live subscriber, and when one was due."""
    return (await uow.execute(PARCELS, {"now": uow.now, "held": HELD})).one()


async def get_outbox(uow: UnitOfWork) -> Row[Any]:
    """The same for what is to be sent; channels that are switched off hold theirs on purpose."""
    parameters = {"now": uow.now, "held": HELD, "metered": uow.now - METERED}
    return (await uow.execute(OUTBOX, parameters)).one()


async def get_first(uow: UnitOfWork, query: str) -> Any:
    return (await uow.execute(query, {"now": uow.now})).scalars().first()


async def count_notes(uow: UnitOfWork, expired: datetime) -> dict[str, int]:
    """What needs a person, each up to ENOUGH; leases that ended before `expired` and stayed."""
    row = (await uow.execute(NOTES, {"enough": ENOUGH, "expired": expired})).mappings().one()
    return {name: int(count) for name, count in row.items()}
