"""How alerts end that nobody ended, and what is said when a written outcome turns out otherwise."""

from datetime import timedelta

from services.core.alerts import service as alerts
from services.core.alerts.types import Alert
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer
from services.core.kit.uow import Database
from services.core.sandbox import service as sandbox
from services.core.sandbox.clock import clock_for
from services.core.sandbox.types import Move
from services.core.sla.types import ClockState
from tests.support.alerts import Desk


async def sent(desk: Desk) -> None:
    gateway = FakeGateway([Answer(status_code=204)])
    await alerts.send_due(desk.database, {"webhook": gateway, "console": gateway})


async def correct(desk: Desk, alert: Alert, verdict: ClockState) -> int:
    assert alert.clock_id is not None
    async with desk.database.unit(desk.workspace_id) as uow:
        return await alerts.correct(uow, {alert.clock_id: verdict})


async def corrections(desk: Desk) -> list[dict[str, str]]:
    async with desk.database.read(desk.workspace_id) as uow:
        rows = await uow.execute(
            "SELECT message FROM outbox WHERE purpose = 'corrected' ORDER BY id"
        )
        return [message["sentence"] for message in rows.scalars()]


async def test_who_was_alarmed_hears_that_it_was_in_time_and_again_when_it_turns_back(
    desk: Desk,
) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await sent(desk)
    assert await correct(desk, alert, ClockState.MET) == 1
    assert await correct(desk, alert, ClockState.MISSED) == 1
    said = await corrections(desk)
    assert "in time after all" in said[0]["en"]
    assert "其实是按时的" in said[0]["zh"]
    assert "late after all" in said[1]["en"]
    assert "其实超时了" in said[1]["zh"]


async def test_who_was_told_nothing_is_not_told_that_it_was_wrong(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    assert await correct(desk, alert, ClockState.MET) == 0
    assert await corrections(desk) == []


async def test_an_alert_of_a_month_ago_expires_and_wakes_nobody(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    desk.clock.advance(timedelta(days=29))
    assert await alerts.expire(desk.database) == 0
    desk.clock.advance(timedelta(days=2))
    assert await alerts.expire(desk.database) == 1
    found = await desk.get(alert)
    assert (found.state, found.resolution, found.climb_at) == ("expired", "nobody ended it", None)
    assert await desk.states(alert) == ["firing cancelled"]
    async with desk.database.unit(desk.workspace_id) as uow:
        assert (await alerts.resolve(uow, alert.id)).state == "expired"


async def test_the_alerts_of_a_sandbox_grow_old_by_its_own_clock(
    desk: Desk, other_desk: Desk
) -> None:
    drifting = Database(desk.database.engine, clock_for(sandboxes=True))
    for place in (desk, other_desk):
        place.database = drifting
        await place.raised()
    async with drifting.unit(desk.workspace_id) as uow:
        await sandbox.make_sandbox(uow)
        await sandbox.move_clock(uow, Move(by=timedelta(days=31)))
        assert "climbing-upkeep" in uow.wakes
    assert await alerts.expire(drifting) == 1
    # Where sandboxes are off, theirs is everybody's time again.
    async with drifting.unit(desk.workspace_id) as uow:
        await uow.execute("UPDATE alerts SET state = 'firing'")
    assert await alerts.expire(Database(drifting.engine)) == 0


async def test_a_correction_is_not_taken_back_by_what_becomes_of_the_alert(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await sent(desk)
    await correct(desk, alert, ClockState.MET)
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.acknowledge(uow, alert.id)
        await alerts.resolve(uow, alert.id)
    assert "corrected pending" in await desk.states(alert)


async def test_a_correction_that_died_may_be_sent_again_when_its_alert_is_over(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await sent(desk)
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.resolve(uow, alert.id)
    await sent(desk)
    await correct(desk, alert, ClockState.MET)
    gone = FakeGateway([Answer(status_code=404)])
    await alerts.send_due(desk.database, {"webhook": gone})
    assert (await desk.states(alert))[-1] == "corrected dead"
    async with desk.database.unit(desk.workspace_id) as uow:
        done = await alerts.redrive(uow)
    assert (done.queued, done.cancelled) == (1, 0)


async def test_nobody_is_woken_by_a_dead_letter_about_an_alert_that_expired(desk: Desk) -> None:
    await desk.webhook()
    alert = await desk.raised()
    await alerts.send_due(desk.database, {"webhook": FakeGateway([Answer(status_code=404)])})
    desk.clock.advance(timedelta(days=31))
    assert await alerts.expire(desk.database) == 1
    async with desk.database.unit(desk.workspace_id) as uow:
        done = await alerts.redrive(uow)
    assert (done.queued, done.cancelled) == (0, 1)
    assert await desk.states(alert) == ["firing cancelled"]
