"""What keeps an alert quiet, found for many at once: people, a louder alert, the hour."""

from datetime import timedelta
from uuid import uuid4

from services.core.kit.uow import Database
from services.core.silences import service as silences
from services.core.silences.types import (
    Conditions,
    HoldKind,
    InhibitionDraft,
    QuietHours,
    QuietSpan,
    Sameness,
    Source,
    Target,
)
from services.core.triage.types import Category, Tier
from services.core.workspaces import service as workspaces
from tests.support.alerts import HOUR, NOON
from tests.support.queries import counted_queries
from tests.support.quiet import QuietDesk

POST = uuid4()
CRISIS = {"category": "pr_crisis", "post_id": POST}


async def test_nothing_is_held_where_nobody_asked_for_it(desk: QuietDesk) -> None:
    assert await desk.holding(await desk.alert()) == {}
    assert await desk.holding() == {}


async def test_a_silence_holds_what_it_is_about_until_it_ends(desk: QuietDesk) -> None:
    meant, other = await desk.alert(case={"post_id": POST}), await desk.alert()
    silence = await desk.silence(Conditions(post_id=POST))
    held = await desk.holding(meant, other)
    assert set(held) == {meant.id}
    hold = held[meant.id]
    assert (hold.kind, hold.id, hold.reason) == (HoldKind.SILENCE, silence.id, "Stocktaking")
    assert hold.until == NOON + HOUR
    desk.clock.advance(HOUR)
    assert await desk.holding(meant) == {}


async def test_a_silence_ended_early_holds_no_longer(desk: QuietDesk) -> None:
    alert = await desk.alert()
    silence = await desk.silence()
    async with desk.database.unit(desk.workspace_id) as uow:
        ended = await silences.end_silence(uow, silence.id)
    assert (ended.ends_at, ended.ended_at) == (NOON, NOON)
    assert await desk.holding(alert) == {}
    assert "silence.ended" in await desk.kinds_of_facts()
    assert "silence.ended" in await desk.trail()


async def test_a_silence_to_come_holds_nothing_yet(desk: QuietDesk) -> None:
    alert = await desk.alert()
    await desk.silence(starts_at=NOON + timedelta(minutes=1))
    assert await desk.holding(alert) == {}
    desk.clock.advance(timedelta(minutes=1))
    assert set(await desk.holding(alert)) == {alert.id}


async def test_an_urgent_alert_is_told_unless_somebody_said_otherwise(desk: QuietDesk) -> None:
    urgent = await desk.alert(tier="urgent")
    everything = Conditions()
    await desk.silence(everything, everything=True)
    assert await desk.holding(urgent) == {}
    await desk.silence(everything, everything=True, also_urgent=True)
    assert set(await desk.holding(urgent)) == {urgent.id}


async def test_an_alert_without_a_case_is_known_by_its_message(desk: QuietDesk) -> None:
    follower = uuid4()
    alert, _ = await desk.message_alert(author_id=follower, kind="dm", category="praise")
    await desk.silence(Conditions(follower_id=follower, category=Category.PRAISE))
    assert set(await desk.holding(alert)) == {alert.id}


async def test_a_crisis_holds_back_single_alerts_of_its_post(desk: QuietDesk) -> None:
    crisis = await desk.alert(case=CRISIS)
    same, other = await desk.alert(case={"post_id": POST}), await desk.alert()
    held = await desk.holding(crisis, same, other)
    assert set(held) == {same.id}
    assert (held[same.id].kind, held[same.id].until) == (HoldKind.INHIBITION, None)
    # Somebody has the crisis: what belongs to it still waits. Once it is over it is told.
    await desk.set_state("acknowledged", [crisis])
    assert set(await desk.holding(same)) == {same.id}
    await desk.set_state("resolved", [crisis])
    assert await desk.holding(same) == {}
    assert await silences.forget_inhibitors(desk.database) == 1


async def test_a_fall_of_the_mood_under_a_post_is_a_crisis(desk: QuietDesk) -> None:
    dip = await desk.alert(
        kind="promise", case_id=None, detail={"crisis": True, "post_id": str(POST)}
    )
    single = await desk.alert(case={"post_id": POST})
    assert set(await desk.holding(dip, single)) == {single.id}


