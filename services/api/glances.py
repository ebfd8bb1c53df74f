"""The summary of a large workspace, kept for a moment.

Counting a million open cases takes longer than people wait, and they look far more often than it
changes. A workspace with fewer than `LARGE` open cases is always counted anew. A larger one is
shown its last count at once, while the next is made behind it; `as_of` says of when it is.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.core.board import service as board
from services.core.board.types import Summary
from services.core.kit.clock import monotonic
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database, UnitOfWork

log = structlog.get_logger(__name__)

LARGE = 20_000
# A count is made again after so long, or after ten times what it took: a tenth of one connection.
FRESH_SECONDS = 2.0
FRESH_TIMES = 10
# What nobody looked at for so long is counted anew instead of shown.
STALE_SECONDS = 60.0
KEPT = 1_000


@dataclass(slots=True)
class Glance:
    """A count, when it was made, and what it took (monotonic seconds)."""

    summary: Summary
    made_at: float
    took: float

    def is_due(self, now: float) -> bool:
        return now - self.made_at > max(FRESH_SECONDS, FRESH_TIMES * self.took)


class Glances:
    """Summaries by workspace and time zone; the least recently looked at is forgotten first."""

    def __init__(
        self, database: Database, *, large: int = LARGE, now: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._now = now
        self._large = large
        self._kept: OrderedDict[tuple[UUID, str], Glance] = OrderedDict()
        self._counting: dict[tuple[UUID, str], asyncio.Task[None]] = {}

    async def look(self, uow: UnitOfWork, zone: str) -> Summary:
        """The workspace's summary, counted in `uow` unless a fresh enough one is kept.

        Raises UnknownTimeZoneError.
        """
        key = (uow.workspace_id, zone)
        glance = self._kept.get(key)
        if glance is None or self._now() - glance.made_at > STALE_SECONDS:
            return (await self._count(uow, zone)).summary
        self._kept.move_to_end(key)
        if glance.is_due(self._now()) and key not in self._counting:
            task = asyncio.create_task(self._count_behind(key))
            self._counting[key] = task
            task.add_done_callback(lambda _: self._counting.pop(key, None))
        return glance.summary

    @property
    def counting(self) -> list[asyncio.Task[None]]:
        """Counts under way behind what is shown."""
        return list(self._counting.values())

    async def close(self) -> None:
        """Give up what is being counted."""
        counting = self.counting
        for task in counting:
            task.cancel()
        await asyncio.gather(*counting, return_exceptions=True)

    async def _count(self, uow: UnitOfWork, zone: str) -> Glance:
        began = self._now()
        summary = await board.summarise(uow, zone=zone)
        glance = Glance(summary, self._now(), self._now() - began)
        key = (uow.workspace_id, zone)
        if summary.open["total"] < self._large:
            self._kept.pop(key, None)
            return glance
        self._kept[key] = glance
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return glance

    async def _count_behind(self, key: tuple[UUID, str]) -> None:
        workspace_id, zone = key
        try:
            async with self._database.read(workspace_id) as uow:
                await self._count(uow, zone)
        except UnavailableError as error:
            log.warning("summary.late", workspace_id=str(workspace_id), error=error.code)
