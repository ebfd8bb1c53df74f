"""SQL of promises: policies and versions, clocks, timers and the claim of what is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.sql import text

from services.core.kit.bulk import insert_rows, update_rows
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.sla.models import (
    ClockRow,
    PolicyRow,
    PolicyVersionRow,
    ReplanRow,
    TimerRow,
)
from services.core.triage.types import Tier

CLOCKS: Final = cast("Table", ClockRow.__table__)
TIMERS: Final = cast("Table", TimerRow.__table__)

LIVE_POLICIES = """
SELECT p.id, p.name, p.is_default, p.position, p.created_at, p.updated_at, v.version, v.definition
FROM policies p
JOIN policy_versions v ON v.workspace_id = p.workspace_id AND v.policy_id = p.id
  AND v.version = p.current_version
WHERE p.workspace_id = :workspace_id AND p.archived_at IS NULL
ORDER BY p.position, p.id
"""

POLICY_VERSIONS = """
SELECT p.id, p.name, p.is_default, p.position, p.created_at, p.updated_at, v.version, v.definition
FROM policy_versions v
JOIN policies p ON p.workspace_id = v.workspace_id AND p.id = v.policy_id
WHERE v.workspace_id = :workspace_id AND v.policy_id = ANY(CAST(:policy_ids AS uuid[]))
ORDER BY v.policy_id, v.version
"""

VERSIONS_OF_ONE = """
SELECT p.id, p.name, p.is_default, p.position, p.created_at, p.updated_at, v.version, v.definition
FROM policy_versions v
JOIN policies p ON p.workspace_id = v.workspace_id AND p.id = v.policy_id
WHERE v.workspace_id = :workspace_id AND v.policy_id = :policy_id {stretch}
"""

NEXT_MOMENT = """
SELECT min(fire_at) FROM timers WHERE workspace_id = :workspace_id AND state = 'pending'
"""

# Clocks are locked with their timers: a fold under way keeps both, and is skipped, so that the
# two never wait for each other crosswise. Of several due moments of one clock the last speaks, be
# it in this batch or in a later one: after an outage the first batch holds everybody's first. It
# may have spoken already: a batch that met the clock locked for its first moments takes the later.
#
# Urgent first, across batches too: one tier after the other, each by a stretch of the index, and
# none is looked at, or locked, once the batch is full. The planner expects a full batch each time
# and would rather read a table of some ten thousand rows from end to end: the lists of ids keep it
# to the keys.
CLAIM_DUE = """
WITH come AS MATERIALIZED (
  SELECT mine.* FROM (VALUES ('urgent'), ('important'), ('routine'), ('spam')) AS tiers (tier)
  CROSS JOIN LATERAL (
    SELECT t.id, t.clock_id, t.percent, t.generation
    FROM timers t
    WHERE t.workspace_id = :workspace_id AND t.tier = tiers.tier
      AND t.state = 'pending' AND t.fire_at <= :now
    ORDER BY t.fire_at, t.id LIMIT :limit
    FOR UPDATE SKIP LOCKED
  ) AS mine
  LIMIT :limit
), held AS MATERIALIZED (
  SELECT c.id, c.settled_at, c.generation, c.kind, c.tier, c.due_at, c.policy_id,
    c.policy_version, c.trigger_message_id
  FROM clocks c
  WHERE c.workspace_id = :workspace_id AND c.id = ANY(ARRAY(SELECT clock_id FROM come))
  FOR UPDATE SKIP LOCKED
), ranked AS MATERIALIZED (
  SELECT d.id, d.percent, h.id AS clock_id, h.kind, h.tier, h.due_at, h.policy_id,
    h.policy_version, h.trigger_message_id,
    h.settled_at IS NULL AND h.generation = d.generation AS live, (
      SELECT max(percent) FROM timers t
      WHERE t.workspace_id = :workspace_id AND t.clock_id = d.clock_id
        AND t.generation = d.generation
        AND (t.state = 'fired' OR (t.state = 'pending' AND t.fire_at <= :now))
    ) AS top
  FROM come d JOIN held h ON h.id = d.clock_id
)
UPDATE timers t SET
  state = CASE WHEN NOT r.live THEN 'cancelled'
               WHEN r.percent = r.top THEN 'fired' ELSE 'skipped' END,
  fired_at = :now,
  note = CASE WHEN r.live AND r.percent <> r.top THEN 'overtaken by ' || r.top || ' %' END
