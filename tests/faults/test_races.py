"""Eight workers reach for the same rows; a late one holds a token that was spent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from statistics import quantiles
from time import monotonic
from uuid import UUID

import pytest

from services.core.desk import processing
from services.core.intake import service as intake
from services.core.intake.records import ClaimedEntry, EntryKey
from services.core.kit import failpoints
from services.core.kit.uow import Database
from services.core.triage.engine import load_classifier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.backlog import fill_journal
from tests.support.db import run_sql
from tests.support.factories import comment as wire_comment
from tests.support.factories import incoming, make_source
from tests.support.line import Line, comment
from tests.support.sizes import sized, tell

pytestmark = pytest.mark.faults

RACERS = 8
EVENTS = 480
ROWS = sized(2_000, 10_000)
BACKLOG = sized(20_000, 1_000_000)
# Transactions that linger before they commit, so that claims really overlap.
LINGERING = "db.before_commit:sleep=0.02@0.2;seed=16"
# No token is ever spent: what the protection against late workers stands on is gone.
TOKENS_STAND_STILL = """
CREATE FUNCTION keep_token() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.token := OLD.token; RETURN NEW; END $$;
CREATE TRIGGER keep_token BEFORE UPDATE ON journal FOR EACH ROW EXECUTE FUNCTION keep_token()
"""
TOKENS_MOVE_AGAIN = "DROP TRIGGER keep_token ON journal; DROP FUNCTION keep_token()"


async def race(step: Callable[[], Awaitable[int]], done: Callable[[], Awaitable[bool]]) -> int:
    """Eight that go on until it is done; returns what they say they did, together."""

    async def run() -> int:
        count = 0
        while not await done():
            count += await step()
        return count

    return sum(await asyncio.gather(*[run() for _ in range(RACERS)]))


async def test_eight_claimers_complete_every_entry_once(line: Line) -> None:
    """M13: `process_deliveries` eight times over one database, in small batches.

    SKIP LOCKED gives each entry to one of them: nobody claims twice, and nobody's work is in vain.
    """
    for start in range(0, EVENTS, 80):
        numbers = range(start, start + 80)
        await line.deliver(*[comment(f"c{n}", author=f"u{n // 4}") for n in numbers])
    limits = processing.ClaimLimits(batch=20, lease_seconds=600)
    classifier = load_classifier()

    async def done() -> bool:
        row = await line.row("SELECT count(*) AS left FROM journal WHERE state = 'pending'")
        return bool(row.left == 0)

    claimed = await race(
        lambda: processing.process_deliveries(line.database, classifier, limits), done
    )
    assert claimed == EVENTS
    row = await line.row("SELECT min(token) AS low, max(token) AS high FROM journal")
    assert (row.low, row.high) == (1, 1)
    assert (await line.row("SELECT count(*) AS n FROM messages")).n == EVENTS
    assert (await line.row("SELECT count(*) AS n FROM cases")).n == EVENTS / 4
    assert (await line.row("SELECT count(*) AS n FROM judgements")).n == EVENTS


async def test_eight_claimers_take_each_of_many_rows_once(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    """F16: claims alone, as fast as they go, while some linger before their commit."""
    source = await make_source(database, workspace.id)
    await fill_journal(database_url, workspace.id, source.id, ROWS)
    taken: Counter[EntryKey] = Counter()
    seconds: list[float] = []

    async def take() -> int:
        started = monotonic()
        claimed = await intake.claim_entries(database, limit=50, lease_seconds=600)
        seconds.append(monotonic() - started)
        taken.update(EntryKey(entry.delivery_id, entry.position, 0) for entry in claimed)
        async with database.unit(workspace.id) as uow:
            return len(await intake.complete_entries(uow, [entry.key for entry in claimed]))

    async def done() -> bool:
        async with database.system() as uow:
            left = await uow.execute("SELECT count(*) FROM journal WHERE state = 'pending'")
            return bool(left.scalar_one() == 0)

    failpoints.arm(LINGERING)
    try:
        completed = await race(take, done)
    finally:
        failpoints.disarm()
    assert set(taken.values()) == {1}
    assert completed == len(taken) == ROWS
    tell("F16", rows=ROWS, claimers=RACERS, claims=len(seconds), **spread(seconds))


def spread(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {"claim_ms_p50": round(cuts[49] * 1000, 1), "claim_ms_p99": round(cuts[98] * 1000, 1)}


async def test_a_long_backlog_of_one_workspace_holds_up_nobody_else(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    """Whoever comes last, with one event, is in the next claim; who waited longest fills the rest.

    Seen in claims, not in seconds. The rival below takes what is oldest, whosever it is.
    """
    big = await make_source(database, workspace.id)
    await fill_journal(database_url, workspace.id, big.id, BACKLOG, age=60)
    small = await workspaces.create_workspace(database, "Small")
    late = await make_source(database, small.id)
    async with database.unit(small.id) as uow:
        await intake.accept(uow, [incoming(late.id, wire_comment("late"))])
    assert small.id not in await oldest_of_all(database, 200)
    claims = [await intake.claim_entries(database, limit=200, lease_seconds=600) for _ in range(2)]
    assert [entry.external_id for entry in claims[0] if entry.workspace_id == small.id] == ["late"]
    # With nobody else waiting the big one has the whole claim to itself again.
    assert len(claims[1]) == 200


async def oldest_of_all(database: Database, limit: int) -> set[UUID]:
    """The protection switched off: a queue without shares."""
    sql = "SELECT workspace_id FROM journal WHERE state = 'pending' ORDER BY next_at LIMIT :n"
    async with database.system() as uow:
        return set((await uow.execute(sql, {"n": limit})).scalars())


async def test_eight_clockworks_let_each_clock_speak_once(line: Line) -> None:
    """M13: `fire_timers` eight times over moments that are all due: each clock is told of once."""
    await line.hear(*[comment(f"c{n}", author=f"u{n}") for n in range(240)])
    line.clock.advance(timedelta(hours=2, seconds=1))

    async def fire() -> int:
        return (await processing.fire_timers(line.database, batch=7)).count

    async def done() -> bool:
        row = await line.row(
            "SELECT count(*) AS left FROM timers WHERE state = 'pending' AND fire_at <= :now",
            now=line.clock.at,
        )
        return bool(row.left == 0)

    fired = await race(fire, done)
    rows = await line.rows("SELECT clock_id, count(*) AS n FROM alerts GROUP BY clock_id")
    # 50, 80 and 100 % are due at once; of each clock the last one speaks, whoever held the others.
    assert [row.n for row in rows] == [1] * 240
    assert fired == (await line.row("SELECT count(*) AS n FROM timers WHERE state = 'fired'")).n
    assert (await line.row("SELECT count(*) AS n FROM alerts")).n == fired
    assert (await line.row("SELECT count(*) AS n FROM outbox")).n == fired
    said = await line.row("SELECT count(*) AS n FROM facts WHERE kind = 'alert.raised'")
    assert said.n == fired


async def late_writes(line: Line) -> set[EntryKey]:
    """What a worker still completes after its lease ended and somebody else took its entries."""
    await line.deliver(*[comment(f"c{n}") for n in range(20)])
    late = await claim(line)
    line.clock.advance(timedelta(seconds=31))
    successor = [entry async for entry in claim_again(line)]
    assert {(one.delivery_id, one.position) for one in late} == {
        (one.delivery_id, one.position) for one in successor
    }
    async with line.database.unit(line.workspace_id) as uow:
        return await intake.complete_entries(uow, [one.key for one in late])


async def claim(line: Line) -> Sequence[ClaimedEntry]:
    return await intake.claim_entries(line.database, limit=100, lease_seconds=30)


async def claim_again(line: Line) -> AsyncIterator[ClaimedEntry]:
    """What was tried before is given out by few."""
    while entries := await intake.claim_tried(line.database, lease_seconds=30, max_attempts=3):
        for entry in entries:
            yield entry


async def test_a_worker_whose_lease_ended_completes_nothing(line: Line) -> None:
    """M7: the successor's claim spent the token, so the late one's `UPDATE` meets no row."""
    assert await late_writes(line) == set()


async def test_without_tokens_that_move_the_late_one_writes(line: Line, database_url: str) -> None:
    """The protection switched off: claims leave the token as it is, and the same look goes red."""
    await run_sql(database_url, TOKENS_STAND_STILL)
    try:
        assert len(await late_writes(line)) == 20
    finally:
        await run_sql(database_url, TOKENS_MOVE_AGAIN)
