"""A channel is given what it takes and no more; too much goes together, and none is lost."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.breaker import PAUSE_AFTER_REFUSALS, TRIPS_AFTER
from services.core.alerts.types import Alert, AlertFilter, Channel, Outcome
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer, Failure, Parcel
from services.core.triage.types import Tier
from tests.support.alerts import HOUR, Desk, fired_timer
from tests.support.sizes import sized, tell

MINUTE = timedelta(minutes=1)
# Of 20 a minute five may go at once, and one of the five is kept for what is urgent.
ROBOT = {"per_minute": 20, "digest": True}
METERED = {"per_minute": 20}
BUSY, GONE = Answer(status_code=503), Answer(status_code=404)


async def robot(desk: Desk, name: str = "robot", config: dict[str, Any] = ROBOT) -> Channel:
    config = config | {"url": f"https://{name}.example/in"}
    return await desk.webhook(name, config=json.dumps(config))


async def send(desk: Desk, gateway: FakeGateway, **more: Any) -> int:
    return await alerts.send_due(desk.database, {"webhook": gateway}, **more)


async def storm(desk: Desk, **sizes: int) -> list[Alert]:
    """So many alerts of each tier, raised in one stroke."""
    timers = [fired_timer(tier=Tier(tier)) for tier, size in sizes.items() for _ in range(size)]
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.raise_for(uow, timers)
        return await alerts.list_alerts(uow, AlertFilter(), limit=len(timers))


def named(parcels: list[Parcel]) -> list[str]:
    """The id of every alert in these messages, however it came."""
    return [
        one["id"] if "id" in one else one["alert_id"]
        for parcel in parcels
        for one in parcel.message.get("alerts", [parcel.message])
    ]


def kinds(parcels: list[Parcel]) -> list[str]:
    return [parcel.message["type"].removeprefix("alert.") for parcel in parcels]


async def test_no_more_goes_out_than_the_bucket_holds(desk: Desk) -> None:
    await robot(desk, config=METERED)
    await storm(desk, routine=12)
    gateway = FakeGateway()
    assert await send(desk, gateway) == 4
    desk.clock.advance(timedelta(seconds=8))
    assert await send(desk, gateway) == 2
    desk.clock.advance(HOUR)
    assert await send(desk, gateway) == 4


async def test_all_workers_together_stay_within_one_bucket(desk: Desk) -> None:
    await robot(desk, config=METERED)
    await storm(desk, urgent=20)
    claims = await asyncio.gather(
        *(alerts.claim_dispatches(desk.database, 3, width=50) for _ in range(8))
    )
    claimed = [one.outbox_id for claim in claims for one in claim]
    while more := await alerts.claim_dispatches(desk.database, 3, width=50):
        claimed += [one.outbox_id for one in more]
    assert len(set(claimed)) == len(claimed) == 5


async def test_the_last_of_a_bucket_is_kept_for_the_urgent(desk: Desk) -> None:
    await robot(desk, config=METERED)
    await storm(desk, routine=12)
    gateway = FakeGateway()
    await send(desk, gateway)
    await desk.raised(tier=Tier.IMPORTANT)
    assert await send(desk, gateway) == 0
    urgent = await desk.raised(tier=Tier.URGENT)
    assert await send(desk, gateway) == 1
    assert named(gateway.parcels[-1:]) == [str(urgent.id)]


async def test_too_much_goes_as_one_message_that_names_all_the_urgent_singly_before_it(
    desk: Desk,
) -> None:
    await robot(desk)
    raised = await storm(desk, urgent=2, important=20, routine=30)
    gateway = FakeGateway()
    assert await send(desk, gateway) == 52
    assert kinds(gateway.parcels) == ["firing", "firing", "digest"]
    assert sorted(named(gateway.parcels)) == sorted(str(one.id) for one in raised)
    assert [one["tier"] for one in gateway.parcels[2].message["alerts"]][:20] == ["important"] * 20
    states = [await desk.states(alert) for alert in raised]
    assert states == [["firing sent"]] * 52


async def test_a_row_says_which_digest_carried_it(desk: Desk) -> None:
    await robot(desk)
    raised = await storm(desk, routine=9)
    gateway = FakeGateway()
    await send(desk, gateway)
    (digest,) = gateway.parcels
    for alert in raised:
        (delivery,) = await desk.deliveries(alert)
        assert delivery.digest_id == digest.id
        assert [one.digest_id for one in delivery.attempts] == [digest.id]


async def test_a_webhook_gets_each_alert_by_itself_unless_asked_otherwise(desk: Desk) -> None:
    await desk.webhook()
    await storm(desk, routine=30)
    gateway = FakeGateway()
    assert await send(desk, gateway) == 30
    assert set(kinds(gateway.parcels)) == {"firing"}


async def test_a_webhook_that_wants_digests_gets_them_above_the_storm_limit(desk: Desk) -> None:
    await robot(desk, config={"digest": True})
    await storm(desk, routine=30)
    gateway = FakeGateway()
    assert await send(desk, gateway, storm_per_minute=40) == 30
    assert kinds(gateway.parcels) == ["digest"]


async def test_a_digest_that_fails_gives_its_rows_back(desk: Desk) -> None:
    await robot(desk)
    raised = await storm(desk, routine=9)
    gateway = FakeGateway([BUSY])
    await send(desk, gateway)
    assert [await desk.states(alert) for alert in raised] == [["firing pending"]] * 9
    desk.clock.advance(HOUR)
    await send(desk, gateway)
    assert kinds(gateway.parcels) == ["digest", "digest"]
    assert Counter(named(gateway.parcels)) == {str(one.id): 2 for one in raised}
    assert not any("repeat" in parcel.message for parcel in gateway.parcels)
    assert [await desk.states(alert) for alert in raised] == [["firing sent"]] * 9


async def test_a_refused_digest_is_no_verdict_on_the_alerts_in_it(desk: Desk) -> None:
    await robot(desk)
    raised = await storm(desk, routine=9)
    await send(desk, FakeGateway([Answer(status_code=413)]))
    assert [await desk.states(alert) for alert in raised] == [["firing pending"]] * 9


async def test_a_digest_in_doubt_comes_again_under_its_id_with_each_alert_marked(
    desk: Desk,
) -> None:
    await robot(desk)
    await storm(desk, routine=9)
    gateway = FakeGateway([Answer(failure=Failure.TIMEOUT)])
    await send(desk, gateway)
    desk.clock.advance(HOUR)
    await send(desk, gateway)
    first, second = gateway.parcels
    assert first.id == second.id
    assert all(one["repeat"] for one in second.message["alerts"])


async def test_what_was_called_off_before_is_in_no_digest(desk: Desk) -> None:
    await robot(desk)
    raised = await storm(desk, routine=9)
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.resolve(uow, raised[0].id)
    gateway = FakeGateway()
    await send(desk, gateway)
    assert str(raised[0].id) not in named(gateway.parcels)


async def test_a_shut_door_is_knocked_at_once_and_what_waited_follows_when_it_opens(
    desk: Desk,
) -> None:
    await desk.webhook()
    await storm(desk, urgent=TRIPS_AFTER + 4)
    down = FakeGateway([Answer(status_code=503, retry_after=3_000.0)] * 100)
    await send(desk, down, width=1)
    assert len(down.parcels) == TRIPS_AFTER
    desk.clock.advance(timedelta(seconds=9))
    assert await send(desk, down) == 0
    desk.clock.advance(timedelta(seconds=2))
    assert await send(desk, down) == 1
    up = FakeGateway()
    desk.clock.advance(timedelta(seconds=21))
    # One knock, and with its answer everything else, however long it was to wait.
    assert await send(desk, up) == TRIPS_AFTER + 4


async def turns_of_others(desk: Desk, gateway: FakeGateway) -> list[tuple[str, str]]:
    """Who of the sound channels was told what, in order, while nobody answered for the dead one."""
    tour = asyncio.create_task(send(desk, gateway))
    await gateway.wait_until(lambda: len(gateway.answered) == 3 * 12)
    told = [(one.config["url"], one.message["alert_id"]) for one in gateway.answered]
    gateway.open_gate()
    await tour
    return told


async def test_a_dead_channel_moves_nobody_elses_turn(desk: Desk, other_desk: Desk) -> None:
    """As counted turns: each sound channel is told the same, in its order, before the dead ends."""
    for place in (desk, other_desk):
        for name in ("a", "b", "c"):
            await place.webhook(name)
    await other_desk.webhook("dead")
    orders = []
    for place in (desk, other_desk):
        raised = await storm(place, urgent=4, routine=8)
        index = {str(one.id): number for number, one in enumerate(raised)}
        gateway = FakeGateway(held=lambda parcel: "dead" in parcel.config["url"])
        told = await turns_of_others(place, gateway)
        orders.append(
            {url: [raised[index[alert]].tier for at, alert in told if at == url] for url, _ in told}
        )
    assert orders[0] == orders[1]


async def test_two_workers_do_not_knock_at_one_door_at_once(desk: Desk) -> None:
    await desk.webhook()
    await storm(desk, urgent=TRIPS_AFTER + 8)
    await send(desk, FakeGateway([BUSY] * 100), width=1)
    desk.clock.advance(timedelta(seconds=11))
    claims = await asyncio.gather(*(alerts.claim_dispatches(desk.database, 5) for _ in range(4)))
    assert sum(len(claim) for claim in claims) == 1
    assert await alerts.claim_dispatches(desk.database, 5) == []


async def test_a_sink_that_asks_for_rest_is_left_alone_as_a_whole(desk: Desk) -> None:
    await desk.webhook()
    await storm(desk, urgent=3)
    gateway = FakeGateway([Answer(status_code=429, retry_after=90.0)])
    assert await send(desk, gateway, width=1) == 1
    desk.clock.advance(timedelta(seconds=89))
    assert await send(desk, gateway) == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await send(desk, gateway) == 3


async def paused(desk: Desk, channel_id: UUID) -> Channel:
    async with desk.database.read(desk.workspace_id) as uow:
        return await alerts.get_channel(uow, channel_id)


async def test_a_channel_that_only_refuses_is_paused_and_another_hears_of_it(desk: Desk) -> None:
    dead = await desk.webhook("dead")
    await storm(desk, routine=PAUSE_AFTER_REFUSALS + 5)
    await desk.webhook("other")
    gateway = FakeGateway([GONE] * PAUSE_AFTER_REFUSALS)
    await send(desk, gateway, width=1, concurrency=1)
    found = await paused(desk, dead.id)
    assert found.paused_at == desk.clock.at
    assert found.paused_reason == "It refused 5 sendings in a row."
    assert "channel.paused" in await desk.kinds_of_facts()
    assert "channel.paused" in await desk.trail()
    # In the same tour, by the road of every alert.
    (warning,) = gateway.parcels[PAUSE_AFTER_REFUSALS:]
    assert "other" in warning.config["url"]
    assert "dead" in warning.message["sentence"]["en"]


async def test_a_channel_taken_up_again_gets_what_waited_as_a_digest(desk: Desk) -> None:
    channel = await robot(desk)
    raised = await storm(desk, routine=12)
    async with desk.database.unit(desk.workspace_id) as uow:
        assert await alerts.pause_channel(uow, channel.id, "Tired.")
        assert not await alerts.pause_channel(uow, channel.id, "Tired.")
    gateway = FakeGateway()
    assert await send(desk, gateway) == 0
    async with desk.database.unit(desk.workspace_id) as uow:
        back = await alerts.resume_channel(uow, channel.id)
        await alerts.resume_channel(uow, channel.id)
    assert (back.paused_at, back.paused_reason) == (None, None)
    await send(desk, gateway)
    assert kinds(gateway.parcels) == ["digest"]
    assert sorted(named(gateway.parcels)) == sorted(str(one.id) for one in raised)
    assert (await desk.kinds_of_facts()).count("channel.resumed") == 1


async def test_a_burst_reaches_everybody_within_the_limits_and_the_urgent_first(
    desk: Desk,
) -> None:
    """Issue 6: so many alerts at once to a robot that takes 20 messages a minute."""
    await robot(desk)
    size = sized(5_000, 50_000)
    raised = await storm(desk, urgent=size // 10, routine=size - size // 10)
    gateway, minutes = FakeGateway(), []
    for _ in range(size):
        before = len(gateway.parcels)
        for _ in range(4):
            await send(desk, gateway)
            desk.clock.advance(MINUTE / 4)
        minutes.append(len(gateway.parcels) - before)
        if minutes[-1] == 0:
            break
    told = Counter(named(gateway.parcels))
    assert told == Counter(str(one.id) for one in raised), "one was lost, or told twice"
    assert max(minutes) <= 20
    first = gateway.parcels[0].message
    assert (first["type"], first["tier"]) == ("alert.firing", "urgent")
    tiers = [parcel.message["tier"] for parcel in gateway.parcels]
    assert tiers == sorted(tiers, reverse=True), "something less urgent went before"
    tell("burst", alerts=size, messages=len(gateway.parcels), minutes=len(minutes) - 1)
    (delivery,) = await desk.deliveries(raised[0])
    assert [one.outcome for one in delivery.attempts] == [Outcome.SENT]
