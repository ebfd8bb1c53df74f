"""What it costs to count the audit trail's chain again, from its first row to its last."""

import asyncio
from uuid import UUID

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.clock import monotonic
from tests.bench.place import Place

BATCH = 500
DETAIL = {"outcome": "sent", "status_code": 200}


def rate(place: Place, count: int) -> float:
    """Rows a second that are verified, of a trail of at least so many."""
    return asyncio.run(_rate(place, count))


async def _rate(place: Place, count: int) -> float:
    source = await place.add_source("trail")
    database = await place.open()
    try:
        for _ in range(0, count, BATCH):
            entries = [
                AuditEntry("channel.tested", "channel", ids.new_id(), DETAIL) for _ in range(BATCH)
            ]
            async with database.unit(UUID(source.workspace_id)) as uow:
                await audit.record(uow, entries)
        while await audit.seal(database):
            pass
        async with database.read(UUID(source.workspace_id)) as uow:
            began = monotonic()
            found = await audit.verify(uow)
            took = monotonic() - began
    finally:
        await database.close()
    if not found.is_whole or found.checked < count:
        raise RuntimeError(f"Only {found.checked} of {count} rows were verified: {found.flaw}.")
    return found.checked / took
