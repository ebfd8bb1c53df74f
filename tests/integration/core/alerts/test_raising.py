"""Timers become alerts once, on the rungs of the policy's ladder; settled clocks let them go."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from services.core.alerts import service as alerts
from services.core.alerts.ladder_types import LadderDraft, LadderStep
from services.core.alerts.types import (
    AlertFilter,
    AlertState,
    ChannelChange,
    Outcome,
    SendResult,
    Severity,
)
from services.core.gateways.channels.fake import FakeGateway
from services.core.kit import ids
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT
from services.core.sla.types import FiredTimer
from tests.support.alerts import HOUR, NOON, Desk, fired_timer
from tests.support.queries import counted_queries


async def raise_for(desk: Desk, *timers: FiredTimer) -> int:
    async with desk.database.unit(desk.workspace_id) as uow:
        return await alerts.raise_for(uow, timers)


async def settle(desk: Desk, *clock_ids: UUID, resolution: str = "answered") -> int:
    async with desk.database.unit(desk.workspace_id) as uow:
        return await alerts.settle(uow, clock_ids, resolution=resolution)


async def send(desk: Desk, gateway: FakeGateway | None = None) -> FakeGateway:
    gateway = gateway or FakeGateway()
    await alerts.send_due(desk.database, {"webhook": gateway, "console": gateway})
    return gateway


async def test_a_timer_raises_one_alert_however_often_it_fires(desk: Desk) -> None:
    await desk.webhook()
    timer = fired_timer()
    assert await raise_for(desk, timer, timer) == 1
    assert await raise_for(desk, timer) == 0
    alert = await desk.raised(clock_id=timer.clock_id, case_id=timer.case_id)
    assert alert.severity is Severity.BREACH
    assert await desk.states(alert) == ["firing pending"]
    assert (await desk.kinds_of_facts()).count("alert.raised") == 1
    assert (await desk.trail()).count("alert.raised") == 1


async def test_two_workers_firing_one_timer_at_once_raise_one_alert(desk: Desk) -> None:
    await desk.webhook()
    timer = fired_timer()
    raised = await asyncio.gather(*(raise_for(desk, timer) for _ in range(8)))
    assert sum(raised) == 1


async def test_the_next_step_and_the_next_generation_are_alerts_of_their_own(desk: Desk) -> None:
    clock_id, case_id = ids.new_id(), ids.new_id()
    same = {"clock_id": clock_id, "case_id": case_id}
    timers = [
        fired_timer(**same, percent=80),
        fired_timer(**same, percent=100),
        fired_timer(**same, percent=100, generation=2),
    ]
    assert await raise_for(desk, *timers) == 3


async def test_the_number_of_statements_does_not_grow_with_the_timers(desk: Desk) -> None:
    await desk.webhook()
    await desk.webhook("second")
    # The first of a workspace makes the secret that signs links.
    await raise_for(desk, fired_timer())
    counts = []
    for size in (1, 200):
        timers = [fired_timer() for _ in range(size)]
        with counted_queries(desk.database) as asked:
            assert await raise_for(desk, *timers) == size
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 16


async def test_the_policys_own_ladder_says_who_hears_of_it(desk: Desk) -> None:
    quiet, loud = await desk.webhook("quiet"), await desk.webhook("loud")
    steps = (LadderStep(80, (quiet.id,)), LadderStep(100, (quiet.id, loud.id)))
    async with desk.database.unit(desk.workspace_id) as uow:
        ladder = await alerts.create_ladder(uow, LadderDraft("vip", steps))
        draft = replace(DEFAULT_DRAFT, name="vip", ladder_id=ladder.id)
        policy = await sla.create_policy(uow, draft)
    under = {"policy_id": policy.id, "policy_version": policy.version}
    hint = await desk.raised(**under, percent=50)
    warning = await desk.raised(**under, percent=80)
    breach = await desk.raised(**under, percent=150)
    assert await desk.deliveries(hint) == []
    assert [one.channel_name for one in await desk.deliveries(warning)] == ["quiet"]
    told = {one.channel_name for one in await desk.deliveries(breach)}
    assert told == {"quiet", "loud"}
    assert breach.ladder["name"] == "vip"


async def test_the_ladder_of_an_alert_is_frozen(desk: Desk) -> None:
    channel = await desk.webhook()
    async with desk.database.unit(desk.workspace_id) as uow:
        default = await alerts.ensure_defaults(uow)
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.change_ladder(uow, default.id, steps=(LadderStep(100, (channel.id,)),))
    kept = (await desk.get(alert)).ladder
    assert (kept["name"], kept["version"]) == ("default", 1)
    assert [one["percent"] for one in kept["steps"]] == [0, 80, 100, 150]


async def test_without_any_ladder_everybody_hears(desk: Desk) -> None:
    channel = await desk.webhook()
    alert = await desk.raised()
    assert alert.ladder["id"] is None
    assert [one.channel_id for one in await desk.deliveries(alert)] == [channel.id]


async def test_a_disabled_channel_gets_nothing(desk: Desk) -> None:
    channel = await desk.webhook()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.change_channel(uow, channel.id, ChannelChange(enabled=False))
    assert await desk.deliveries(await desk.raised()) == []


async def test_settling_cancels_what_was_not_sent_and_says_nothing(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    assert await settle(desk, alert.clock_id) == 1
    after = await desk.get(alert)
    assert (after.state, after.resolution, after.resolved_at) == (
        AlertState.RESOLVED,
        "answered",
        NOON,
    )
    assert await desk.states(alert) == ["firing cancelled"]
    assert (await send(desk)).parcels == []


async def test_settling_tells_those_who_were_told(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    gateway = await send(desk)
    await settle(desk, alert.clock_id, resolution="withdrawn")
    assert await desk.states(alert) == ["firing sent", "resolved pending"]
    await send(desk, gateway)
    firing, over = [parcel.message for parcel in gateway.parcels]
    assert (firing["type"], over["type"]) == ("alert.firing", "alert.resolved")
    assert over["resolution"] == "withdrawn"
    assert over["alert_id"] == firing["alert_id"] == str(alert.id)


async def test_settling_twice_changes_nothing(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await send(desk)
    assert await settle(desk, alert.clock_id) == 1
    assert await settle(desk, alert.clock_id) == 0
    assert await settle(desk) == 0
    assert await desk.states(alert) == ["firing sent", "resolved pending"]
    assert (await desk.kinds_of_facts()).count("alert.resolved") == 1
    assert (await desk.trail()).count("alert.resolved") == 1


async def test_settling_while_a_firing_is_on_its_way_follows_it_up_after_its_lease(
    desk: Desk,
) -> None:
    await desk.webhook()
    alert = await desk.raised()
    (dispatch,) = await alerts.claim_dispatches(desk.database, 10)
    await settle(desk, alert.clock_id)
    assert await desk.states(alert) == ["firing cancelled", "resolved pending"]
    assert await alerts.claim_dispatches(desk.database, 10) == []
    assert await alerts.complete(desk.database, dispatch, SendResult(Outcome.SENT, 200))
    assert await desk.states(alert) == ["firing sent", "resolved pending"]
    desk.clock.advance(HOUR)
    assert [one.message["type"] for one in await alerts.claim_dispatches(desk.database, 10)] == [
        "alert.resolved"
    ]


async def test_settling_many_alerts_asks_as_much_as_settling_one(desk: Desk) -> None:
    await desk.webhook()
    counts = []
    for size in (1, 50):
        timers = [fired_timer() for _ in range(size)]
        await raise_for(desk, *timers)
        await send(desk)
        with counted_queries(desk.database) as asked:
            assert await settle(desk, *(timer.clock_id for timer in timers)) == size
        counts.append(len(asked))
    assert counts[0] == counts[1]


async def test_another_workspaces_alerts_are_out_of_reach(desk: Desk, other_desk: Desk) -> None:
    alert = await desk.raised()
    assert await settle(other_desk, alert.clock_id) == 0
    async with other_desk.database.read(other_desk.workspace_id) as uow:
        assert await alerts.list_alerts(uow, AlertFilter()) == []


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_new_workspace_gets_a_console_and_a_ladder_once(desk: Desk, tries: int) -> None:
    for _ in range(tries):
        async with desk.database.unit(desk.workspace_id) as uow:
            await alerts.ensure_defaults(uow)
    async with desk.database.read(desk.workspace_id) as uow:
        assert [one.name for one in await alerts.list_channels(uow)] == ["console"]
        (ladder,) = await alerts.list_ladders(uow)
    assert ladder.name == "default"
    assert [one.percent for one in ladder.steps] == [0, 80, 100, 150]
