"""Waiting entries are given to one worker at a time, fairly, and taken back from dead ones."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.intake import service as intake
from services.core.intake import statements
from services.core.intake.records import ClaimedEntry, EntryFailure
from services.core.intake.rules import LANES_A_CLAIM, lane_of
from services.core.intake.states import DeliveryState, EntryState
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.factories import RegisteredSource, batch, comment, incoming, make_source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = {"now": NOON, "lease_seconds": 30.0}
MAX_ATTEMPTS = 3


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def frozen(database: Database, clock: FrozenClock) -> Database:
    return Database(database.engine, clock)


@pytest.fixture
async def source(frozen: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(frozen, workspace.id)


async def deliver(
    database: Database, source: RegisteredSource, *names: str, age: timedelta = timedelta()
) -> UUID:
    when = (NOON - age).isoformat()
    events = [comment(name) | {"timestamp": when} for name in names]
    async with database.unit(source.workspace_id) as uow:
        (receipt,) = await intake.accept(uow, [incoming(source.id, batch(events))])
    return receipt.delivery_id


async def claim(database: Database, limit: int = 100) -> list[ClaimedEntry]:
    """What a worker takes: fresh entries, then those that were tried before."""
    entries = await intake.claim_entries(database, limit=limit, lease_seconds=30)
    while len(entries) < limit and (tried := await claim_tried(database)):
        entries += tried
    return entries


async def claim_fresh(database: Database, limit: int = 100) -> list[ClaimedEntry]:
    return await intake.claim_entries(database, limit=limit, lease_seconds=30)


def lanes(entries: list[ClaimedEntry]) -> set[int]:
    return {lane_of(entry.source_id, entry.event) for entry in entries if entry.event}


async def claim_tried(database: Database) -> list[ClaimedEntry]:
    return await intake.claim_tried(database, lease_seconds=30, max_attempts=MAX_ATTEMPTS)


def names(entries: list[ClaimedEntry]) -> list[str]:
    return [entry.external_id for entry in entries]


async def test_a_claim_brings_the_events_with_their_payloads(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a", "b")
    first, second = await claim(frozen)
    assert (first.external_id, first.position, first.attempts) == ("a", 0, 1)
    assert second.event is not None
    assert second.event.payload is not None
    assert second.event.external_id == "b"


async def test_a_claimed_entry_is_given_to_nobody_else_until_its_lease_ends(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a")
    (first,) = await claim(frozen)
    clock.advance(timedelta(seconds=29))
    assert await claim(frozen) == []
    clock.advance(timedelta(seconds=1))
    (second,) = await claim(frozen)
    assert (second.key.token, second.attempts) == (first.key.token + 1, 2)


async def test_eight_workers_at_once_get_every_entry_once(
    frozen: Database, source: RegisteredSource
) -> None:
    wanted = [f"e-{number:03}" for number in range(200)]
    await deliver(frozen, source, *wanted)
    batches = await asyncio.gather(*(claim(frozen, limit=40) for _ in range(8)))
    got = [name for entries in batches for name in names(entries)]
    assert len(got) == len(set(got))
    rest = names(await claim(frozen, limit=200))
    assert sorted(got + rest) == wanted


async def test_a_worker_does_not_wait_for_what_another_is_just_claiming(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, *(f"e-{number:02}" for number in range(20)))
    claim_ten = {"workspace_ids": [source.workspace_id], "share": 10, "part": 10} | LEASE
    async with frozen.system() as uow:
        held = {row.external_id for row in await uow.execute(statements.CLAIM, claim_ten)}
        # That claim is not committed, and this one would run into a lock timeout.
        got = set(names(await claim(frozen, limit=10)))
    assert len(held) == len(got) == 10
    assert held.isdisjoint(got)


async def test_two_workers_get_different_people_and_each_the_oldest(
    frozen: Database, source: RegisteredSource
) -> None:
    crowd = [comment(f"e-{n:03}", author={"id": f"u-{n % 60}"}) for n in range(600)]
    async with frozen.unit(source.workspace_id) as uow:
        for start in (0, 300):
            await intake.accept(uow, [incoming(source.id, batch(crowd[start : start + 300]))])
    first, second = [await claim_fresh(frozen, limit=80) for _ in range(2)]
    assert len(first) == len(second) == 80
    assert lanes(first).isdisjoint(lanes(second))
    # A part of each lane: the bodies to be read are those of a short time.
    assert len(lanes(first)) >= LANES_A_CLAIM
    assert "e-000" in names(first)


async def test_where_somebody_is_at_work_is_gone_to_when_nothing_else_waits(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a", "b", "c")
    (first,) = await claim_fresh(frozen, limit=1)
    assert first.external_id == "a"
    assert names(await claim_fresh(frozen)) == ["b", "c"]


async def test_what_is_put_back_is_given_out_at_once_as_if_never_claimed(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a", "b")
    entries = await claim_fresh(frozen)
    keys = [entry.key for entry in entries]
    async with frozen.unit(source.workspace_id) as uow:
        assert await intake.complete_entries(uow, keys) == set(keys)
        assert await intake.put_back_entries(uow, keys[1:]) == 1
    (again,) = await claim_fresh(frozen)
    assert (again.external_id, again.attempts, again.key.token) == ("b", 1, keys[1].token + 1)
    async with frozen.unit(source.workspace_id) as uow:
        # Whoever comes with a spent token puts back nothing.
        assert await intake.put_back_entries(uow, keys) == 1
        assert await intake.put_back_entries(uow, []) == 0


async def test_what_is_put_back_keeps_the_tries_it_had_before(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a")
    await claim_fresh(frozen)
    clock.advance(timedelta(seconds=31))
    (second,) = await claim_tried(frozen)
    async with frozen.unit(source.workspace_id) as uow:
        await intake.complete_entries(uow, [second.key])
        await intake.put_back_entries(uow, [second.key])
    assert await claim_fresh(frozen) == []
    (third,) = await claim_tried(frozen)
    assert (second.attempts, third.attempts) == (2, 2)


async def test_a_late_worker_completes_nothing_that_was_taken_over(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a", "b")
    late = await claim(frozen, limit=1)
    clock.advance(timedelta(seconds=20))
    late += await claim(frozen, limit=1)
    clock.advance(timedelta(seconds=11))
    (taken,) = await claim(frozen)
    async with frozen.unit(source.workspace_id) as uow:
        done = await intake.complete_entries(uow, [entry.key for entry in late])
    assert done == {entry.key for entry in late if entry.external_id != taken.external_id}


async def test_completing_twice_completes_once(frozen: Database, source: RegisteredSource) -> None:
    delivery_id = await deliver(frozen, source, "a")
    keys = [entry.key for entry in await claim(frozen)]
    async with frozen.unit(source.workspace_id) as uow:
        assert await intake.complete_entries(uow, keys) == set(keys)
        assert await intake.complete_entries(uow, keys) == set()
        seen = await intake.get_delivery(uow, delivery_id)
    assert seen.summary.state is DeliveryState.PROCESSED


async def test_another_workspace_cannot_complete_an_entry(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a")
    keys = [entry.key for entry in await claim(frozen)]
    other = await workspaces.create_workspace(frozen, "Other")
    async with frozen.unit(other.id) as uow:
        assert await intake.complete_entries(uow, keys) == set()


async def test_every_workspace_gets_its_share_however_long_anothers_queue_is(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, *(f"big-{number}" for number in range(300)))
    clock.advance(timedelta(seconds=5))
    for name in ("small", "tiny"):
        workspace = await workspaces.create_workspace(frozen, name)
        await deliver(frozen, await make_source(frozen, workspace.id), name)
    got = names(await claim(frozen, limit=30))
    assert {"small", "tiny"} <= set(got)
    assert sum(name.startswith("big") for name in got) == 10


async def test_history_waits_behind_what_is_live(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "old-1", "old-2", age=timedelta(days=40))
    clock.advance(timedelta(seconds=5))
    await deliver(frozen, source, "live")
    assert names(await claim(frozen, limit=2)) == ["live", "old-1"]


async def test_a_failed_entry_comes_back_later_and_later_and_ends_in_quarantine(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    delivery_id = await deliver(frozen, source, "a")
    pauses = []
    for _ in range(3):
        (entry,) = await claim(frozen)
        started = clock.at
        async with frozen.unit(source.workspace_id) as uow:
            failure = EntryFailure(entry.key, "KeyError")
            await intake.fail_entries(uow, [failure], max_attempts=3)
            row = (await uow.execute("SELECT next_at, state FROM journal")).one()
        pauses.append((row.next_at - started).total_seconds())
        clock.at = row.next_at
    assert (row.state, pauses) == (EntryState.QUARANTINED, [5, 10, 20])
    assert await claim(frozen) == []
    async with frozen.read(source.workspace_id) as uow:
        seen = await intake.get_delivery(uow, delivery_id)
    assert seen.summary.state is DeliveryState.QUARANTINED
    assert [entry.error for entry in seen.entries] == ["KeyError"]


async def test_an_entry_whose_workers_always_die_is_given_up_on(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    """Its deaths in company could be a neighbour's fault; three alone are its own."""
    await deliver(frozen, source, "a")
    claims = 0
    while await claim(frozen):
        claims += 1
        clock.advance(timedelta(seconds=31))
    assert claims == intake.TRIES_IN_COMPANY + MAX_ATTEMPTS
    async with frozen.system() as uow:
        row = (await uow.execute("SELECT state, error, attempts FROM journal")).one()
    assert tuple(row) == (EntryState.QUARANTINED, "claimed_without_outcome", claims)


