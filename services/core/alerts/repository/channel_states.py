"""SQL of doors: how each channel has answered lately, agreed upon by all workers."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts.breaker import Door
from services.core.kit.uow import UnitOfWork

LOCK: Final = """
INSERT INTO channel_states (workspace_id, channel_id, refilled_at)
VALUES (:workspace_id, :channel_id, :now)
ON CONFLICT (workspace_id, channel_id) DO UPDATE SET channel_id = excluded.channel_id
RETURNING failures, refusals, trips, failing_since, open_until
"""

PUT: Final = """
UPDATE channel_states SET failures = :failures, refusals = :refusals, trips = :trips,
  failing_since = :failing_since, open_until = :open_until
WHERE workspace_id = :workspace_id AND channel_id = :channel_id
"""

# Writes nothing while all is well: no row is fought over.
OPEN: Final = """
WITH before AS (
  SELECT workspace_id, channel_id, trips FROM channel_states
  WHERE workspace_id = :workspace_id AND channel_id = ANY(CAST(:channel_ids AS uuid[]))
    AND (failing_since IS NOT NULL OR open_until IS NOT NULL)
  ORDER BY channel_id FOR UPDATE
)
UPDATE channel_states s SET failures = 0, refusals = 0, trips = 0, failing_since = NULL,
  open_until = NULL
FROM before b WHERE s.workspace_id = b.workspace_id AND s.channel_id = b.channel_id
RETURNING s.channel_id, b.trips
"""

# What failed while the door was shut waits no longer than it has to; what is on its way is left.
BRING_FORWARD: Final = """
WITH held_back AS MATERIALIZED (
  SELECT o.id FROM outbox o
  WHERE o.workspace_id = :workspace_id AND o.channel_id = :channel_id AND o.state = 'pending'
    AND o.next_at > :now AND o.attempts > 0
    AND NOT EXISTS (
      SELECT FROM send_attempts a WHERE a.workspace_id = o.workspace_id AND a.outbox_id = o.id
        AND a.outcome = 'started')
  ORDER BY o.id FOR UPDATE SKIP LOCKED
)
UPDATE outbox o SET next_at = :now FROM held_back h
WHERE o.workspace_id = :workspace_id AND o.id = h.id
"""

PAUSE: Final = """
UPDATE channels SET paused_at = :now, paused_reason = :reason, version = version + 1,
  updated_at = :now
WHERE workspace_id = :workspace_id AND id = :channel_id AND paused_at IS NULL
  AND archived_at IS NULL
RETURNING name
"""

RESUME: Final = """
UPDATE channels SET paused_at = NULL, paused_reason = NULL, version = version + 1,
  updated_at = :now
WHERE workspace_id = :workspace_id AND id = :channel_id AND paused_at IS NOT NULL
RETURNING name
"""


async def lock_door(uow: UnitOfWork, channel_id: UUID) -> Door:
    """As it is now, held until this transaction ends."""
    row: Row[Any] = (await uow.execute(LOCK, _key(uow, channel_id))).one()
    return Door(*row)


async def put_door(uow: UnitOfWork, channel_id: UUID, door: Door) -> None:
    await uow.execute(
        PUT,
        {
            **_key(uow, channel_id),
            "failures": door.failures,
            "refusals": door.refusals,
            "trips": door.trips,
            "failing_since": door.failing_since,
            "open_until": door.open_until,
        },
    )


async def open_doors(uow: UnitOfWork, channel_ids: Collection[UUID]) -> set[UUID]:
    """Something came through them. Returns those that had been shut for failing."""
    parameters = {"workspace_id": uow.workspace_id, "channel_ids": list(channel_ids)}
    return {row.channel_id for row in await uow.execute(OPEN, parameters) if row.trips}


async def bring_forward(uow: UnitOfWork, channel_id: UUID) -> None:
    await uow.execute(BRING_FORWARD, _key(uow, channel_id))


async def pause(uow: UnitOfWork, channel_id: UUID, reason: str) -> str | None:
    """The channel's name; None when it was paused already or is gone."""
    parameters = {**_key(uow, channel_id), "reason": reason}
    name: str | None = (await uow.execute(PAUSE, parameters)).scalar_one_or_none()
    return name


async def resume(uow: UnitOfWork, channel_id: UUID) -> bool:
    """False when it was not paused."""
    row = await uow.execute(RESUME, _key(uow, channel_id))
    return row.scalar_one_or_none() is not None


def _key(uow: UnitOfWork, channel_id: UUID) -> dict[str, Any]:
    return {"workspace_id": uow.workspace_id, "channel_id": channel_id, "now": uow.real_now}
