"""Large installations out of nothing: cases with all that belongs to them, written set by set.

The rows are what the line itself would have written: folding a seeded thread again changes nothing
(tests/faults/test_many_timers.py holds them to it). A million cases with ten messages each take
minutes, because indexes are taken away and built anew once everything lies there. What is not
written: the journal of the deliveries, facts and the audit log. The ids of messages are not
derived from the platform's, so a reply finds its seeded message, but an edit does not.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.support import seeding_statements as statements

TABLES = ("followers", "posts", "threads", "messages", "judgements", "cases", "clocks", "timers")
# From here on it is faster to build the indexes anew than to keep them up to date.
BULK_MESSAGES = 200_000

TEXTS = (
    "用了三天烂脸了，怎么办",
    "这个精华敏感肌可以用吗",
    "Does this work for oily skin?",
    "快递到哪里了，等了一周",
    "色号选哪个好看呀",
    "收到的瓶子是碎的，我要退款",
)


# A fifth is urgent.
TIERS = ("urgent", "important", "important", "routine", "routine")


@dataclass(frozen=True, slots=True)
class Due:
    """How many open cases have their first response due at `at`, or evenly from it on."""

    cases: int
    at: datetime
    spread: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the cases are like; the same one is the same rows."""

    cases: int
    messages_per_case: int = 3
    open_share: float = 0.1
    due: Due | None = None
    # None is the database's now.
    now: datetime | None = None
    # Over how many days what was answered lies.
    past_days: int = 90
    # Workers have slept since, which None says they have not. Later moments are pending.
    worked_until: datetime | None = None
    texts: Sequence[str] = TEXTS
    # Each as often as the others; what is urgent is warned of minutes after it was seeded.
    tiers: Sequence[str] = TIERS
    name: str = "seed"
    seed: int = 1

    @property
    def open_cases(self) -> int:
        return round(self.cases * self.open_share)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written."""

    workspace_id: UUID
    source_id: UUID
    cases: int
    open_cases: int
    clocks: int
    messages: int
    timers: int


async def seed_cases(
    connection: asyncpg.Connection,
    workspace_id: UUID,
    *,
    source_id: UUID | None = None,
    bulk: bool | None = None,
    **crowd: Any,
) -> Seeded:
    """Write cases of a workspace under its default policy, which must be there already.

    The words after `bulk` are those of `Crowd`. Open cases owe a first answer and a resolution, so
    each has two running clocks; those `due` does not name are so young that their first warning
    is a tenth of their budget away. The others were answered in time during the past months.

    Another call for the same workspace needs another `name`. The connection is a superuser's and
    in no transaction. `bulk` drops and rebuilds the tables' indexes, so nobody else may be at
    work; it is chosen by size when not said. Raises ValueError when cases would have been opened
    in the future, or were overdue while workers still worked.
    """
    wanted = Crowd(**crowd)
    now = wanted.now or await connection.fetchval("SELECT now()")
    until = wanted.worked_until or now
    await _plan(connection, workspace_id, wanted, until)
    try:
        counts = await connection.fetchrow(statements.COUNTS)
        assert counts is not None
        _check(counts, until, now)
        source = source_id or await _add_source(connection, workspace_id, until)
        rebuild = counts["messages"] > BULK_MESSAGES if bulk is None else bulk
        async with _indexes_later(connection, rebuild=rebuild):
            timers = await _write(connection, (workspace_id, source, wanted.name), wanted, until)
    finally:
        await connection.execute("DROP TABLE seeded")
    await connection.execute("VACUUM (ANALYZE) " + ", ".join(TABLES))
    return Seeded(
        workspace_id=workspace_id,
        source_id=source,
        cases=wanted.cases,
        open_cases=wanted.open_cases,
        clocks=2 * wanted.cases,
        messages=counts["messages"],
        timers=timers,
    )


async def _plan(
    connection: asyncpg.Connection, workspace_id: UUID, wanted: Crowd, until: datetime
) -> None:
    due = wanted.due or Due(0, until)
    await connection.execute(statements.SCRATCH)
    await connection.execute(
        statements.PLAN,
        workspace_id,
        wanted.cases,
        wanted.open_cases,
        wanted.messages_per_case,
        until,
        wanted.seed,
        due.cases,
        due.at,
        due.spread,
        wanted.name,
        wanted.past_days,
        list(wanted.tiers),
    )


def _check(counts: asyncpg.Record, until: datetime, now: datetime) -> None:
    if counts["cases"] == 0:
        message = "The workspace has no default policy."
        raise ValueError(message)
    if counts["last_opened"] > now:
        message = f"A case would have been opened at {counts['last_opened']}."
        raise ValueError(message)
    if counts["first_due"] is not None and counts["first_due"] <= until:
        message = f"A clock was due at {counts['first_due']}, while workers still worked."
        raise ValueError(message)


async def _add_source(connection: asyncpg.Connection, workspace_id: UUID, until: datetime) -> UUID:
    source_id = uuid4()
    await connection.execute(statements.SOURCE, workspace_id, source_id, until)
    return source_id


async def _write(
    connection: asyncpg.Connection,
    place: tuple[UUID, UUID, str],
    wanted: Crowd,
    until: datetime,
) -> int:
    """Fill the tables, one statement each; returns how many timers there are."""
    workspace_id, _, name = place
    await connection.execute("SET synchronous_commit = off")
    await connection.execute(statements.FOLLOWERS, *place)
    await connection.execute(statements.POSTS, *place)
    await connection.execute(statements.THREADS, *place)
    await connection.execute(statements.MESSAGES, *place, until, list(wanted.texts))
    await connection.execute(statements.JUDGEMENTS, workspace_id, name)
    await connection.execute(statements.CASES, *place)
    await connection.execute(statements.CLOCKS, workspace_id, name)
    written = await connection.execute(statements.TIMERS, workspace_id, name, until)
    await connection.execute("RESET synchronous_commit")
    return int(written.split()[-1])


@asynccontextmanager
async def _indexes_later(connection: asyncpg.Connection, *, rebuild: bool) -> AsyncIterator[None]:
    """Take the indexes and keys of our tables away and build them again at the end."""
    if not rebuild:
        yield
        return
    keys = await connection.fetch(statements.KEYS, list(TABLES))
    indexes = await connection.fetch(statements.INDEXES, list(TABLES))
    for key in keys:
        await connection.execute(f'ALTER TABLE {key["table"]} DROP CONSTRAINT "{key["name"]}"')
    for index in indexes:
        await connection.execute(f'DROP INDEX "{index["name"]}"')
    try:
        yield
    finally:
        await connection.execute("SET maintenance_work_mem = '256MB'")
        for key in keys:
            table, definition = key["table"], key["definition"]
            await connection.execute(
                f'ALTER TABLE {table} ADD CONSTRAINT "{key["name"]}" {definition}'
            )
        for index in indexes:
            await connection.execute(index["definition"])
        await connection.execute("RESET maintenance_work_mem")
