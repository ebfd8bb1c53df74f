"""Results: written together, none at the cost of another, and room for what comes meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from typing_extensions import override

from services.core.alerts import service as alerts
from services.core.alerts.service.landing import Ledger
from services.core.alerts.types import Alert, Dispatch, Outcome, SendResult
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Parcel
from services.core.kit.uow import Database, UnitOfWork
from services.core.triage.types import Tier
from tests.support.alerts import Desk

OK = SendResult(Outcome.SENT, 200)
BUSY = SendResult(Outcome.RETRYABLE, 503, "busy")
NEVER = SendResult(Outcome.PERMANENT, 410, "gone")
# Postgres refuses it, whatever stands around it.
UNWRITABLE = SendResult(Outcome.SENT, 200, "a \x00 in it")


class Counting(Database):
    """Knows how many units were opened."""

    units = 0

    @override
    @asynccontextmanager
    async def unit(self, workspace_id: UUID, **more: Any) -> AsyncIterator[UnitOfWork]:
        self.units += 1
        async with super().unit(workspace_id, **more) as uow:
            yield uow


async def claimed(desk: Desk, count: int) -> tuple[list[Alert], list[Dispatch]]:
    """So many alerts, and each one's row in hand, in the same order."""
    raised = [await desk.raised() for _ in range(count)]
    dispatches = await alerts.claim_dispatches(desk.database, count, width=count)
    by_alert = {one.alert_id: one for one in dispatches}
    return raised, [by_alert[one.id] for one in raised]


async def states(desk: Desk, raised: Sequence[Alert]) -> list[str]:
    return [state for alert in raised for state in await desk.states(alert)]


async def test_what_ended_together_is_written_in_one_unit(desk: Desk) -> None:
    await desk.webhook()
    raised, (first, *others) = await claimed(desk, 4)
    database = Counting(desk.database.engine, desk.clock)
    ledger = Ledger(database)
    written = await asyncio.gather(
        ledger.write((first,), OK), *(ledger.write((one,), OK) for one in others)
    )
    assert [one.count for one in written] == [1, 1, 1, 1]
    assert database.units == 1
    assert await states(desk, raised) == ["firing sent"] * 4
    for alert in raised:
        (delivery,) = await desk.deliveries(alert)
        assert [(one.outcome, one.status_code) for one in delivery.attempts] == [
            (Outcome.SENT, 200)
        ]


async def test_each_keeps_its_own_result(desk: Desk) -> None:
    await desk.webhook("good")
    raised, dispatches = await claimed(desk, 3)
    ledger = Ledger(desk.database)
    results = (OK, BUSY, NEVER)
    await asyncio.gather(
        *(ledger.write((one,), result) for one, result in zip(dispatches, results, strict=True))
    )
    assert await states(desk, raised) == ["firing sent", "firing pending", "firing dead"]
    found = [(await desk.deliveries(alert))[0] for alert in raised]
    assert [one.last_error for one in found] == [None, "503 busy", "410 gone"]
    assert (await desk.kinds_of_facts()).count("send.dead_lettered") == 1


async def test_a_row_that_somebody_holds_keeps_no_other_waiting(desk: Desk) -> None:
    await desk.webhook()
    raised, (held, *free) = await claimed(desk, 3)
    database = Counting(desk.database.engine, desk.clock)
    ledger = Ledger(database)
    async with desk.database.unit(desk.workspace_id) as uow:
        hold = "SELECT FROM outbox WHERE workspace_id = :workspace_id AND id = :id FOR UPDATE"
        await uow.execute(hold, {"workspace_id": uow.workspace_id, "id": held.outbox_id})
        waiting = asyncio.create_task(ledger.write((held,), OK))
        await asyncio.gather(*(ledger.write((one,), OK) for one in free))
        # One for all of them, and one for the row that has to be waited for.
        assert database.units == 2
        assert await states(desk, raised) == ["firing pending", "firing sent", "firing sent"]
        (delivery,) = await desk.deliveries(raised[0])
        # Had it ended, whoever took the row over now would know of no doubt.
        assert [one.outcome for one in delivery.attempts] == [Outcome.STARTED]
    assert (await waiting).count == 1
    assert await states(desk, raised) == ["firing sent"] * 3


