"""F25: a great many clocks run, many of them come due in one second, or while everybody slept."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.core.alerts.service.sending import claim_dispatches
from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import processing
from services.core.desk import service as desk
from services.core.sla.rules import pressing
from services.core.triage.types import Tier
from tests.support.db import connect
from tests.support.line import NOON, Line
from tests.support.seeding import Due, Seeded, seed_cases

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
# Two clocks run for each open case: 1M clocks and 50k due, or a twentieth of it.
CASES, AT_ONCE = (500_000, 50_000) if LONG else (10_000, 2_000)
WORKERS = 3
FIRST_OUT = 100
MINUTE = timedelta(minutes=1)
OUTAGE = timedelta(hours=6)

PROMISES = """
SELECT id, state, tier, opened_at, next_due_at, resolved_at, unanswered, reopened, last_message_at
FROM cases ORDER BY id
"""
CLOCKS = """
SELECT case_id, kind, episode, tier, state, started_at, due_at, limit_at, budget_seconds, met_at,
  settled_at, trigger_message_id, settling_message_id, generation FROM clocks ORDER BY id
"""
TIMERS = "SELECT clock_id, percent, generation, fire_at, state, note, tier FROM timers ORDER BY id"
BELONGING = "SELECT id, thread_id, case_id FROM messages ORDER BY id"

RAISED = "SELECT clock_id, step, generation, tier, fire_at, fired_at FROM alerts"
TOLD = "SELECT message FROM outbox"


@pytest.fixture
async def rows(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()


async def seed(line: Line, rows: asyncpg.Connection, **crowd: Any) -> Seeded:
    return await seed_cases(
        rows, line.workspace_id, source_id=line.source_id, now=line.clock.at, **crowd
    )


async def fire_everything(line: Line) -> float:
    """Several workers fire until nothing is due; returns how many seconds it took."""

    async def work() -> None:
        while True:
            fired = await processing.fire_timers(line.database)
            due = fired.seconds_until_next is not None and fired.seconds_until_next <= 0
            if fired.count == 0 and not due:
                return

    begun = perf_counter()
    await asyncio.gather(*[work() for _ in range(WORKERS)])
    return perf_counter() - begun


async def test_seeded_rows_are_what_the_line_would_have_written(
    line: Line, rows: asyncpg.Connection
) -> None:
    """Not a fault: it keeps the seeding honest. Folding every thread anew changes nothing."""
    due = Due(40, NOON + MINUTE, spread=MINUTE)
    await seed(line, rows, cases=200, open_share=0.5, messages_per_case=4, due=due)
    questions = (PROMISES, CLOCKS, TIMERS, BELONGING)
    before = [await line.rows(question) for question in questions]
    threads = await line.rows("SELECT thread_id, opened_at FROM cases ORDER BY thread_id")
    async with line.database.unit(line.workspace_id) as uow:
        for thread in threads:
            await conversations.hold_thread(uow, thread.thread_id)
        touched = [Touched(thread.thread_id, thread.opened_at) for thread in threads]
        await desk.settle(uow, touched, resolution="folded anew")
    assert [await line.rows(question) for question in questions] == before
    assert Counter(row.state for row in before[0]) == {"open": 100, "resolved": 100}
    assert await line.rows("SELECT 1 FROM facts") == []


async def test_what_comes_due_in_one_second_is_said_once_each_and_never_early(
    line: Line, rows: asyncpg.Connection
) -> None:
    """Two clocks of each open case run; the first answers of many are due at the same moment."""
    at = NOON + MINUTE
    seeded = await seed(line, rows, cases=CASES, open_share=1.0, due=Due(AT_ONCE, at))
    warnings = await pending_until(rows, at - timedelta(microseconds=1))
    line.clock.at = at - timedelta(microseconds=1)
    await fire_everything(line)
    early = await line.row("SELECT count(*) AS n FROM alerts WHERE step >= 100")
    assert early.n == 0
    assert (await line.row("SELECT count(*) AS n FROM alerts")).n == warnings

    line.clock.at = at
    seconds = await fire_everything(line)
    expected = await rows.fetch("SELECT id FROM clocks WHERE due_at = $1", at)
    raised = Counter(
        (row.clock_id, row.step, row.generation)
        for row in await line.rows(f"{RAISED} WHERE step >= 100")
    )
    assert raised == {(row["id"], 100, 1): 1 for row in expected}
    assert len(raised) == AT_ONCE
    outbox = await line.row("SELECT count(*) AS n FROM outbox")
    assert outbox.n == AT_ONCE + warnings
    states = await line.rows("SELECT state, count(*) AS n FROM clocks GROUP BY state")
    wanted = {"running": seeded.clocks - AT_ONCE, "missed": AT_ONCE}
    assert {row.state: row.n for row in states} == wanted
    taken = await claim_dispatches(line.database, FIRST_OUT, width=FIRST_OUT)
    assert [one.message["tier"] for one in taken] == ["urgent"] * FIRST_OUT
    print(f"{AT_ONCE} of {seeded.clocks} clocks due at once: {seconds:.1f} s")  # noqa: T201


async def test_urgent_moments_are_said_first_however_many_batches_there_are(
    line: Line, rows: asyncpg.Connection
) -> None:
    """A batch holds five hundred; what is urgent lies anywhere among what came due at once."""
    await seed(line, rows, cases=AT_ONCE, open_share=1.0, due=Due(AT_ONCE, NOON + MINUTE))
    line.clock.at = NOON + MINUTE
    batches: list[list[str]] = []
    told: set[UUID] = set()
    while (await processing.fire_timers(line.database)).count:
        new = [row for row in await line.rows(f"{RAISED}") if row.clock_id not in told]
        told |= {row.clock_id for row in new}
        batches.append([row.tier for row in new])
    assert len(batches) > 2
    ranks = [sorted(pressing(Tier(tier)) for tier in batch) for batch in batches]
    for earlier, later in pairwise(ranks):
        assert earlier[-1] <= later[0]
    assert {tier for batch in batches for tier in batch} == {"urgent", "important", "routine"}


async def test_after_six_hours_of_silence_each_clock_speaks_once_and_says_how_late(
    line: Line, rows: asyncpg.Connection
) -> None:
    """M20: what came due while nobody worked is raised by its last moment alone, marked late."""
    line.clock.at = NOON
    await seed(
        line,
        rows,
        cases=CASES // 5,
        open_share=1.0,
        due=Due(AT_ONCE, NOON - OUTAGE + MINUTE, spread=OUTAGE - 2 * MINUTE),
        worked_until=NOON - OUTAGE,
    )
    expected = await last_moments(rows, NOON)
    seconds = await fire_everything(line)
    alerts = await line.rows(RAISED)
    raised = Counter((row.clock_id, row.step, row.generation) for row in alerts)
    assert raised == dict.fromkeys(expected, 1)
    assert min(row.fired_at - row.fire_at for row in alerts) >= timedelta()
    late = [row.message for row in await line.rows(TOLD) if row.message["percent"] >= 100]
    assert len(late) >= AT_ONCE
    for message in late:
        due_at = datetime.fromisoformat(message["due_at"])
        assert message["late_by_seconds"] == int((NOON - due_at).total_seconds())
    assert max(message["late_by_seconds"] for message in late) > (OUTAGE - 3 * MINUTE).seconds
    print(f"{len(alerts)} alerts after {OUTAGE}: {seconds:.1f} s")  # noqa: T201 - the figure


async def pending_until(rows: asyncpg.Connection, moment: datetime) -> int:
    """How many clocks have something to say by then."""
    return len(await last_moments(rows, moment))


async def last_moments(rows: asyncpg.Connection, moment: datetime) -> set[tuple[UUID, int, int]]:
    """Of each clock the last of its pending moments that has come, read before anybody works."""
    found = await rows.fetch(
        "SELECT clock_id, max(percent) AS percent, generation FROM timers"
        " WHERE state = 'pending' AND fire_at <= $1 GROUP BY clock_id, generation",
        moment,
    )
    return {(row["clock_id"], row["percent"], row["generation"]) for row in found}
