"""Note which hours of the past changed, so that who keeps sums of days counts those again.

A note is written in the transaction of the change itself: it is seen when the change is, never
before and never without it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.core.changes import repository
from services.core.kit import ids
from services.core.kit.uow import Database, UnitOfWork

# More notes than this wait for the next turn.
MOST_TAKEN = 20_000


@dataclass(frozen=True, slots=True)
class Changed:
    """An hour (UTC, its beginning) in which something changed, and since when that is known."""

    hour: datetime
    noted_at: datetime


async def note(uow: UnitOfWork, moments: Iterable[datetime | None]) -> None:
    """Something that belongs to these moments changed in this unit; an hour is noted once."""
    hours = {
        moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        for moment in moments
        if moment is not None
    }
    rows = [{"id": ids.new_id(), "hour": hour, "noted_at": uow.real_now} for hour in sorted(hours)]
    await repository.add_hours(uow, rows)


async def take(uow: UnitOfWork) -> list[Changed]:
    """What changed since it was last asked. The notes go with this unit's commit, or stay."""
    found = await repository.take_hours(uow, MOST_TAKEN)
    return [Changed(row.hour, row.noted_at) for row in found]


async def look(uow: UnitOfWork) -> list[Changed]:
    """What changed since it was last taken; the notes stay."""
    found = await repository.list_hours(uow)
    return [Changed(row.hour, row.noted_at) for row in found]


async def list_workspaces(database: Database) -> list[UUID]:
    """Workspaces in which something was noted."""
    async with database.system() as uow:
        return await repository.list_workspaces(uow)


async def get_oldest(uow: UnitOfWork) -> datetime | None:
    """When the oldest note that nobody took was written; in a system's unit."""
    return await repository.get_oldest(uow)
