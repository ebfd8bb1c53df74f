"""The product's own lateness: counted from when somebody was to be told, and not whitewashed."""

from datetime import timedelta

from services.core.alerts import service as alerts
from services.core.alerts.lateness import LatenessReport
from services.core.gateways.channels.fake import FakeGateway
from services.core.triage.types import Tier
from tests.support.alerts import HOUR, Desk


async def lateness(desk: Desk, **more: float) -> LatenessReport:
    async with desk.database.read(desk.workspace_id) as uow:
        return await alerts.get_lateness(uow, HOUR)


async def late(desk: Desk, seconds: float, tier: Tier = Tier.URGENT) -> None:
    """An alert that goes out so long after it was raised."""
    await desk.raised(tier=tier)
    desk.clock.advance(timedelta(seconds=seconds))
    await alerts.send_due(desk.database, {"webhook": FakeGateway()})


async def test_it_is_told_by_channel_and_tier_with_times_that_happened(desk: Desk) -> None:
    channel = await desk.webhook()
    for seconds in (1, 2, 40):
        await late(desk, seconds)
    await late(desk, 300, Tier.ROUTINE)
    report = await lateness(desk)
    urgent, routine = report.rows
    assert (urgent.channel_id, urgent.tier, urgent.sent) == (channel.id, Tier.URGENT, 3)
    assert (urgent.p50_seconds, urgent.p99_seconds, urgent.in_time) == (2.0, 40.0, 3)
    assert (routine.tier, routine.p50_seconds, routine.in_time) == (Tier.ROUTINE, 300.0, 0)
    assert (report.rate, report.met) == (1.0, True), "only what is urgent was promised"


async def test_too_many_late_ones_miss_the_objective(desk: Desk) -> None:
    await desk.webhook()
    await late(desk, 1)
    await late(desk, 61)
    report = await lateness(desk)
    assert (report.rate, report.met) == (0.5, False)


async def test_what_still_waits_counts_against_it(desk: Desk) -> None:
    await desk.webhook()
    await desk.raised()
    desk.clock.advance(timedelta(seconds=59))
    assert (await lateness(desk)).rows == ()
    desk.clock.advance(timedelta(seconds=2))
    report = await lateness(desk)
    (row,) = report.rows
    assert (row.sent, row.overdue, row.p99_seconds) == (0, 1, None)
    assert (report.rate, report.met) == (0.0, False)


async def test_nothing_urgent_is_nothing_missed_and_old_times_are_forgotten(
    desk: Desk, other_desk: Desk
) -> None:
    await desk.webhook()
    await late(desk, 500)
    assert (await lateness(other_desk)).rows == ()
    desk.clock.advance(HOUR + timedelta(seconds=1))
    report = await lateness(desk)
    assert (report.rate, report.met, report.rows) == (None, True, ())
