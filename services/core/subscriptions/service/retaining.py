"""Forget what has had its time, and nothing somebody still waits for."""

from typing import Final

from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.subscriptions import rules
from services.core.subscriptions.repository import parcels, queueing, sending

BATCH: Final = 5_000


async def forget_facts(database: Database) -> int:
    """Drop facts older than a day, but none a live subscription has not looked at yet."""
    async with database.system() as uow:
        held = await queueing.list_held(uow)
    return await stream.forget(database, held=held)


async def forget_parcels(database: Database) -> int:
    """Drop some of what arrived a week ago, of all else after a month; returns how many."""
    async with database.system() as uow:
        gone = await parcels.forget(
            uow,
            sent_before=uow.real_now - rules.SENT_KEPT,
            before=uow.real_now - rules.KEPT,
            limit=BATCH,
        )
        # What was held for a month has followers that wait for it: they must not wait for ever.
        headed = [row for row in gone if row.headed]
        await queueing.take_turns(uow, [row.subscription_id for row in headed])
        await sending.release_subjects(uow, headed)
    return len(gone)