FROM ranked r
WHERE t.workspace_id = :workspace_id AND t.id = r.id AND t.id = ANY(ARRAY(SELECT id FROM come))
RETURNING t.id, t.state, t.clock_id, t.case_id, t.percent, t.generation, t.fire_at,
  r.kind, r.tier, r.due_at, r.policy_id, r.policy_version, r.trigger_message_id
"""

# Beside the claim and not in it: a plan that was made while there were few messages, and kept,
# would go through all of them once for each timer.
REQUESTS = """
SELECT id, request_id FROM messages
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:message_ids AS uuid[]))
"""

MISS = """
UPDATE clocks SET state = 'missed', missed_at = due_at, updated_at = :now
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:clock_ids AS uuid[]))
  AND settled_at IS NULL AND state = 'running'
RETURNING id, case_id, kind, tier, due_at
"""

CANCEL_TIMERS = """
UPDATE timers SET state = 'cancelled', note = :note
WHERE workspace_id = :workspace_id AND state = 'pending'
  AND clock_id = ANY(CAST(:clock_ids AS uuid[]))
"""


# What is needed to move open clocks without looking at what was said: only the question each
# began with. Locked as the fold locks them, or only looked at.
OPEN_CLOCKS = """
SELECT k.id, k.case_id, k.kind, k.tier, k.state, k.started_at, k.due_at, k.target_due_at,
  k.promise_due_at, k.limit_at, k.budget_seconds, k.paused_seconds, k.generation, k.policy_id,
  k.policy_version, k.calendar_version, m.tier AS asked_tier
FROM clocks k
LEFT JOIN messages m ON m.workspace_id = :workspace_id AND m.id = k.trigger_message_id
WHERE k.workspace_id = :workspace_id AND k.case_id = ANY(CAST(:case_ids AS uuid[]))
  AND k.settled_at IS NULL
ORDER BY k.id
"""
LOCKED_OPEN_CLOCKS = f"{OPEN_CLOCKS} FOR UPDATE OF k"

# A moment that is still ahead is moved where it stands: one row instead of a dead one and a new
# one. Answers the places in the list of those that were not there to be moved.
MOVE_TIMERS = """
WITH wanted AS (
  SELECT * FROM unnest(CAST(:clock_ids AS uuid[]), CAST(:percents AS int[]),
    CAST(:moments AS timestamptz[]), CAST(:generations AS int[]), CAST(:tiers AS text[]),
    CAST(:pending AS boolean[])) WITH ORDINALITY
    AS w (clock_id, percent, fire_at, generation, tier, pending, place)
), moved AS (
  UPDATE timers t SET fire_at = w.fire_at, generation = w.generation, tier = w.tier, note = NULL
  FROM wanted w
  WHERE t.workspace_id = :workspace_id AND t.clock_id = w.clock_id AND t.percent = w.percent
    AND t.generation = w.generation - 1 AND t.state = 'pending' AND w.pending
  RETURNING w.place
)
SELECT place FROM wanted WHERE place NOT IN (SELECT place FROM moved) ORDER BY place
"""

# What of an earlier plan was not moved, and will not come any more.
CANCEL_EARLIER = """
UPDATE timers t SET state = 'cancelled', note = :note
FROM unnest(CAST(:clock_ids AS uuid[]), CAST(:generations AS int[])) AS w (clock_id, generation)
WHERE t.workspace_id = :workspace_id AND t.clock_id = w.clock_id AND t.state = 'pending'
  AND t.generation < w.generation
