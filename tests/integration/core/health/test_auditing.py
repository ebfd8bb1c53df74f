"""An auditor's look at a real database: what is late is found whoever is to blame, said once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.core.health import service as health
from services.core.health.types import AuditLimits, ProcessInfo
from services.core.kit.clock import FrozenClock, host_now
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import SubscriptionDraft, Wish
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.db import connect
from tests.support.line import Line, comment

LIMITS = AuditLimits(interval=5, stall=40)
LATE = timedelta(seconds=41)
READER = SubscriptionDraft("reader", "https://example.com/in", Wish(("*",)))

Late = Callable[[UnitOfWork], Awaitable[Any]]


async def beat(database: Database, **changes: Any) -> None:
    values: dict[str, Any] = {"host": "h", "pid": 1, "started_at": host_now()} | changes
    await health.beat(database, ProcessInfo(id=uuid4(), kind=health.WORKER, **values))


async def stages(database: Database) -> set[str]:
    return {stall.stage for stall in (await health.look(database, LIMITS)).stalls}


@pytest.fixture
async def alive(database: Database) -> Database:
    await beat(database)
    return database


async def unclaimed_event(uow: UnitOfWork) -> None:
    source = await make.add_source(uow)
    await make.add_journal(uow, source.id, next_at=uow.now - LATE)


async def due_timer(uow: UnitOfWork) -> None:
    await make.add_timer(uow, uuid4(), uuid4(), fire_at=uow.now - LATE)


async def unsent_row(uow: UnitOfWork) -> None:
    channel = await make.add_channel(uow)
    await make.add_outbox(uow, channel_id=channel.id, next_at=uow.now - LATE)


async def unpublished_fact(uow: UnitOfWork) -> None:
    await stream.announce(uow, [Fact("stage.resumed", "stage", uuid4(), {"stage": "intake"})])
    await uow.execute("UPDATE facts SET at = :at", {"at": uow.now - LATE})


async def snooze_that_is_over(uow: UnitOfWork) -> None:
    source = await make.add_source(uow)
    await make.add_case(uow, source.id, state="snoozed", snoozed_until=uow.now - LATE)


async def unqueued_fact(uow: UnitOfWork) -> None:
    """Numbered, and looked at by nobody though somebody subscribed."""
    await subscriptions.create_subscription(uow, READER)
    await uow.execute("UPDATE facts SET at = :at, seq = 1", {"at": uow.now - LATE})


async def unsent_parcel(uow: UnitOfWork) -> None:
    """The subscription's own fact is numbered, looked at and, as if it were another's, queued."""
    await subscriptions.create_subscription(uow, READER)
    await uow.execute("UPDATE facts SET seq = 1")
    await uow.execute("UPDATE subscriptions SET position = 1")
    await uow.execute(
        "INSERT INTO subscription_parcels (workspace_id, subscription_id, seq, kind, subject_kind,"
        " subject_id, payload, at, state, waits, next_at, created_at)"
        " SELECT f.workspace_id, s.id, 1, f.kind, f.subject_kind, f.subject_id, f.payload, f.at,"
        " 'pending', false, :at, :at FROM facts f JOIN subscriptions s USING (workspace_id)",
        {"at": uow.now - LATE},
    )


@pytest.mark.parametrize(
    ("stage", "late"),
    [
        ("intake", unclaimed_event),
        ("sla", due_timer),
        ("alerts", unsent_row),
        ("stream", unpublished_fact),
        ("snoozes", snooze_that_is_over),
        ("fanout", unqueued_fact),
        ("subscriptions", unsent_parcel),
    ],
)
async def test_work_left_alone_names_its_stage(
    alive: Database, workspace: Workspace, stage: str, late: Late
) -> None:
    assert await stages(alive) == set()
    # In the second of two workspaces: each has its turn in the look.
    other = await workspaces.create_workspace(alive, "Other", slug="other")
    async with alive.unit(max(workspace.id, other.id)) as uow:
        await late(uow)
    assert await stages(alive) == {stage}


async def test_what_waits_on_purpose_is_no_stall(alive: Database, workspace: Workspace) -> None:
    """History behind live work, a retry's pause, a channel that is off, one that is sending."""
    async with alive.unit(workspace.id) as uow:
        long_ago, soon = uow.now - timedelta(hours=1), uow.now + timedelta(seconds=20)
        source = await make.add_source(uow)
        await make.add_journal(uow, source.id, historical=True, next_at=long_ago)
        await make.add_journal(uow, source.id, received_at=long_ago, next_at=soon, attempts=1)
        await make.add_timer(uow, uuid4(), uuid4(), fire_at=soon)
        off = await make.add_channel(uow, enabled=False)
        await make.add_outbox(uow, channel_id=off.id, next_at=long_ago)
        slow = await make.add_channel(uow)
        await make.add_outbox(uow, channel_id=slow.id, next_at=long_ago)
        await make.add_outbox(uow, channel_id=slow.id, next_at=soon, token=1, attempts=1)
        await make.add_case(uow, source.id, state="snoozed", snoozed_until=soon)
    assert await stages(alive) == set()


