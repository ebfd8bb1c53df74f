"""What does not get through where it was to go is told elsewhere, once, and says so."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.repository import fallbacks
from services.core.alerts.types import Alert, Channel
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer
from services.core.triage.types import Tier
from tests.support.alerts import Desk

GONE, BUSY = Answer(status_code=404), Answer(status_code=503)
LONG = timedelta(minutes=5)
NAME_FALLBACK = """
UPDATE alerts SET ladder = jsonb_set(ladder, '{steps}', CAST(:steps AS jsonb)) WHERE id = :id
"""


async def send(desk: Desk, gateway: FakeGateway) -> int:
    return await alerts.send_due(desk.database, {"webhook": gateway})


async def named(desk: Desk, alert: Alert, fallback_id: UUID) -> None:
    """As if the step it was raised on named this channel as its second."""
    step = {"percent": 0, "channel_ids": [], "fallback_channel_id": str(fallback_id)}
    await put_steps(desk, alert, [step])


async def put_steps(desk: Desk, alert: Alert, steps: list[dict[str, Any]]) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(NAME_FALLBACK, {"steps": json.dumps(steps), "id": alert.id})


async def lost(desk: Desk, tier: Tier = Tier.URGENT) -> tuple[Alert, Channel]:
    """An alert whose only channel refused it, and another channel that came later."""
    await desk.webhook("dead")
    alert = await desk.raised(tier=tier)
    await send(desk, FakeGateway([GONE]))
    return alert, await desk.webhook("other")


async def test_an_urgent_alert_that_died_goes_to_any_other_channel_once_and_marked(
    desk: Desk,
) -> None:
    alert, other = await lost(desk)
    assert await alerts.fall_back(desk.database) == 1
    assert await alerts.fall_back(desk.database) == 0
    gateway = FakeGateway()
    await send(desk, gateway)
    (parcel,) = gateway.parcels
    assert parcel.message["fallback"]["channel"] == "dead"
    first, second = await desk.deliveries(alert)
    assert (first.state, first.fell_back_at) == ("dead", desk.clock.at)
    assert (second.channel_id, second.state) == (other.id, "sent")
    assert second.fallback_of == first.id
    assert (await desk.trail()).count("alert.fell_back") == 1


async def test_two_workers_pass_it_on_once(desk: Desk) -> None:
    await lost(desk)
    await desk.webhook("third")
    done = await asyncio.gather(*(alerts.fall_back(desk.database) for _ in range(4)))
    assert sum(done) == 1


async def test_what_is_not_urgent_goes_only_where_its_ladder_says(desk: Desk) -> None:
    alert, other = await lost(desk, Tier.ROUTINE)
    assert await alerts.fall_back(desk.database) == 0
    await named(desk, alert, other.id)
    assert await alerts.fall_back(desk.database) == 1


async def test_the_channel_the_ladder_names_goes_before_any_other(desk: Desk) -> None:
    alert, _ = await lost(desk)
    wanted = await desk.webhook("zoe")
    await named(desk, alert, wanted.id)
    await alerts.fall_back(desk.database)
    assert (await desk.deliveries(alert))[1].channel_id == wanted.id


async def test_an_alert_somebody_was_told_of_needs_no_other_ear(desk: Desk) -> None:
    await desk.webhook("a-dead")
    await desk.webhook("b-fine")
    await desk.raised()
    await desk.webhook("c-other")
    gateway = FakeGateway([GONE])
    await send(desk, gateway)
    assert len(gateway.parcels) == 2
    assert await alerts.fall_back(desk.database) == 0


async def test_what_is_over_is_told_nowhere(desk: Desk) -> None:
    alert, _ = await lost(desk)
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.acknowledge(uow, alert.id)
    assert await alerts.fall_back(desk.database) == 0


async def test_what_somebody_takes_while_it_is_being_passed_on_is_told_nowhere(desk: Desk) -> None:
    alert, _ = await lost(desk)
    async with desk.database.unit(desk.workspace_id) as passing:
        forsaken = await fallbacks.list_forsaken(
            passing, within=timedelta(days=1), failing_for=LONG, limit=9
        )
        async with desk.database.unit(desk.workspace_id) as uow:
            await alerts.acknowledge(uow, alert.id)
        assert len(forsaken) == 1
        assert await fallbacks.mark(passing, forsaken) == set()


async def test_the_second_channel_is_that_of_a_step_the_alert_climbs(desk: Desk) -> None:
    alert, other = await lost(desk, Tier.ROUTINE)
    step = {"percent": 150, "channel_ids": [], "fallback_channel_id": str(other.id)}
    await put_steps(desk, alert, [{"percent": 100, "channel_ids": []}, step])
    assert await alerts.fall_back(desk.database) == 0
    own = await desk.webhook("own")
    mine = {"percent": 100, "channel_ids": [], "fallback_channel_id": str(own.id)}
    later = mine | {"wait_seconds": 60, "fallback_channel_id": str(other.id)}
    await put_steps(desk, alert, [mine, later, step])
    assert await alerts.fall_back(desk.database) == 1
    assert (await desk.deliveries(alert))[1].channel_id == own.id


async def test_a_channel_that_fails_for_minutes_keeps_no_urgent_alert_to_itself(
    desk: Desk,
) -> None:
    await desk.webhook("dead")
    urgent = await desk.raised()
    routine = await desk.raised(tier=Tier.ROUTINE)
    await send(desk, FakeGateway([BUSY] * 20))
    await desk.webhook("other")
    desk.clock.advance(LONG - timedelta(seconds=1))
    assert await alerts.fall_back(desk.database) == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await alerts.fall_back(desk.database) == 1
    assert await desk.states(urgent) == ["firing pending", "firing pending"]
    assert await desk.states(routine) == ["firing pending"]


async def test_what_waits_for_a_paused_channel_goes_elsewhere(desk: Desk) -> None:
    channel = await desk.webhook("tired")
    await desk.raised()
    await desk.webhook("other")
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.pause_channel(uow, channel.id, "Tired.")
    # The alert, while the warning of the pause reached the other channel by itself.
    assert await alerts.fall_back(desk.database) == 1


async def test_what_fell_back_and_died_again_goes_no_further(desk: Desk) -> None:
    alert, _ = await lost(desk)
    await desk.webhook("third")
    await alerts.fall_back(desk.database)
    await send(desk, FakeGateway([GONE] * 2))
    assert await desk.states(alert) == ["firing dead", "firing dead"]
    assert await alerts.fall_back(desk.database) == 0


async def test_a_pass_over_few_workspaces_leaves_none_out_for_ever(
    desk: Desk, other_desk: Desk
) -> None:
    """Those with nothing to pass on stay among them."""
    for place in (desk, other_desk):
        channel = await place.webhook()
        async with place.database.unit(place.workspace_id) as uow:
            await alerts.pause_channel(uow, channel.id, "Tired.")
    visited: set[UUID] = set()
    for _ in range(60):
        desk.clock.advance(timedelta(seconds=5))
        async with desk.database.system() as uow:
            visited |= set(
                await fallbacks.list_workspaces(uow, since=uow.now, failing_before=uow.now, limit=1)
            )
    assert visited == {desk.workspace_id, other_desk.workspace_id}