"""

RETIER_TIMERS = """
UPDATE timers t SET tier = w.tier
FROM unnest(CAST(:clock_ids AS uuid[]), CAST(:tiers AS text[])) AS w (clock_id, tier)
WHERE t.workspace_id = :workspace_id AND t.clock_id = w.clock_id AND t.state = 'pending'
"""

DUE_REPLANS = """
SELECT workspace_id, id FROM replans WHERE state <> 'done' AND next_at <= :now
ORDER BY next_at LIMIT 20
"""

# One worker goes on with a re-plan; another that looks meanwhile passes by.
TAKE_REPLAN = """
SELECT * FROM replans WHERE workspace_id = :workspace_id AND id = :id AND state <> 'done'
FOR UPDATE SKIP LOCKED
"""


async def list_policies(uow: UnitOfWork) -> list[Row[Any]]:
    return list(await uow.execute(LIVE_POLICIES, {"workspace_id": uow.workspace_id}))


async def list_policy_versions(uow: UnitOfWork, policy_ids: Sequence[UUID]) -> list[Row[Any]]:
    return list(
        await uow.execute(
            POLICY_VERSIONS, {"workspace_id": uow.workspace_id, "policy_ids": list(policy_ids)}
        )
    )


async def list_versions_of_one(uow: UnitOfWork, policy_id: UUID, wanted: Stretch) -> list[Row[Any]]:
    """By their numbers, those of archived policies too."""
    bound = {"workspace_id": uow.workspace_id, "policy_id": policy_id} | wanted.bound
    statement = VERSIONS_OF_ONE.format(stretch=wanted.sql("v.version"))
    return list(await uow.execute(statement, bound))


async def add_policy(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(PolicyRow).values(workspace_id=uow.workspace_id, **row))


async def add_policy_version(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(PolicyVersionRow).values(workspace_id=uow.workspace_id, **row))


async def lock_policy(uow: UnitOfWork, policy_id: UUID) -> Row[Any] | None:
    query = select(PolicyRow.__table__).where(
        PolicyRow.workspace_id == uow.workspace_id,
        PolicyRow.id == policy_id,
        PolicyRow.archived_at.is_(None),
    )
    return (await uow.execute(query.with_for_update())).one_or_none()


async def change_policy(uow: UnitOfWork, policy_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(PolicyRow)
        .where(PolicyRow.workspace_id == uow.workspace_id, PolicyRow.id == policy_id)
        .values(**values, updated_at=uow.now)
    )


async def lock_clocks(uow: UnitOfWork, case_ids: Sequence[UUID]) -> list[Row[Any]]:
    """The clocks of these cases, locked until the transaction ends."""
    query = (
        select(ClockRow.__table__)
        .where(ClockRow.workspace_id == uow.workspace_id, ClockRow.case_id.in_(case_ids))
        .order_by(ClockRow.id)
        .with_for_update()
    )
    return list(await uow.execute(query))


async def add_clocks(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await insert_rows(uow, CLOCKS, rows)


async def change_clocks(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Write whole shapes by id; every row names the same columns."""
    await update_rows(uow, CLOCKS, rows)


