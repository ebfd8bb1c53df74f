"""Facts become parcels: for each subscription those it asked for, once, behind a cursor."""

from typing import Final

from services.core.kit.uow import Database
from services.core.subscriptions.repository import queueing
from services.core.subscriptions.types import Ordering

FANOUT_QUEUE: Final = "fanout"
# Subscriptions taken in hand at a time, and facts looked at for each.
MOST_CURSORS: Final = 50
WINDOW: Final = 500


async def queue_news(
    database: Database, *, limit: int = MOST_CURSORS, window: int = WINDOW
) -> tuple[int, bool]:
    """Queue what was published since; returns how many parcels, and whether there was any news.

    Safe to run anywhere at any time: a cursor is moved by one at a time, together with its parcels.
    """
    async with database.system() as uow:
        cursors = await queueing.claim_cursors(uow, limit=limit, window=window)
        if not cursors:
            return 0, False
        ordered = [row.id for row in cursors if row.ordering == Ordering.SUBJECT]
        await queueing.take_turns(uow, ordered)
        return await queueing.queue_facts(uow, cursors), True