async def test_a_crisis_nobody_hears_holds_nothing_back(desk: QuietDesk) -> None:
    crisis = await desk.alert(case=CRISIS)
    single = await desk.alert(case={"post_id": POST})
    await desk.silence(Conditions(case_id=crisis.case_id))
    held = await desk.holding(crisis, single)
    assert set(held) == {crisis.id}


async def test_a_rule_of_ones_own_holds_by_what_two_alerts_share(desk: QuietDesk) -> None:
    follower = uuid4()
    loud = await desk.alert(case={"follower_id": follower}, severity="escalation")
    quiet = await desk.alert(case={"follower_id": follower}, severity="warning")
    draft = InhibitionDraft(
        "One escalation a follower",
        Source(severity_at_least="escalation"),
        Target(severity_at_most="warning"),
        Sameness.FOLLOWER,
    )
    async with desk.database.unit(desk.workspace_id) as uow:
        rule = await silences.create_inhibition(uow, draft)
    # The louder one was open before there was the rule.
    assert (await desk.holding(quiet))[quiet.id].id == rule.id
    async with desk.database.unit(desk.workspace_id) as uow:
        await silences.remove_inhibition(uow, rule.id)
    assert await desk.holding(loud, quiet) == {}


async def test_two_rules_that_hold_each_other_back_silence_nobody(desk: QuietDesk) -> None:
    thread = uuid4()
    drafts = [
        InhibitionDraft("a", Source(tier_at_least=Tier.URGENT), Target(), Sameness.THREAD),
        InhibitionDraft("b", Source(severity_at_least="breach"), Target(), Sameness.THREAD),
    ]
    async with desk.database.unit(desk.workspace_id) as uow:
        for each in drafts:
            await silences.create_inhibition(uow, each)
    one = await desk.alert(case={"thread_id": thread}, tier="urgent", severity="hint")
    two = await desk.alert(case={"thread_id": thread}, severity="breach")
    assert await desk.holding(one, two) == {}


async def test_the_built_in_rule_can_be_switched_off(desk: QuietDesk) -> None:
    crisis, single = await desk.alert(case=CRISIS), await desk.alert(case={"post_id": POST})
    async with desk.database.unit(desk.workspace_id) as uow:
        (rule,) = await silences.list_inhibitions(uow)
        draft = InhibitionDraft(rule.name, rule.source, rule.target, rule.same, enabled=False)
        changed = await silences.change_inhibition(uow, rule.id, draft)
    assert (changed.is_built_in, changed.enabled) == (True, False)
    assert await desk.holding(crisis, single) == {}


async def test_routine_alerts_wait_for_the_morning(desk: QuietDesk) -> None:
    routine, important = await desk.alert(tier="routine"), await desk.alert()
    # Noon in UTC is eight in the evening in Shanghai.
    hours = QuietHours("Asia/Shanghai", (QuietSpan(20 * 60, 8 * 60),))
    async with desk.database.unit(desk.workspace_id) as uow:
        await silences.save_quiet_hours(uow, hours)
    held = await desk.holding(routine, important)
    assert set(held) == {routine.id}
    assert held[routine.id].until == NOON + 12 * HOUR
    desk.clock.advance(12 * HOUR)
    assert await desk.holding(routine) == {}


async def test_the_number_of_statements_does_not_grow_with_the_alerts(desk: QuietDesk) -> None:
    crisis = await desk.alert(case=CRISIS)
    many = [await desk.alert(case={"post_id": POST}) for _ in range(20)]
    await desk.holding(crisis)
    counts = []
    for size in (1, 20):
        with counted_queries(desk.database) as counted:
            held = await desk.holding(*many[:size])
        assert len(held) == size
        counts.append(len(counted))
    assert counts[0] == counts[1]


async def test_silences_of_another_workspace_hold_nothing_here(
    desk: QuietDesk, database: Database
) -> None:
    theirs = QuietDesk(database, await workspaces.create_workspace(database, "Theirs"))
    await theirs.silence(Conditions(), everything=True, also_urgent=True)
    await theirs.alert(case=CRISIS)
    assert await desk.holding(await desk.alert(case={"post_id": POST})) == {}
