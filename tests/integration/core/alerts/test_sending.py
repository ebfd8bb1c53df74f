"""The outbox: nothing lost, repeats marked, one slow channel alone with its slowness."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import structlog

from services.core.alerts import service as alerts
from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.service import parcels
from services.core.alerts.types import ChannelChange, Outcome, Purpose, Redriven, SendResult
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer, Failure, Parcel
from services.core.kit.errors import NotFoundError, UnavailableError
from services.core.kit.stretches import Stretch
from services.core.kit.uow import Database, UnitOfWork
from services.core.triage.types import Tier
from tests.support.alerts import HOUR, Desk

OK = SendResult(Outcome.SENT, 200)
AGAIN = SendResult(Outcome.RETRYABLE, 503, "busy")
NEVER = SendResult(Outcome.PERMANENT, 410, "gone")
LEASE = timedelta(seconds=31)


async def send(desk: Desk, gateway: FakeGateway, **more: int) -> int:
    gateways = {"webhook": gateway, "console": gateway}
    return await alerts.send_due(desk.database, gateways, **more)


async def redrive(desk: Desk, outbox_id: UUID | None = None) -> Redriven:
    async with desk.database.unit(desk.workspace_id) as uow:
        return await alerts.redrive(uow, outbox_id)


async def test_a_claimed_row_is_nobody_elses_until_its_lease_ends(desk: Desk) -> None:
    await desk.webhook()
    await desk.raised()
    (first,) = await alerts.claim_dispatches(desk.database, 10)
    assert (first.attempt, first.token, first.in_doubt) == (1, 1, False)
    assert await alerts.claim_dispatches(desk.database, 10) == []
    desk.clock.advance(LEASE)
    (second,) = await alerts.claim_dispatches(desk.database, 10)
    assert (second.attempt, second.token, second.in_doubt) == (2, 2, True)
    assert second.outbox_id == first.outbox_id


async def test_what_a_request_asked_for_names_it_to_the_channel(desk: Desk) -> None:
    await desk.webhook()
    alert, gateway = await desk.raised(), FakeGateway()
    async with desk.database.unit(desk.workspace_id, request_id="r-7") as uow:
        await alerts.renotify(uow, alert.id)
    await send(desk, gateway)
    asked = {one.message["type"]: one.request_id for one in gateway.parcels if one.config}
    assert asked == {"alert.firing": None, "alert.renotify": "r-7"}
    assert [one.request_id for one in await desk.deliveries(alert) if one.request_id] != []


async def test_the_line_of_a_sending_names_the_request_it_came_of(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised(request_id="r-asked")
    async with desk.database.unit(desk.workspace_id, request_id="r-7") as uow:
        await alerts.renotify(uow, alert.id)
    processors = [structlog.contextvars.merge_contextvars]
    with structlog.testing.capture_logs(processors=processors) as lines:
        await send(desk, FakeGateway())
    told = [line for line in lines if line["event"] == "send.ended"]
    assert {(line["request_id"], line["outcome"]) for line in told} == {
        ("r-asked", "sent"),
        ("r-7", "sent"),
    }
    assert {line["alert_id"] for line in told} == {str(alert.id)}


async def test_many_workers_claim_each_row_once(desk: Desk) -> None:
    await desk.webhook()
    for _ in range(12):
        await desk.raised()
    claims = await asyncio.gather(
        *(alerts.claim_dispatches(desk.database, 3, width=50) for _ in range(8))
    )
    claimed = [one.outbox_id for claim in claims for one in claim]
    assert len(claimed) == len(set(claimed))
    while more := await alerts.claim_dispatches(desk.database, 3, width=50):
        claimed += [one.outbox_id for one in more]
    assert len(set(claimed)) == 12


async def test_the_attempt_is_on_record_before_anything_is_sent(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await alerts.claim_dispatches(desk.database, 10)
    (delivery,) = await desk.deliveries(alert)
    assert [(one.number, one.outcome) for one in delivery.attempts] == [(1, Outcome.STARTED)]


async def test_a_crash_between_sending_and_writing_is_in_doubt_and_marked(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    (lost,) = await alerts.claim_dispatches(desk.database, 10)
    desk.clock.advance(LEASE)
    gateway = FakeGateway()
    await send(desk, gateway)
    (parcel,) = gateway.parcels
    assert parcel.id == lost.outbox_id
    assert parcel.message["repeat"] is True
    (delivery,) = await desk.deliveries(alert)
    assert [one.outcome for one in delivery.attempts] == [Outcome.SENT, Outcome.IN_DOUBT]


async def test_a_lost_answer_makes_the_next_attempt_a_marked_repeat(desk: Desk) -> None:
    await desk.webhook()
    await desk.raised()
    gateway = FakeGateway([Answer(failure=Failure.TIMEOUT)])
    await send(desk, gateway)
    desk.clock.advance(HOUR)
    await send(desk, gateway)
    first, second = gateway.parcels
    assert first.id == second.id
    assert "repeat" not in first.message
    assert second.message["repeat"] is True


async def test_a_plain_refusal_makes_no_repeat(desk: Desk) -> None:
    await desk.webhook()
    await desk.raised()
    gateway = FakeGateway([Answer(status_code=503), Answer(failure=Failure.UNREACHABLE)])
    for _ in range(3):
        await send(desk, gateway)
        desk.clock.advance(HOUR)
    assert len(gateway.parcels) == 3
    assert not any("repeat" in parcel.message for parcel in gateway.parcels)


async def test_a_superseded_worker_writes_nothing(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    (slow,) = await alerts.claim_dispatches(desk.database, 10)
    desk.clock.advance(LEASE)
    (quick,) = await alerts.claim_dispatches(desk.database, 10)
    assert not await alerts.complete(desk.database, slow, NEVER)
    assert await desk.states(alert) == ["firing pending"]
    assert await alerts.complete(desk.database, quick, OK)
    assert not await alerts.complete(desk.database, quick, OK)
    assert await desk.states(alert) == ["firing sent"]


async def test_a_refused_row_waits_and_a_sink_may_ask_for_longer(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await send(desk, FakeGateway([Answer(status_code=429, retry_after=600.0, detail="slow down")]))
    (delivery,) = await desk.deliveries(alert)
    assert delivery.next_at == desk.clock.at + timedelta(seconds=600)
    assert delivery.last_error == "429 slow down"
    desk.clock.advance(timedelta(seconds=599))
    gateway = FakeGateway()
    assert await send(desk, gateway) == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await send(desk, gateway) == 1


async def test_used_up_attempts_end_in_a_dead_letter_that_is_announced(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    gateway = FakeGateway([Answer(status_code=500)] * 3)
    for _ in range(4):
        await send(desk, gateway, max_attempts=3)
        desk.clock.advance(HOUR * 24)
    assert len(gateway.parcels) == 3
    assert await desk.states(alert) == ["firing dead"]
    assert (await desk.kinds_of_facts()).count("send.dead_lettered") == 1


async def test_a_row_that_kills_its_worker_every_time_dies_too(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    for _ in range(2):
        assert len(await alerts.claim_dispatches(desk.database, 10, max_attempts=2)) == 1
        desk.clock.advance(LEASE)
    assert await alerts.claim_dispatches(desk.database, 10, max_attempts=2) == []
    (delivery,) = await desk.deliveries(alert)
    assert delivery.state == "dead"
    assert [one.outcome for one in delivery.attempts] == [Outcome.IN_DOUBT] * 2
    assert (await desk.kinds_of_facts()).count("send.dead_lettered") == 1


async def test_urgent_goes_first_and_old_before_new(desk: Desk) -> None:
    await desk.webhook()
    for tier in (Tier.ROUTINE, Tier.IMPORTANT, Tier.URGENT, Tier.URGENT):
        await desk.raised(tier=tier)
        desk.clock.advance(timedelta(seconds=1))
    claimed = [await alerts.claim_dispatches(desk.database, 1) for _ in range(4)]
    tiers = [one.message["tier"] for (one,) in claimed]
    assert tiers == ["urgent", "urgent", "important", "routine"]
    assert claimed[0][0].message["at"] < claimed[1][0].message["at"]


async def test_a_backlog_of_one_workspace_leaves_room_for_another(
    desk: Desk, other_desk: Desk
) -> None:
    await desk.webhook()
    for _ in range(10):
        await desk.raised()
    await other_desk.webhook()
    late = await other_desk.raised(tier=Tier.ROUTINE)
    claimed = await alerts.claim_dispatches(desk.database, 4, width=10)
    assert late.id in {one.alert_id for one in claimed}


async def test_a_channel_gets_no_more_than_its_seats(desk: Desk) -> None:
    channel = await desk.webhook()
    for _ in range(6):
        await desk.raised()
    claim = alerts.claim_dispatches
    assert len(await claim(desk.database, 10, width=4, busy={channel.id: 3})) == 1
    assert await claim(desk.database, 10, width=4, busy={channel.id: 4}) == []
    assert len(await claim(desk.database, 10, width=4)) == 4


async def test_a_stuck_channel_does_not_delay_another(desk: Desk) -> None:
    await desk.webhook("slow")
    for _ in range(8):
        await desk.raised()
    await desk.webhook("fast")

    def is_slow(parcel: Parcel) -> bool:
        return "slow" in parcel.config["url"]

    gateway = FakeGateway(held=is_slow)
    tour = asyncio.create_task(send(desk, gateway, width=4))
    await gateway.wait_until(lambda: len(gateway.parcels) == 4)
    # Only now something comes for the other channel, and goes out past the stuck one.
    await desk.raised(tier=Tier.ROUTINE)
    await gateway.wait_until(lambda: bool(gateway.answered))
    assert not is_slow(gateway.answered[0])
    assert sum(is_slow(parcel) for parcel in gateway.parcels) == 4
    gateway.open_gate()
    assert await tour == 10


async def test_a_channel_switched_off_holds_its_rows_until_it_is_on_again(desk: Desk) -> None:
    channel = await desk.webhook()
    alert = await desk.raised()
    for enabled, sent in ((False, 0), (True, 1)):
        async with desk.database.unit(desk.workspace_id) as uow:
            await alerts.change_channel(uow, channel.id, ChannelChange(enabled=enabled))
        assert await send(desk, FakeGateway()) == sent
    assert await desk.states(alert) == ["firing sent"]


async def test_a_removed_channel_takes_its_rows_with_it(desk: Desk) -> None:
    channel = await desk.webhook()
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.archive_channel(uow, channel.id)
    assert await send(desk, FakeGateway()) == 0
    assert await desk.states(alert) == ["firing cancelled"]


async def test_a_gateway_with_a_bug_costs_only_its_own_row(desk: Desk) -> None:
    class Broken(FakeGateway):
        async def send(self, parcel: Parcel) -> Answer:
            raise RuntimeError("bug")

    await desk.webhook()
    alert = await desk.raised()
    assert await send(desk, Broken()) == 1
    (delivery,) = await desk.deliveries(alert)
    assert (delivery.state, delivery.last_error) == ("pending", "lost: The gateway broke.")


async def test_a_kind_nobody_serves_is_a_dead_letter(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await alerts.send_due(desk.database, {})
    assert await desk.states(alert) == ["firing dead"]


async def test_what_is_on_its_way_when_stopped_is_sent_again_after_its_lease(desk: Desk) -> None:
    await desk.webhook()
    await desk.raised()
    gateway = FakeGateway(held=lambda _: True)
    tour = asyncio.create_task(send(desk, gateway))
    await gateway.wait_until(lambda: bool(gateway.parcels))
    tour.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tour
    desk.clock.advance(LEASE)
    after = FakeGateway()
    await send(desk, after)
    assert after.parcels[0].message["repeat"] is True


async def test_a_redriven_letter_starts_anew_under_the_same_id(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await send(desk, FakeGateway([Answer(status_code=404)]))
    (dead,) = await desk.deliveries(alert)
    assert (await redrive(desk, dead.id)).queued == 1
    gateway = FakeGateway()
    await send(desk, gateway)
    assert gateway.parcels[0].id == dead.id
    (delivery,) = await desk.deliveries(alert)
    assert (delivery.state, delivery.attempt_count) == ("sent", 1)
    assert [one.number for one in delivery.attempts] == [2, 1]
    assert (await desk.trail()).count("dead_letter.redriven") == 1


async def test_redriving_all_leaves_out_what_is_over(desk: Desk) -> None:
    await desk.webhook()
    alive, over = await desk.raised(), await desk.raised()
    await send(desk, FakeGateway([Answer(status_code=404)] * 2))
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.resolve(uow, over.id)
    (dead,) = await desk.deliveries(over)
    with pytest.raises(AlertResolvedError):
        await redrive(desk, dead.id)
    done = await redrive(desk)
    assert (done.queued, done.cancelled) == (1, 1)
    assert await desk.states(alive) == ["firing pending"]
    assert await desk.states(over) == ["firing cancelled"]


async def test_only_the_dead_can_be_redriven_and_only_ones_own(
    desk: Desk, other_desk: Desk
) -> None:
    await desk.webhook()
    alert = await desk.raised()
    (pending,) = await desk.deliveries(alert)
    with pytest.raises(NotFoundError):
        await redrive(desk, pending.id)
    await send(desk, FakeGateway([Answer(status_code=404)]))
    with pytest.raises(NotFoundError):
        await redrive(other_desk, pending.id)
    assert (await redrive(other_desk)).queued == 0


async def test_dead_letters_are_listed_newest_first_in_pages(desk: Desk) -> None:
    channel = await desk.webhook()
    other = await desk.webhook("other")
    made = [await desk.raised() for _ in range(3)]
    await send(desk, FakeGateway([Answer(status_code=404)] * 6))
    async with desk.database.read(desk.workspace_id) as uow:
        two = Stretch(descending=True, limit=2)
        first = await alerts.list_dead_letters(uow, two, channel_id=channel.id)
        beyond = replace(two, seen=(first[-1].id,))
        rest = await alerts.list_dead_letters(uow, beyond, channel_id=channel.id)
        both = await alerts.list_dead_letters(uow)
    assert [one.alert_id for one in first + rest] == [one.id for one in made[::-1]]
    assert {one.channel_id for one in both} == {channel.id, other.id}
    assert first[0].attempts[0].status_code == 404


async def test_a_database_that_goes_away_does_not_tear_up_what_is_on_its_way(
    desk: Desk,
) -> None:
    class Fading(Database):
        """Away for claims after the first one."""

        claims = 0

        def system(self) -> AbstractAsyncContextManager[UnitOfWork]:
            self.claims += 1
            if self.claims > 1:
                gateway.open_gate()
                raise UnavailableError
            return super().system()

    await desk.webhook()
    alert = await desk.raised()
    gateway = FakeGateway(held=lambda _: True)
    with pytest.raises(UnavailableError):
        await alerts.send_due(Fading(desk.database.engine, desk.clock), {"webhook": gateway})
    assert await desk.states(alert) == ["firing sent"]


async def test_queueing_twice_sends_once(desk: Desk) -> None:
    """The index behind it: one alert, one channel, one purpose, one round."""
    channel = await desk.webhook()
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await parcels.queue(uow, [parcels.Telling(alert, channel.id, Purpose.FIRING)] * 2)
    assert await desk.states(alert) == ["firing pending"]
