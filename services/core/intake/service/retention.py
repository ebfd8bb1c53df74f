"""Room for what will come, and an end for what is old: whole months of raw deliveries at once."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.core.intake import retention, rules
from services.core.kit import ids
from services.core.kit.uow import Database

log = structlog.get_logger(__name__)

MONTHS_AHEAD: Final = 2
# The contract's promise: an id seen within 90 days is known, whatever is kept of its delivery.
KEYS_KEPT: Final = timedelta(days=90)
FORGOTTEN_AT_ONCE: Final = 5_000


async def ensure_partitions(database: Database) -> None:
    """Make room for this month and the ones ahead; commits each month.

    What finds no month of its own lands in the default partition, and moves when its month comes.
    Raises UnavailableError when a lock does not come soon: try again.
    """
    async with database.system() as uow:
        months = rules.months_from(uow.now.date(), MONTHS_AHEAD + 1)
        known = await retention.list_partitions(uow)
    for month in months:
        if month not in known:
            async with database.system() as uow:
                await retention.ensure_partition(uow, month)


async def drop_old(database: Database, keep: timedelta) -> list[date]:
    """Drop the months that ended longer than `keep` ago; returns them. Commits each.

    A month in which anything still waits or is in quarantine stays, whole. Raises
    UnavailableError when a lock does not come soon: try again.
    """
    async with database.system() as uow:
        months = rules.months_over(await retention.list_partitions(uow), uow.now - keep)
    dropped = []
    for month in months:
        async with database.system() as uow:
            end = _first_id(rules.month_after(month))
            if await retention.has_unfinished(uow, _first_id(month), end):
                log.warning("partition.held_back", month=month.isoformat())
                continue
            if await retention.drop_partition(uow, month):
                log.info("partition.dropped", month=month.isoformat())
                dropped.append(month)
    return dropped


async def forget_old(database: Database, keep: timedelta) -> int:
    """Delete some journal entries whose delivery was dropped, and ids that are old enough.

    Returns how many rows; as long as there are any, call again.
    """
    async with database.system() as uow:
        months = await retention.list_partitions(uow)
        cutoff = uow.now - keep
        oldest = _moment(months[0]) if months else cutoff
        before = min(cutoff, oldest)
        forgotten = await retention.forget_entries(
            uow, before, ids.first_id_at(before), FORGOTTEN_AT_ONCE
        )
        seen_before = uow.now - max(keep, KEYS_KEPT)
        return forgotten + await retention.forget_keys(uow, seen_before, FORGOTTEN_AT_ONCE)


def _moment(month: date) -> datetime:
    return datetime(month.year, month.month, month.day, tzinfo=UTC)


def _first_id(month: date) -> UUID:
    return ids.first_id_at(_moment(month))