async def test_a_result_that_cannot_be_written_costs_its_neighbours_nothing(desk: Desk) -> None:
    await desk.webhook()
    raised, (broken, *fine) = await claimed(desk, 3)
    ledger = Ledger(desk.database)
    ended = await asyncio.gather(
        ledger.write((broken,), UNWRITABLE),
        *(ledger.write((one,), OK) for one in fine),
        return_exceptions=True,
    )
    assert isinstance(ended[0], Exception)
    assert await states(desk, raised) == ["firing pending", "firing sent", "firing sent"]


async def test_a_claim_that_was_taken_over_writes_nothing_among_others(desk: Desk) -> None:
    await desk.webhook()
    raised, (overtaken, other) = await claimed(desk, 2)
    async with desk.database.unit(desk.workspace_id) as uow:
        taken = "UPDATE outbox SET token = token + 1 WHERE alert_id = :id"
        await uow.execute(taken, {"id": raised[0].id})
    ledger = Ledger(desk.database)
    late, good = await asyncio.gather(ledger.write((overtaken,), OK), ledger.write((other,), OK))
    assert (late.count, good.count) == (0, 1)
    assert await states(desk, raised) == ["firing pending", "firing sent"]


async def test_who_is_called_looks_past_a_slow_channel_at_once(desk: Desk) -> None:
    await desk.webhook("slow")
    await desk.raised()
    called = asyncio.Event()

    def is_slow(parcel: Parcel) -> bool:
        return "slow" in parcel.config.get("url", "")

    gateway = FakeGateway(held=is_slow)
    gateways = {"webhook": gateway, "console": gateway}
    tour = asyncio.create_task(
        alerts.send_due(desk.database, gateways, look_seconds=600.0, called=called)
    )
    await gateway.wait_until(lambda: any(is_slow(one) for one in gateway.parcels))
    before = len(gateway.answered)
    await desk.webhook("fast")
    await desk.raised(tier=Tier.ROUTINE)
    called.set()
    await gateway.wait_until(lambda: len(gateway.answered) > before, timeout_seconds=30.0)
    gateway.open_gate()
    await tour


async def test_more_than_the_seats_of_a_channel_goes_out_without_another_look(desk: Desk) -> None:
    await desk.webhook()
    raised = [await desk.raised() for _ in range(7)]
    gateway = FakeGateway()
    called = asyncio.Event()
    gateways = {"webhook": gateway, "console": gateway}
    sent = await alerts.send_due(
        desk.database, gateways, width=2, look_seconds=600.0, called=called
    )
    assert sent == len(gateway.parcels)
    assert set(await states(desk, raised)) == {"firing sent"}
    assert not called.is_set()


async def test_the_end_of_a_tour_waits_for_a_silent_channel_and_nobody_else_does(
    desk: Desk,
) -> None:
    await desk.webhook("slow")
    await desk.raised()
    called = asyncio.Event()

    def is_slow(parcel: Parcel) -> bool:
        return "slow" in parcel.config.get("url", "")

    gateway = FakeGateway(held=is_slow)
    gateways = {"webhook": gateway, "console": gateway}
    # Its time is over with the first claim.
    tour = asyncio.create_task(
        alerts.send_due(desk.database, gateways, claim_seconds=0.0, look_seconds=0.2, called=called)
    )
    await gateway.wait_until(lambda: any(is_slow(one) for one in gateway.parcels))
    await desk.webhook("fast")
    for _ in range(2):
        before = len(gateway.answered)
        await desk.raised(tier=Tier.ROUTINE)
        called.set()
        await gateway.wait_until(
            lambda before=before: len(gateway.answered) > before, timeout_seconds=30.0
        )
    # What is raised is for the silent one too, but nothing joins what it is waited for.
    assert sum(is_slow(parcel) for parcel in gateway.parcels) == 1
    assert not tour.done()
    gateway.open_gate()
    await tour
    assert called.is_set()


async def test_who_runs_out_of_time_asks_to_be_called_again(desk: Desk) -> None:
    await desk.webhook()
    for _ in range(3):
        await desk.raised()
    gateway, called = FakeGateway(held=lambda _: True), asyncio.Event()
    gateways = {"webhook": gateway, "console": gateway}
    tour = asyncio.create_task(
        alerts.send_due(desk.database, gateways, claim_seconds=0.0, look_seconds=0.0, called=called)
    )
    await gateway.wait_until(lambda: bool(gateway.parcels), timeout_seconds=30.0)
    gateway.open_gate()
    await tour
    assert called.is_set()
