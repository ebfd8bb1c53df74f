"""A digest that opened one incident for many alerts closes it, once, when nobody of it waits."""

from services.core.alerts import service as alerts
from services.core.alerts.types import Alert, AlertFilter, ChannelDraft, ChannelKind, Delivery
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.pagerduty import write_call
from services.core.gateways.channels.port import Answer, Failure, Parcel
from services.core.triage.types import Tier
from tests.support.alerts import HOUR, Desk, fired_timer

KEY = "k" * 32
BUSY = Answer(status_code=503)
LOST = Answer(failure=Failure.TIMEOUT)


async def send(desk: Desk, *answers: Answer) -> list[Parcel]:
    gateway = FakeGateway(answers)
    await alerts.send_due(desk.database, {"pagerduty": gateway, "console": FakeGateway()})
    return gateway.parcels


async def send_all(desk: Desk) -> list[Parcel]:
    """What goes out in a quiet hour, and in the next: a bucket holds ten."""
    told = []
    for _ in range(3):
        desk.clock.advance(HOUR)
        told += await send(desk)
    return told


async def digested(desk: Desk, *answers: Answer, count: int = 9) -> tuple[list[Alert], str]:
    """So many alerts that went out as one, and under which key."""
    draft = ChannelDraft(
        "pager", ChannelKind.PAGERDUTY, config={"routing_key": KEY, "digest": True}
    )
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.create_channel(uow, draft)
        await alerts.raise_for(uow, [fired_timer(tier=Tier.ROUTINE) for _ in range(count)])
        raised = await alerts.list_alerts(uow, AlertFilter(), limit=count)
    (parcel,) = await send(desk, *answers)
    assert parcel.message["count"] == count
    return raised, write_call(parcel)["dedup_key"]


async def resolve(desk: Desk, *raised: Alert) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        for alert in raised:
            await alerts.resolve(uow, alert.id)


def closings(parcels: list[Parcel]) -> list[tuple[str, str]]:
    calls = [write_call(parcel) for parcel in parcels if "digest_id" in parcel.message]
    return [(call["event_action"], call["dedup_key"]) for call in calls]


async def closing_rows(desk: Desk, raised: list[Alert]) -> list[Delivery]:
    rows = [row for alert in raised for row in await desk.deliveries(alert)]
    return [row for row in rows if row.closes_digest_id]


async def test_the_last_of_a_digest_closes_its_incident_once(desk: Desk) -> None:
    raised, key = await digested(desk)
    await resolve(desk, *raised[1:])
    assert await alerts.close_digests(desk.database) == 0
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.acknowledge(uow, raised[0].id)
    assert await alerts.close_digests(desk.database) == 1
    assert await alerts.close_digests(desk.database) == 0
    assert closings(await send_all(desk)) == [("resolve", key)]
    (row,) = await closing_rows(desk, raised)
    assert (row.purpose, row.state, f"warmline-{row.closes_digest_id}") == ("resolved", "sent", key)


async def test_the_ends_of_incidents_are_never_gathered(desk: Desk) -> None:
    """Each closes its own: in a digest they would open one more."""
    raised, _ = await digested(desk)
    await resolve(desk, *raised)
    told = await send_all(desk)
    ended = {parcel.message["alert_id"] for parcel in told}
    assert {parcel.message["type"] for parcel in told} == {"alert.resolved"}
    assert ended == {str(alert.id) for alert in raised}


async def test_a_digest_that_may_have_arrived_is_closed_and_one_that_did_not_is_not(
    desk: Desk, other_desk: Desk
) -> None:
    raised, key = await digested(desk, LOST)
    await resolve(desk, *raised)
    assert await alerts.close_digests(desk.database) == 1
    assert closings(await send_all(desk)) == [("resolve", key)]
    failed, _ = await digested(other_desk, BUSY)
    await resolve(other_desk, *failed)
    assert await alerts.close_digests(other_desk.database) == 0
    assert await closing_rows(other_desk, failed) == []
