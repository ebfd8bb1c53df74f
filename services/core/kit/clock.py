"""The only place that reads time: the database's clock decides, the host's only measures."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override


class Clock(Protocol):
    """Says what time it is for one transaction (aware, UTC).

    `drifts` says whether a workspace may live ahead of that, as a sandbox does.
    """

    drifts: bool = False

    async def read(self, connection: AsyncConnection) -> datetime: ...

    async def drift(self, connection: AsyncConnection) -> timedelta:  # noqa: ARG002 - for those that drift
        """How far the workspace of this transaction lives ahead; never negative."""
        return timedelta()


class DatabaseClock(Clock):
    """Postgres' `now()`: one time for all processes, whatever their hosts believe.

    `now()` is the start of the transaction, so every statement of one state change agrees.
    """

    @override
    async def read(self, connection: AsyncConnection) -> datetime:
        now: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
        return now


class FrozenClock(Clock):
    """A time that moves only when told to; passed in by tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def advance(self, by: timedelta) -> None:
        self.at += by

    @override
    async def read(self, connection: AsyncConnection) -> datetime:
        return self.at


def host_now() -> datetime:
    """The host's idea of now (aware, UTC): for logs, tokens and windows, never for promises."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def host_nanoseconds() -> int:
    """The host's idea of now since 1970, as traces want it; never for promises."""
    return time.time_ns()


def monotonic() -> float:
    """Seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()