async def test_what_needs_a_person_is_counted_and_stalls_nothing(line: Line) -> None:
    await beat(line.database)
    await beat(line.database, pid=2)
    await line.hear(comment("c1"))
    async with line.database.unit(line.workspace_id) as uow:
        channel = await make.add_channel(uow)
        await make.add_outbox(uow, channel_id=channel.id, state="dead")
        await make.add_journal(uow, line.source_id, state="quarantined")
        await make.add_case(uow, line.source_id)
        before = uow.now - timedelta(minutes=1)
        await uow.execute("UPDATE processes SET seen_at = :at WHERE pid = 2", {"at": before})
    verdict = await health.look(line.database, LIMITS)
    assert verdict.well
    assert verdict.notes == {
        "dead_letters": 1,
        "quarantined": 1,
        "cases_without_clock": 1,
        "expired_leases": 0,
        "vanished_workers": 1,
    }


async def test_leases_nobody_took_over_are_counted(alive: Database, workspace: Workspace) -> None:
    async with alive.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        await make.add_journal(uow, source.id, next_at=uow.now - LATE, token=1, attempts=1)
        await make.add_journal(uow, source.id, next_at=uow.now - LATE)
    assert (await health.look(alive, LIMITS)).notes["expired_leases"] == 1


async def test_a_change_is_announced_once_in_every_workspace(
    alive: Database, workspace: Workspace
) -> None:
    other = await workspaces.create_workspace(alive, "Other", slug="other")
    async with alive.unit(workspace.id) as uow:
        await due_timer(uow)
    # Two auditors, one after the other: the second has nothing to add.
    assert (await health.look(alive, LIMITS)).begun == ("sla",)
    assert (await health.look(alive, LIMITS)).begun == ()
    async with alive.unit(workspace.id) as uow:
        await uow.execute("UPDATE timers SET state = 'fired'")
    assert (await health.look(alive, LIMITS)).ended == ("sla",)
    await stream.publish(alive)
    for place in (workspace, other):
        async with alive.read(place.id) as uow:
            told = await stream.read_after(uow, 0)
        assert [(one.fact.kind, one.fact.payload) for one in told] == [
            ("stage.stalled", {"stage": "sla"}),
            ("stage.resumed", {"stage": "sla"}),
        ]


async def test_the_last_word_of_any_auditor_can_be_read(alive: Database) -> None:
    clock = FrozenClock(host_now())
    frozen = Database(alive.engine, clock)
    assert await health.read_verdict(frozen) is None
    await health.look(frozen, LIMITS)
    await health.note_ping(frozen)
    clock.advance(timedelta(seconds=18))
    await beat(frozen)
    said = await health.read_verdict(frozen)
    assert said is not None
    assert said.silent
    assert said.pinged_at is not None
    await health.look(frozen, LIMITS)
    again = await health.read_verdict(frozen)
    assert again is not None
    assert (again.silent, again.pinged_at) == (False, said.pinged_at)


async def test_a_look_that_has_to_wait_gives_up(alive: Database, database_url: str) -> None:
    locking = await connect(database_url)
    try:
        async with locking.transaction():
            await locking.execute("LOCK TABLE timers IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(UnavailableError):
                await health.look(alive, LIMITS)
    finally:
        await locking.close()
    assert await health.read_verdict(alive) is None


async def test_a_look_does_not_read_what_waits(alive: Database, workspace: Workspace) -> None:
    """Its cost is one probe a queue and workspace: no sequential scan over a long queue."""
    async with alive.unit(workspace.id) as uow:
        await uow.execute(
            "INSERT INTO timers (workspace_id, id, clock_id, case_id, percent, generation, fire_at,"
            " state) SELECT :id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 100, 1,"
            " now() + interval '1 hour', 'pending' FROM generate_series(1, 20000)",
            {"id": workspace.id},
        )
        await uow.execute(
            "INSERT INTO journal (workspace_id, delivery_id, position, source_id, external_id,"
            " type, occurred_at, received_at, clamped, historical, state, next_at)"
            " SELECT :id, gen_random_uuid(), 0, gen_random_uuid(), 'e', 't', now(), now(), false,"
            " false, 'pending', now() FROM generate_series(1, 20000)",
            {"id": workspace.id},
        )
    read = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables"
    async with alive.system() as uow:
        found = await health.read_waiting_in(uow)
        rows = (
            await uow.execute(
                "SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) AS touched"
                " FROM pg_stat_xact_user_tables WHERE relname IN ('journal', 'timers', 'outbox')"
            )
        ).all()
        assert (await uow.execute(read)).scalar_one() < 1000
    assert found.ages.timer == 0
    assert {row.relname: row.touched for row in rows if row.touched > 500} == {}
