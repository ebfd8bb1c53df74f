"""Keep count of deliveries refused for their signatures, so that a broken source is noticed."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from services.core.intake import refusals
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database

log = structlog.get_logger(__name__)

# Whoever sends a thousand bad signatures a second causes one small write in this time.
GATHER_SECONDS: Final = 2.0
# As long as anybody may look back, and a little.
KEEP: Final = timedelta(days=40)


class RefusalTally:
    """Counts in memory and writes what came together; a crash loses seconds of counts, no more."""

    def __init__(self, database: Database, *, gather_seconds: float = GATHER_SECONDS) -> None:
        self._database = database
        self._seconds = gather_seconds
        self._counts: dict[UUID, Counter[UUID]] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, workspace_id: UUID, source_id: UUID) -> None:
        """One more refused; never waits, never raises."""
        self._counts.setdefault(workspace_id, Counter())[source_id] += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    async def flush(self) -> None:
        """Write what was counted so far. What cannot be written now is dropped, and logged."""
        counts, self._counts = self._counts, {}
        for workspace_id, by_source in counts.items():
            try:
                async with self._database.unit(workspace_id) as uow:
                    await refusals.note_refusals(uow, by_source)
            except UnavailableError:
                log.warning("refusals.not_counted", sources=len(by_source))

    async def close(self) -> None:
        """Write the rest."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.flush()

    async def _write_soon(self) -> None:
        while self._counts:
            await asyncio.sleep(self._seconds)
            await self.flush()


async def forget_refusals(database: Database) -> int:
    """Drop counts nobody looks back at any more; returns how many rows."""
    async with database.system() as uow:
        return await refusals.forget_refusals(uow, uow.now - KEEP)