async def add_timers(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await insert_rows(uow, TIMERS, rows)


async def cancel_timers(uow: UnitOfWork, clock_ids: Sequence[UUID], note: str) -> None:
    if clock_ids:
        await uow.execute(
            CANCEL_TIMERS,
            {"workspace_id": uow.workspace_id, "clock_ids": list(clock_ids), "note": note},
        )


async def retier_timers(uow: UnitOfWork, tiers: Mapping[UUID, Tier]) -> None:
    """Let what these clocks have ahead of them be worked off in the order of another tier."""
    if tiers:
        bound = {
            "workspace_id": uow.workspace_id,
            "clock_ids": list(tiers),
            "tiers": [tier.value for tier in tiers.values()],
        }
        await uow.execute(RETIER_TIMERS, bound)


async def get_next_moment(uow: UnitOfWork) -> datetime | None:
    parameters = {"workspace_id": uow.workspace_id}
    found: datetime | None = (await uow.execute(NEXT_MOMENT, parameters)).scalar_one()
    return found


async def claim_due_timers(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    """Take due moments off the list, for good: the caller raises what they say in this unit."""
    return list(
        await uow.execute(
            CLAIM_DUE, {"workspace_id": uow.workspace_id, "now": uow.now, "limit": limit}
        )
    )


async def list_requests(uow: UnitOfWork, message_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """The request that brought each of these messages; no statement for none."""
    if not message_ids:
        return {}
    bound = {"workspace_id": uow.workspace_id, "message_ids": list(message_ids)}
    return {row.id: row.request_id for row in await uow.execute(REQUESTS, bound)}


async def list_unsettled_clocks(uow: UnitOfWork, case_ids: Sequence[UUID]) -> list[Row[Any]]:
    """The clocks of these cases as they stand; nothing is locked."""
    query = (
        select(ClockRow.__table__)
        .where(ClockRow.workspace_id == uow.workspace_id, ClockRow.case_id.in_(case_ids))
        .order_by(ClockRow.id)
    )
    return list(await uow.execute(query))


async def list_open_clocks(
    uow: UnitOfWork, case_ids: Sequence[UUID], *, lock: bool
) -> list[Row[Any]]:
    """Open clocks of these cases with the tier of the question each began with."""
    query = LOCKED_OPEN_CLOCKS if lock else OPEN_CLOCKS
    bound = {"workspace_id": uow.workspace_id, "case_ids": list(case_ids)}
    return list(await uow.execute(query, bound))


async def move_timers(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Move pending moments on to the generation that follows theirs; returns rows still to add."""
    if not rows:
        return []
    bound = {
        "workspace_id": uow.workspace_id,
        "clock_ids": [row["clock_id"] for row in rows],
        "percents": [row["percent"] for row in rows],
        "moments": [row["fire_at"] for row in rows],
        "generations": [row["generation"] for row in rows],
        "tiers": [row["tier"] for row in rows],
        "pending": [row["state"] == "pending" for row in rows],
    }
    return [rows[place - 1] for place in (await uow.execute(MOVE_TIMERS, bound)).scalars()]


async def cancel_earlier_timers(uow: UnitOfWork, generations: dict[UUID, int], note: str) -> None:
    """Call off what these clocks had ahead of them in generations before the given ones."""
    if generations:
        bound = {
            "workspace_id": uow.workspace_id,
            "clock_ids": list(generations),
            "generations": list(generations.values()),
            "note": note,
        }
        await uow.execute(CANCEL_EARLIER, bound)


async def add_replan(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(ReplanRow).values(workspace_id=uow.workspace_id, **row))


async def list_due_replans(uow: UnitOfWork) -> list[Row[Any]]:
    """Across workspaces: those that are not done."""
    return list(await uow.execute(DUE_REPLANS, {"now": uow.real_now}))


async def take_replan(uow: UnitOfWork, replan_id: UUID) -> Row[Any] | None:
    """The re-plan, held until the transaction ends; None when it is done or in other hands."""
    parameters = {"workspace_id": uow.workspace_id, "id": replan_id}
    return (await uow.execute(TAKE_REPLAN, parameters)).one_or_none()


async def note_replan(uow: UnitOfWork, replan_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(ReplanRow)
        .where(ReplanRow.workspace_id == uow.workspace_id, ReplanRow.id == replan_id)
        .values(**values)
    )


async def list_replans(uow: UnitOfWork, policy_id: UUID, wanted: Stretch) -> list[Row[Any]]:
    query = select(ReplanRow.__table__).where(
        ReplanRow.workspace_id == uow.workspace_id, ReplanRow.policy_id == policy_id
    )
    return list(await uow.execute(wanted.of(query, ReplanRow.created_at, ReplanRow.id)))


async def miss_clocks(uow: UnitOfWork, clock_ids: Sequence[UUID]) -> list[Row[Any]]:
    statement = text(MISS).bindparams(bindparam("clock_ids", type_=ARRAY(PG_UUID(as_uuid=True))))
    return list(
        await uow.execute(
            statement,
            {"workspace_id": uow.workspace_id, "clock_ids": list(clock_ids), "now": uow.now},
        )
    )
