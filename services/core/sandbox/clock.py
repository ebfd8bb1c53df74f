"""The database's time, and how far ahead of it the sandbox of a unit lives."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from services.core.kit.clock import Clock, DatabaseClock

# Of the unit's own workspace: row-level security shows no other row.
AHEAD = """
SELECT ahead FROM sandbox_clocks
WHERE workspace_id = nullif(current_setting('warmline.workspace', true), '')::uuid
"""


class DriftingClock(DatabaseClock):
    """For installations that have sandboxes: each unit of a workspace asks for one row more."""

    drifts = True

    @override
    async def drift(self, connection: AsyncConnection) -> timedelta:
        ahead: timedelta | None = (await connection.execute(text(AHEAD))).scalar_one_or_none()
        return ahead or timedelta()


def clock_for(*, sandboxes: bool) -> Clock:
    """The clock of a process; without sandboxes nobody's time is ever asked for."""
    return DriftingClock() if sandboxes else DatabaseClock()
