"""SQL of weekly samples: drawn once, checked one by one."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from services.core.kit.uow import UnitOfWork
from services.core.learning.models import ReviewSampleRow, ReviewWeekRow
from services.core.learning.types import SampleItem
from services.core.triage.types import Tier

WORKSPACES_TO_DRAW = """
SELECT w.id FROM workspaces w
WHERE NOT EXISTS (
  SELECT FROM review_weeks r WHERE r.workspace_id = w.id AND r.week = CAST(:week AS date)
) LIMIT 500
"""

# What a person has judged needs no second look, and what was deleted can have none. The order is
# that of a digest: nobody chooses, and drawing again would choose the same.
CANDIDATES = """
SELECT m.id, m.tier FROM messages m
JOIN judgements j ON j.workspace_id = m.workspace_id AND j.id = m.judgement_id
  AND j.decided_by <> 'member'
WHERE m.workspace_id = :workspace_id AND m.occurred_at >= :starts AND m.occurred_at < :ends
  AND m.direction = 'in' AND m.deleted_at IS NULL AND NOT m.historical
  AND (m.tier = 'routine') = :routine
ORDER BY md5(m.id::text || CAST(:week AS text)) LIMIT :limit
"""

POPULATION = """
SELECT count(*) FROM messages
WHERE workspace_id = :workspace_id AND occurred_at >= :starts AND occurred_at < :ends
  AND direction = 'in' AND tier = 'routine' AND NOT historical
"""

ITEMS = """
SELECT s.id, s.message_id, s.checked_at, s.tier, m.kind, m.occurred_at,
  CASE WHEN m.deleted_at IS NULL THEN m.text END AS text
FROM review_samples s
JOIN messages m ON m.workspace_id = s.workspace_id AND m.id = s.message_id
WHERE s.workspace_id = :workspace_id AND s.week = CAST(:week AS date)
ORDER BY s.place
"""

LAST_WEEK = """
SELECT week, population FROM review_weeks
WHERE workspace_id = :workspace_id ORDER BY week DESC LIMIT 1
"""

LOCK = """
SELECT * FROM review_samples
WHERE workspace_id = :workspace_id AND id = :sample_id FOR UPDATE
"""

CHECK = """
UPDATE review_samples SET tier = :tier, checked_at = :now, checked_by = :by
WHERE workspace_id = :workspace_id AND id = :sample_id
"""

MISSED = """
SELECT count(*) AS checked, count(*) FILTER (WHERE tier = 'urgent') AS missed
FROM review_samples
WHERE workspace_id = :workspace_id AND machine_tier = 'routine' AND checked_at >= :since
"""


async def list_workspaces_to_draw(uow: UnitOfWork, week: date) -> list[UUID]:
    return list((await uow.execute(WORKSPACES_TO_DRAW, {"week": week})).scalars())


async def begin_week(uow: UnitOfWork, week: date, starts: datetime, ends: datetime) -> bool:
    """True for the one who draws this week's sample."""
    span = {"workspace_id": uow.workspace_id, "starts": starts, "ends": ends}
    population = (await uow.execute(POPULATION, span)).scalar_one()
    row = {
        "workspace_id": uow.workspace_id,
        "week": week,
        "population": population,
        "drawn_at": uow.now,
    }
    statement = insert(ReviewWeekRow).on_conflict_do_nothing().returning(ReviewWeekRow.week)
    return (await uow.execute(statement, row)).scalar_one_or_none() is not None


async def list_candidates(
    uow: UnitOfWork, week: date, starts: datetime, ends: datetime, *, routine: bool, limit: int
) -> list[Row[Any]]:
    parameters = {
        "workspace_id": uow.workspace_id,
        "week": week.isoformat(),
        "starts": starts,
        "ends": ends,
        "routine": routine,
        "limit": limit,
    }
    return list(await uow.execute(CANDIDATES, parameters))


async def add_samples(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await uow.execute(insert(ReviewSampleRow).on_conflict_do_nothing(), list(rows))


async def get_last_week(uow: UnitOfWork) -> tuple[date, int] | None:
    """The newest week drawn and its population."""
    row = (await uow.execute(LAST_WEEK, {"workspace_id": uow.workspace_id})).one_or_none()
    return (row.week, row.population) if row else None


async def list_items(uow: UnitOfWork, week: date) -> list[SampleItem]:
    rows = await uow.execute(ITEMS, {"workspace_id": uow.workspace_id, "week": week})
    return [
        SampleItem(
            id=row.id,
            message_id=row.message_id,
            kind=row.kind,
            text=row.text,
            occurred_at=row.occurred_at,
            checked_at=row.checked_at,
            tier=Tier(row.tier) if row.tier else None,
        )
        for row in rows
    ]


async def lock_sample(uow: UnitOfWork, sample_id: UUID) -> Row[Any] | None:
    parameters = {"workspace_id": uow.workspace_id, "sample_id": sample_id}
    return (await uow.execute(LOCK, parameters)).one_or_none()


async def check_sample(uow: UnitOfWork, sample_id: UUID, tier: Tier) -> None:
    parameters = {
        "workspace_id": uow.workspace_id,
        "sample_id": sample_id,
        "tier": tier.value,
        "now": uow.now,
        "by": uow.actor.id,
    }
    await uow.execute(CHECK, parameters)


async def count_missed(uow: UnitOfWork, since: datetime) -> tuple[int, int]:
    """(urgent ones among them, routine ones checked)."""
    parameters = {"workspace_id": uow.workspace_id, "since": since}
    row = (await uow.execute(MISSED, parameters)).one()
    return row.missed, row.checked
