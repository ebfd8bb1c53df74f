"""Each id of a source is journaled once, however often and in whatever company it comes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.core.intake import service as intake
from services.core.intake.records import Receipt
from services.core.intake.states import DeliveryState, EntryState
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.factories import (
    RegisteredSource,
    batch,
    comment,
    incoming,
    make_source,
)
from tests.support.queries import counted_queries


@pytest.fixture
async def source(database: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(database, workspace.id)


async def accept(database: Database, source: RegisteredSource, *documents: object) -> list[Receipt]:
    async with database.unit(source.workspace_id) as uow:
        return await intake.accept(uow, [incoming(source.id, each) for each in documents])


async def count_of(database: Database, query: str) -> int:
    async with database.system() as uow:
        return int((await uow.execute(query)).scalar_one())


async def count(database: Database, table: str) -> int:
    return await count_of(database, f"SELECT count(*) FROM {table}")


async def test_new_events_are_accepted_and_wait(
    database: Database, source: RegisteredSource
) -> None:
    (receipt,) = await accept(database, source, batch([comment("a"), comment("b")]))
    assert (receipt.accepted, receipt.duplicates, receipt.fresh) == (2, 0, True)
    async with database.read(source.workspace_id) as uow:
        seen = await intake.get_delivery(uow, receipt.delivery_id)
    assert seen.summary.state is DeliveryState.PENDING
    assert [(entry.external_id, entry.state) for entry in seen.entries] == [
        ("a", EntryState.PENDING),
        ("b", EntryState.PENDING),
    ]


async def test_acceptance_asks_to_wake_the_worker(
    database: Database, source: RegisteredSource
) -> None:
    async with database.unit(source.workspace_id) as uow:
        await intake.accept(uow, [incoming(source.id, comment())])
        assert uow.wakes == {"intake"}


async def test_an_event_of_another_delivery_is_a_duplicate(
    database: Database, source: RegisteredSource
) -> None:
    await accept(database, source, comment("a"))
    (receipt,) = await accept(database, source, batch([comment("a"), comment("b")]))
    assert (receipt.accepted, receipt.duplicates) == (1, 1)
    assert await count(database, "journal") == 2


async def test_the_second_of_two_equal_ids_in_one_batch_is_a_duplicate(
    database: Database, source: RegisteredSource
) -> None:
    (receipt,) = await accept(database, source, batch([comment("a"), comment("a")]))
    assert (receipt.accepted, receipt.duplicates) == (1, 1)


async def test_equal_ids_of_two_deliveries_accepted_together_count_once(
    database: Database, source: RegisteredSource
) -> None:
    first, second = await accept(database, source, comment("a"), comment("a"))
    assert (first.accepted, second.accepted, second.duplicates) == (1, 0, 1)


async def test_a_webhook_id_seen_before_gets_the_first_receipt_and_stores_nothing(
    database: Database, source: RegisteredSource
) -> None:
    delivery = incoming(source.id, comment("a"), webhook_id="msg-1")
    async with database.unit(source.workspace_id) as uow:
        (first,) = await intake.accept(uow, [delivery])
    async with database.unit(source.workspace_id) as uow:
        (again,) = await intake.accept(uow, [delivery])
        assert not uow.wakes
    assert again == Receipt(first.delivery_id, 0, 1, 0, fresh=False)
    assert (await count(database, "deliveries"), await count(database, "journal")) == (1, 1)


async def test_another_body_under_the_same_webhook_id_is_counted(
    database: Database, source: RegisteredSource
) -> None:
    for event_id in ("a", "a", "b"):
        document = comment(event_id, text=event_id) | {"timestamp": "2026-11-01T00:00:00Z"}
        async with database.unit(source.workspace_id) as uow:
            await intake.accept(uow, [incoming(source.id, document, webhook_id="msg-1")])
    async with database.system() as uow:
        keys = await uow.execute("SELECT external_id, conflicts FROM delivery_keys")
        assert {row.external_id: row.conflicts for row in keys} == {"msg-1": 1, "a": 0}


async def test_sources_do_not_share_ids(
    database: Database, workspace: Workspace, source: RegisteredSource
) -> None:
    other = await make_source(database, workspace.id)
    await accept(database, source, comment("a"))
    (receipt,) = await accept(database, other, comment("a"))
    assert receipt.accepted == 1


async def test_sixteen_at_once_with_one_webhook_id_make_one_row(
    database: Database, source: RegisteredSource
) -> None:
    delivery = incoming(source.id, batch([comment("a"), comment("b")]), webhook_id="msg-1")

    async def send() -> Receipt:
        async with database.unit(source.workspace_id) as uow:
            return (await intake.accept(uow, [delivery]))[0]

    receipts = await asyncio.gather(*(send() for _ in range(16)))
    assert len({receipt.delivery_id for receipt in receipts}) == 1
    assert sorted(receipt.accepted for receipt in receipts) == [0] * 15 + [2]
    assert (await count(database, "deliveries"), await count(database, "journal")) == (1, 2)


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


async def test_batches_with_the_same_events_in_opposite_order_do_not_deadlock(
    database: Database, source: RegisteredSource
) -> None:
    names = [f"e-{number:03}" for number in range(100)]

    async def send(order: list[str]) -> int:
        (receipt,) = await accept(database, source, batch([comment(name) for name in order]))
        return receipt.accepted

    # A third delivery holds the middle, so that both have taken some when they go on.
    async with database.unit(source.workspace_id) as uow:
        await intake.accept(uow, [incoming(source.id, comment("e-050"))])
        both = [asyncio.create_task(send(order)) for order in (names, names[::-1])]
        async with asyncio.timeout(10):
            while await count_of(database, WAITING) < 2:
                continue
    assert sum(await asyncio.gather(*both)) == 99


async def test_what_was_not_committed_was_not_accepted(
    database: Database, source: RegisteredSource
) -> None:
    async def break_off() -> None:
        async with database.unit(source.workspace_id) as uow:
            await intake.accept(uow, [incoming(source.id, comment("a"))])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
    (receipt,) = await accept(database, source, comment("a"))
    assert receipt.accepted == 1


async def test_types_without_a_handler_are_kept_and_marked(
    database: Database, source: RegisteredSource
) -> None:
    view = comment("v") | {
        "type": "view.recorded",
        "data": {"post_id": "p-1", "follower": {"id": "u-1"}},
    }
    (receipt,) = await accept(
        database, source, batch([view, comment("x") | {"type": "story.seen"}])
    )
    assert (receipt.accepted, receipt.unsupported) == (2, 1)
    async with database.read(source.workspace_id) as uow:
        seen = await intake.get_delivery(uow, receipt.delivery_id)
    assert [entry.state for entry in seen.entries] == [
        EntryState.NO_HANDLER_YET,
        EntryState.UNSUPPORTED,
    ]
    assert seen.summary.state is DeliveryState.PROCESSED


async def test_the_past_is_history_and_the_future_is_now(
    database: Database, source: RegisteredSource
) -> None:
    now = datetime.now(UTC)
    old = comment("old") | {"timestamp": (now - timedelta(days=31)).isoformat()}
    early = comment("early") | {"timestamp": (now + timedelta(days=2)).isoformat()}
    await accept(database, source, batch([old, early]))
    async with database.system() as uow:
        rows = await uow.execute(
            "SELECT external_id, historical, clamped, occurred_at = received_at AS now FROM journal"
        )
        placed = {row.external_id: (row.historical, row.clamped, row.now) for row in rows}
    assert placed == {"old": (True, False, False), "early": (False, True, True)}


async def test_the_raw_body_is_kept_as_it_came(
    database: Database, source: RegisteredSource
) -> None:
    delivery = incoming(source.id, comment("a"))
    async with database.unit(source.workspace_id) as uow:
        await intake.accept(uow, [delivery])
    async with database.system() as uow:
        kept = (await uow.execute("SELECT body FROM deliveries")).scalar_one()
    assert bytes(kept) == delivery.body


@pytest.mark.parametrize("deliveries", [1, 50])
async def test_the_number_of_statements_does_not_follow_the_number_of_deliveries(
    database: Database, source: RegisteredSource, deliveries: int
) -> None:
    with counted_queries(database) as asked:
        await accept(database, source, *(comment() for _ in range(deliveries)))
    assert len(asked) == 4
