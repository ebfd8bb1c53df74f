"""What people do with alerts, and what it does to what is still to be sent."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.alerts import service as alerts
from services.core.alerts.buckets import buckets_of
from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.repository.claiming import claim
from services.core.alerts.types import Alert, AlertFilter, AlertState, Severity
from services.core.commands.repository import hold_alert
from services.core.gateways.channels.fake import FakeGateway
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Actor, UnitOfWork
from services.core.triage.types import Tier
from tests.support.alerts import Desk

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
MEI = Actor(kind="key", id="k1", label="Mei")


async def act(desk: Desk, verb: Any, alert: Alert, **more: Any) -> Alert:
    async with desk.database.unit(desk.workspace_id, actor=MEI) as uow:
        done: Alert = await verb(uow, alert.id, **more)
        return done


async def send(desk: Desk) -> FakeGateway:
    gateway = FakeGateway()
    await alerts.send_due(desk.database, {"webhook": gateway, "console": gateway})
    return gateway


async def test_one_acknowledgement_answers_for_the_whole_case(desk: Desk) -> None:
    case_id = ids.new_id()
    first = await desk.raised(case_id=case_id, percent=80)
    second = await desk.raised(case_id=case_id, percent=100)
    stranger = await desk.raised()
    done = await act(desk, alerts.acknowledge, first, note="on it")
    assert (done.state, done.acknowledged_by, done.note) == (
        AlertState.ACKNOWLEDGED,
        "Mei",
        "on it",
    )
    assert (await desk.get(second)).state is AlertState.ACKNOWLEDGED
    assert (await desk.get(stranger)).state is AlertState.FIRING
    assert (await desk.kinds_of_facts()).count("alert.acknowledged") == 2
    assert (await desk.trail()).count("alert.acknowledged") == 2


async def test_only_this_one_may_be_acknowledged(desk: Desk) -> None:
    case_id = ids.new_id()
    first, second = await desk.raised(case_id=case_id), await desk.raised(case_id=case_id)
    await act(desk, alerts.acknowledge, first, only_this=True)
    assert (await desk.get(second)).state is AlertState.FIRING


async def test_who_acknowledged_first_stays(desk: Desk) -> None:
    alert = await desk.raised()
    first = await act(desk, alerts.acknowledge, alert)
    async with desk.database.unit(desk.workspace_id) as uow:
        again = await alerts.acknowledge(uow, alert.id, note="late")
    assert again == first
    assert (await desk.kinds_of_facts()).count("alert.acknowledged") == 1


async def by_a_link(uow: UnitOfWork, alert_id: UUID) -> Alert:
    """As a pressed link and an order in a chat do it."""
    await hold_alert(uow, alert_id)
    return await alerts.acknowledge(uow, alert_id)


@pytest.mark.parametrize("verb", [alerts.acknowledge, by_a_link])
async def test_two_people_may_answer_for_two_alerts_of_one_case_in_the_same_moment(
    desk: Desk, verb: Any
) -> None:
    case_id = ids.new_id()
    raised = [await desk.raised(case_id=case_id) for _ in range(2)]
    first, second = sorted(raised, key=lambda one: one.id)
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute("SELECT FROM alerts WHERE id = :id FOR UPDATE", {"id": second.id})
        # Whoever asks for the later one must not stand before it with the earlier one to go.
        one = asyncio.create_task(act(desk, verb, second))
        await somebody_waits(desk)
        other = asyncio.create_task(act(desk, verb, first))
        await somebody_waits(desk, 2)
    assert {(await task).state for task in (one, other)} == {AlertState.ACKNOWLEDGED}


async def test_what_was_acknowledged_before_it_was_sent_is_not_sent(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await act(desk, alerts.acknowledge, alert)
    assert (await send(desk)).parcels == []
    assert await desk.states(alert) == ["firing cancelled"]


async def test_the_next_step_of_an_acknowledged_case_fires_again(desk: Desk) -> None:
    await desk.webhook()
    case_id = ids.new_id()
    await act(desk, alerts.acknowledge, await desk.raised(case_id=case_id, percent=80))
    later = await desk.raised(case_id=case_id, percent=100)
    assert later.state is AlertState.FIRING
    assert len((await send(desk)).parcels) == 1


async def test_resolving_by_hand_tells_those_who_were_told_and_holds(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await send(desk)
    done = await act(desk, alerts.resolve, alert, note="called her")
    assert (done.state, done.resolution, done.resolved_by, done.note) == (
        AlertState.RESOLVED,
        "by hand",
        "Mei",
        "called her",
    )
    again = await act(desk, alerts.resolve, alert, note="again")
    assert again == done
    assert await desk.states(alert) == ["firing sent", "resolved pending"]
    assert (await desk.trail()).count("alert.resolved") == 1


async def test_acknowledging_a_resolved_alert_changes_nothing(desk: Desk) -> None:
    alert = await desk.raised()
    done = await act(desk, alerts.resolve, alert)
    assert await act(desk, alerts.acknowledge, alert) == done


async def test_each_renotification_is_a_round_of_its_own(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await asyncio.gather(*(act(desk, alerts.renotify, alert) for _ in range(3)))
    rounds = [(one.purpose.value, one.sequence) for one in await desk.deliveries(alert)]
    assert rounds == [("firing", 0), ("renotify", 1), ("renotify", 2), ("renotify", 3)]
    types = [parcel.message["type"] for parcel in (await send(desk)).parcels]
    assert sorted(types) == ["alert.firing"] + ["alert.renotify"] * 3


async def test_two_rounds_at_once_are_two_rounds(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.renotify(uow, alert.id)
        second = asyncio.create_task(act(desk, alerts.renotify, alert))
        await somebody_waits(desk)
    await second
    assert [one.sequence for one in await desk.deliveries(alert)] == [0, 1, 2]


async def test_settling_waits_for_a_claim_under_way_and_follows_it_up(desk: Desk) -> None:
    """A claim committed while settling waited was not there when settling first looked."""
    await desk.webhook()
    alert = await desk.raised()
    async with desk.database.system() as claiming:
        await claim(
            claiming,
            limit=1,
            width=1,
            busy={},
            lease=timedelta(seconds=30),
            max_attempts=3,
            buckets=buckets_of(["webhook"]),
            storm_per_minute=60,
            drifts=False,
        )
        settling = asyncio.create_task(act(desk, alerts.resolve, alert))
        await somebody_waits(desk)
    await settling
    assert await desk.states(alert) == ["firing cancelled", "resolved pending"]


async def somebody_waits(desk: Desk, count: int = 1) -> None:
    """Until so many wait for rows that are held."""
    waiting = 0
    async with asyncio.timeout(60):
        while waiting < count:
            async with desk.database.system() as uow:
                waiting = (await uow.execute(WAITING)).scalar_one()


async def test_renotifying_goes_to_the_frozen_channels_or_to_all_if_they_are_gone(
    desk: Desk,
) -> None:
    old = await desk.webhook("old")
    alert = await desk.raised()
    await desk.webhook("new")
    await act(desk, alerts.renotify, alert)
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.archive_channel(uow, old.id)
    await act(desk, alerts.renotify, alert)
    told = [one.channel_name for one in await desk.deliveries(alert) if one.sequence]
    assert told == ["old", "new"]


async def test_what_is_over_is_not_sent_again(desk: Desk) -> None:
    alert = await desk.raised()
    await act(desk, alerts.resolve, alert)
    with pytest.raises(AlertResolvedError):
        await act(desk, alerts.renotify, alert)


@pytest.mark.parametrize(
    "verb",
    [
        alerts.acknowledge,
        alerts.resolve,
        alerts.renotify,
        alerts.get_alert,
        alerts.list_deliveries,
    ],
)
async def test_an_unknown_or_foreign_alert_is_not_found(
    desk: Desk, other_desk: Desk, verb: Any
) -> None:
    foreign = await other_desk.raised()
    for alert_id in (uuid4(), foreign.id):
        async with desk.database.unit(desk.workspace_id) as uow:
            with pytest.raises(NotFoundError):
                await verb(uow, alert_id)
    assert (await other_desk.get(foreign)).state is AlertState.FIRING


async def test_the_list_is_newest_first_and_pages_do_not_overlap(desk: Desk) -> None:
    made = [await desk.raised(percent=percent) for percent in (80, 100, 100, 150)]
    desk.clock.at = desk.clock.at.replace(hour=13)
    made.append(await desk.raised())
    expected = [one.id for one in sorted(made, key=lambda one: (one.fired_at, one.id))[::-1]]
    seen: list[Any] = []
    before = None
    while True:
        async with desk.database.read(desk.workspace_id) as uow:
            page = await alerts.list_alerts(uow, AlertFilter(), after=before, limit=2)
        if not page:
            break
        seen += [one.id for one in page]
        before = (page[-1].fired_at, page[-1].id)
    assert seen == expected


async def test_the_list_is_filtered_by_each_condition(desk: Desk) -> None:
    urgent = await desk.raised(percent=80)
    routine = await desk.raised(tier=Tier.ROUTINE, percent=150)
    await act(desk, alerts.acknowledge, urgent)
    wanted = {
        AlertFilter(state=AlertState.FIRING): [routine.id],
        AlertFilter(tier=Tier.URGENT): [urgent.id],
        AlertFilter(severity=Severity.ESCALATION): [routine.id],
        AlertFilter(case_id=urgent.case_id): [urgent.id],
        AlertFilter(case_id=urgent.case_id, tier=Tier.ROUTINE): [],
    }
    for condition, expected in wanted.items():
        async with desk.database.read(desk.workspace_id) as uow:
            found = await alerts.list_alerts(uow, condition)
        assert [one.id for one in found] == expected
