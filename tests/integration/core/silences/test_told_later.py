"""What is held is not lost: it is told when the hold ends, if it is still firing then."""

from datetime import timedelta

from services.core.alerts import service as alerts
from services.core.alerts.service.climbing import climb
from services.core.commands.service import quieting
from services.core.silences import rules
from services.core.silences import service as silences
from services.core.silences.types import Conditions, QuietHours, QuietSpan
from services.core.triage.types import Tier
from tests.support.alerts import HOUR
from tests.support.quiet import QuietDesk

ALL = {"everything": True, "also_urgent": True}
SECOND = timedelta(seconds=1)


async def test_an_alert_raised_in_a_silence_is_told_when_it_ends(desk: QuietDesk) -> None:
    await desk.webhook()
    await desk.silence(Conditions(), **ALL)
    alert = await desk.raised()
    assert await desk.states(alert) == []
    desk.clock.advance(HOUR - SECOND)
    await climb(desk.database)
    assert await desk.states(alert) == []
    desk.clock.advance(2 * SECOND)
    await climb(desk.database)
    assert len(await desk.states(alert)) == 1
    await climb(desk.database)
    assert len(await desk.states(alert)) == 1


async def test_one_that_was_settled_meanwhile_is_never_told(desk: QuietDesk) -> None:
    await desk.webhook()
    await desk.silence(Conditions(), **ALL)
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.resolve(uow, alert.id)
    desk.clock.advance(2 * HOUR)
    await climb(desk.database)
    assert await desk.states(alert) == []


async def test_a_silence_ended_early_lets_them_be_told_at_once(desk: QuietDesk) -> None:
    await desk.webhook()
    silence = await desk.silence(Conditions(), **ALL)
    alert = await desk.raised()
    desk.clock.advance(SECOND)
    async with desk.database.unit(desk.workspace_id) as uow:
        await quieting.end_silence(uow, silence.id)
        assert "climbing" in uow.wakes
    await climb(desk.database)
    assert len(await desk.states(alert)) == 1


async def test_a_routine_alert_of_the_night_is_told_in_the_morning(desk: QuietDesk) -> None:
    await desk.webhook()
    evening = QuietHours("Asia/Shanghai", (QuietSpan(20 * 60, 8 * 60),))
    async with desk.database.unit(desk.workspace_id) as uow:
        await silences.save_quiet_hours(uow, evening)
    routine, urgent = await desk.raised(tier=Tier.ROUTINE), await desk.raised()
    assert (await desk.states(routine), len(await desk.states(urgent))) == ([], 1)
    desk.clock.advance(12 * HOUR)
    await climb(desk.database)
    assert len(await desk.states(routine)) == 1


async def test_a_single_alert_is_told_within_a_minute_of_the_end_of_the_crisis(
    desk: QuietDesk,
) -> None:
    await desk.webhook()
    single = await desk.alert()
    async with desk.database.unit(desk.workspace_id) as uow:
        sql = "UPDATE cases SET post_id = gen_random_uuid() RETURNING post_id"
        post = (await uow.execute(sql)).scalar_one()
    crisis = await desk.alert(case={"post_id": post, "category": "pr_crisis"})
    await desk.holding(crisis)
    raised = await desk.raised(case_id=single.case_id)
    assert await desk.states(raised) == []
    await desk.set_state("resolved", [crisis])
    desk.clock.advance(rules.LOOK_AGAIN + SECOND)
    await climb(desk.database)
    assert len(await desk.states(raised)) == 1
