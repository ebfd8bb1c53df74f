"""One state change, one transaction: the only code that begins and commits."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql import Executable

from services.core.kit import failpoints
from services.core.kit.clock import Clock, DatabaseClock
from services.core.kit.db import SYSTEM_ROLE
from services.core.kit.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an API key, a member, the worker or a command; lands in the audit log."""

    kind: str
    id: str
    label: str = ""


SYSTEM_ACTOR = Actor(kind="system", id="worker", label="warmline")


# A plan that is kept must not be the one that was right for an empty table.
PLAN_ALIKE: Final = """
SELECT set_config('plan_cache_mode', 'force_generic_plan', true),
  set_config('enable_seqscan', 'off', true)
"""


@dataclass(slots=True)
class UnitOfWork:
    """An open transaction inside one workspace: its connection, its time and who is acting.

    Rows of other workspaces are invisible in it (row-level security), whatever the SQL says.
    `now` is the workspace's: a sandbox may live ahead of everybody else, by `drift`.
    `origins` are the requests that single subjects came of, where a unit is about many requests.
    """

    connection: AsyncConnection
    workspace_id: UUID
    now: datetime
    actor: Actor = SYSTEM_ACTOR
    request_id: str | None = None
    wakes: set[str] = field(default_factory=set)
    drift: timedelta = timedelta()
    origins: dict[UUID, str | None] = field(default_factory=dict)

    @property
    def real_now(self) -> datetime:
        """Everybody's now: for leases, keys, secrets and sendings, which no sandbox may move."""
        return self.now - self.drift

    async def execute(
        self,
        statement: Executable | str,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run one statement; a list of parameters is one pipelined round trip."""
        if isinstance(statement, str):
            statement = _read(statement)
        return await self.connection.execute(statement, parameters)

    async def plan_alike(self) -> None:
        """Plan what follows in this unit by its keys, once a connection and alike for everybody.

        For sets of rows by key. Of a workspace that came since the last ANALYZE the planner
        believes that it is empty, and joins whole tables with each other; and fifty statements
        need not be planned anew each time (docs/decisions/0031).
        """
        await self.execute(PLAN_ALIKE)

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """What is written inside is undone if it fails, and what was written before it stays.

        After an outage nothing stays: the error then is none of the part's.
        """
        async with self.connection.begin_nested():
            yield

    def request_of(self, *subjects: object) -> str | None:
        """The request that the first of these came of whose origin is known; else the unit's."""
        for subject in subjects:
            if isinstance(subject, UUID) and subject in self.origins:
                return self.origins[subject]
        return self.request_id

    def follow(self, subject: UUID, *causes: UUID | None) -> None:
        """What is written of `subject` came of what the first known of its causes came of."""
        known = next((cause for cause in causes if cause in self.origins), None)
        if known is not None:
            self.origins[subject] = self.origins[known]

    def wake(self, queue: str) -> None:
        """Ask the door to wake this queue after the commit; losing the wake costs a second."""
        self.wakes.add(queue)


@lru_cache(maxsize=2048)
def _read(statement: str) -> TextClause:
    """Looking for the names in a long statement costs more than binding them, so once is enough."""
    return text(statement)


class Database:
    """Opens units of work over one pool. Both doors hold exactly one of these."""

    def __init__(self, engine: AsyncEngine, clock: Clock | None = None) -> None:
        self.engine = engine
        self.clock: Clock = clock or DatabaseClock()

    @asynccontextmanager
    async def unit(
        self, workspace_id: UUID, *, actor: Actor = SYSTEM_ACTOR, request_id: str | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """Commit on a clean exit, roll back on any other.

        Raises UnavailableError when no connection comes in time or Postgres is away; what a
        failed commit wrote is then unknown, and the caller must say so (503), never guess.
        """
        async with self._transaction() as connection:
            # SET LOCAL, not set_config(): only the former reaches the shards of Citus.
            await connection.execute(text(f"SET LOCAL warmline.workspace = '{workspace_id}'"))
            now, drift = await self._moment(connection)
            yield UnitOfWork(connection, workspace_id, now, actor, request_id, drift=drift)

    @asynccontextmanager
    async def read(self, workspace_id: UUID) -> AsyncIterator[UnitOfWork]:
        """The same view, read only: a write in it is refused by Postgres."""
        async with self._transaction(writes=False) as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            await connection.execute(text(f"SET LOCAL warmline.workspace = '{workspace_id}'"))
            now, drift = await self._moment(connection)
            yield UnitOfWork(connection, workspace_id, now, drift=drift)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[UnitOfWork]:
        """Across workspaces, for claims, directories and totals; every use is a reviewed one."""
        async with self._transaction() as connection:
            await connection.execute(text(f"SET LOCAL ROLE {SYSTEM_ROLE}"))
            now = await self.clock.read(connection)
            yield UnitOfWork(connection, UUID(int=0), now)

    async def close(self) -> None:
        await self.engine.dispose()

    async def _moment(self, connection: AsyncConnection) -> tuple[datetime, timedelta]:
        """What time it is in the workspace, and how far that is ahead of everybody else."""
        now = await self.clock.read(connection)
        drift = await self.clock.drift(connection) if self.clock.drifts else timedelta()
        return now + drift, drift

    @asynccontextmanager
    async def _transaction(self, *, writes: bool = True) -> AsyncIterator[AsyncConnection]:
        try:
            async with self.engine.connect() as connection, connection.begin():
                yield connection
                if __debug__ and writes:
                    await failpoints.reach("db.before_commit")
            if __debug__ and writes:
                await failpoints.reach("db.after_commit")
        except PoolTimeoutError as error:
            raise UnavailableError("Too many requests are waiting for the database.") from error
        except (DBAPIError, OSError) as error:
            if is_outage(error):
                raise UnavailableError from error
            raise


def is_outage(error: BaseException) -> bool:
    """True when the database is away, starting, full or shutting down, not when SQL is wrong."""
    if isinstance(error, OSError | InterfaceError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = str(getattr(error.orig, "sqlstate", "") or "")
    # 08 connection, 53 resources (53100 disk full), 57P shutdown, 57014 statement timeout,
    # 55P03 lock timeout, 40 serialization and deadlock, 25006 read-only server after failover,
    # 25P03 and 25P04 a transaction that idled or lasted too long.
    return state.startswith(("08", "53", "57P", "40")) or state in {
        "57014",
        "55P03",
        "25006",
        "25P03",
        "25P04",
    }