async def test_what_dead_workers_held_is_given_out_by_few_and_then_one_by_one(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, *(f"e-{number:02}" for number in range(85)))
    assert len(await claim(frozen)) == 85
    clock.advance(timedelta(seconds=31))
    await deliver(frozen, source, "fresh")
    fresh = await intake.claim_entries(frozen, limit=100, lease_seconds=30)
    assert names(fresh) == ["fresh"]
    assert [len(await claim_tried(frozen)) for _ in range(4)] == [40, 40, 5, 0]
    clock.advance(timedelta(seconds=31))
    found = [names(await claim_tried(frozen)) for _ in range(87)]
    # The fresh one has died once, the others twice.
    assert sorted(len(each) for each in found) == [0] + [1] * 86
    assert len({name for each in found for name in each}) == 86


async def test_what_was_tried_before_does_not_wait_behind_a_backlog(
    frozen: Database, clock: FrozenClock, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a")
    await claim(frozen)
    await deliver(frozen, source, *(f"waits-{number}" for number in range(300)))
    clock.advance(timedelta(seconds=31))
    (tried,) = await claim_tried(frozen)
    assert (tried.external_id, tried.attempts) == ("a", 2)


async def test_a_released_entry_is_due_at_once_and_its_attempt_forgotten(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a")
    (first,) = await claim(frozen)
    async with frozen.unit(source.workspace_id) as uow:
        assert await intake.release_entries(uow, [first.key]) == 1
    (again,) = await claim(frozen)
    assert (again.attempts, again.token) == (1, first.token + 1)


async def test_a_body_that_cannot_be_read_any_more_spares_its_neighbours(
    frozen: Database, source: RegisteredSource
) -> None:
    broken = await deliver(frozen, source, "a")
    await deliver(frozen, source, "b")
    async with frozen.system() as uow:
        await uow.execute("UPDATE deliveries SET body = '\\x7b' WHERE id = :id", {"id": broken})
    found = {entry.external_id: entry for entry in await claim(frozen)}
    assert (found["a"].event, found["a"].unreadable) == (None, "invalid_json")
    assert found["b"].event is not None


async def test_replaying_everything_makes_everything_wait_once_more(
    frozen: Database, source: RegisteredSource
) -> None:
    await deliver(frozen, source, "a", "b")
    await deliver(frozen, source, "c")
    async with frozen.unit(source.workspace_id) as uow:
        await intake.complete_entries(uow, [entry.key for entry in await claim(frozen)])
    count = await intake.replay_all(
        frozen, source.workspace_id, intake.Choice((EntryState.PROCESSED,))
    )
    assert count == 3
    assert sorted(names(await claim(frozen))) == ["a", "b", "c"]


async def test_a_replay_keeps_to_its_time_and_state(
    database: Database, workspace: Workspace
) -> None:
    source = await make_source(database, workspace.id)
    await deliver(database, source, "a")
    async with database.unit(source.workspace_id) as uow:
        await intake.complete_entries(uow, [entry.key for entry in await claim(database)])
        await uow.execute("UPDATE journal SET state = 'quarantined'")
    until = datetime.now(UTC) - timedelta(hours=1)
    quarantined = (EntryState.QUARANTINED,)
    for choice, count in (
        (intake.Choice(quarantined, until=until), 0),
        (intake.Choice((EntryState.PROCESSED,)), 0),
        (intake.Choice(quarantined, since=until), 1),
    ):
        assert await intake.replay_all(database, workspace.id, choice) == count


BY_INDEX = {"ix_journal_due", "ix_journal_lanes", "ix_journal_tried", "Tid Scan"}
FILL = """
INSERT INTO journal (workspace_id, delivery_id, position, source_id, external_id, type,
  occurred_at, received_at, clamped, historical, state, next_at)
SELECT :workspace_id, gen_random_uuid(), 0, :source_id, 'x', 'comment.created', :now, :now, false,
  number % 2 = 0, CASE WHEN number % 3 > 0 THEN 'pending' ELSE 'processed' END, :now
FROM generate_series(1, :rows) AS number
"""


def reads(explained: Any) -> list[tuple[str, float]]:
    """By what index the journal was read, or how else, and how many rows each read gave."""
    plan = json.loads(explained) if isinstance(explained, str) else explained
    found, waiting = [], [plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Relation Name") == "journal" and "Scan" in node["Node Type"]:
            by = node.get("Index Name", node["Node Type"])
            found.append((by, node["Actual Rows"] * node["Actual Loops"]))
    return found


async def test_a_claim_finds_its_rows_by_the_partial_index_alone(
    frozen: Database, source: RegisteredSource
) -> None:
    """30,000 rows, 20,000 of them due: what is read follows the limit, not the table."""
    async with frozen.system() as uow:
        await uow.execute("SET LOCAL statement_timeout = 0")
        await uow.execute(
            FILL,
            {
                "workspace_id": source.workspace_id,
                "source_id": source.id,
                "now": uow.now,
                "rows": 30_000,
            },
        )
        await uow.execute(statements.BY_INDEX_ONLY)
        # With and without figures about the table: the plan must not hang on them.
        for prepare in ("SELECT 1", "ANALYZE journal"):
            await uow.execute(prepare)
            for statement, parameters in (
                (statements.TURNS, {"now": NOON, "limit": 200}),
                (
                    statements.CLAIM,
                    {"workspace_ids": [source.workspace_id], "share": 200, "part": 50} | LEASE,
                ),
                (statements.CLAIM_TRIED, {"company": 10, "max_claims": 5} | LEASE),
            ):
                explained = await uow.execute(
                    f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
                )
                read = reads(explained.scalar_one())
                assert {index for index, _ in read} <= BY_INDEX, read
                assert sum(rows for _, rows in read) < 1_000, read
