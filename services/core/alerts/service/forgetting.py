"""Let go of the log of sendings when it is old enough."""

from datetime import timedelta
from typing import Final

from services.core.alerts.repository import forgetting
from services.core.kit.uow import Database

BATCH: Final = 2_000


async def forget_sendings(database: Database, keep: timedelta, *, batch: int = BATCH) -> int:
    """Delete one batch of what was queued longer than `keep` ago and is over; returns how many.

    What still waits is kept however old it is, and so are the alerts themselves.
    """
    async with database.system() as uow:
        return await forgetting.forget(uow, before=uow.real_now - keep, limit=batch)
