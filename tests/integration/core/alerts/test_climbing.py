"""Alerts on their ladders against a real database: told, explained, at rest, and on again."""

import contextlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.ladder_types import GroupBy, LadderStep
from services.core.alerts.repository.climbing import CLAIM, CROWDED, SIGHT
from services.core.alerts.service.climbing import list_due_workspaces
from services.core.alerts.types import Alert
from services.core.health import service as health
from services.core.rotas.types import Audience, AudienceKind
from services.core.silences import service as silences
from services.core.silences.types import Conditions, SilenceDraft
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Role
from tests.support.alerts import Desk
from tests.support.db import run_sql

MINUTE = timedelta(minutes=1)
TO_MANAGERS = (Audience(AudienceKind.ROLE, role=Role.MANAGER),)

SPOIL = "UPDATE alerts SET ladder = ladder || '{\"steps\": [{}]}' WHERE id = :id"
MEND = "UPDATE alerts SET ladder = (SELECT ladder FROM alerts WHERE id = :good) WHERE id = :id"


CROWD = """
INSERT INTO alerts (workspace_id, id, group_key, step, generation, severity, tier, state, fire_at,
  fired_at, due_at, ladder, climb_at)
SELECT workspace_id, gen_random_uuid(), group_key, step, 1, severity, tier, state, fire_at,
  fired_at, due_at, ladder, CAST(:at AS timestamptz)
FROM (SELECT * FROM alerts WHERE workspace_id = :workspace_id LIMIT 1) AS one,
  generate_series(1, :count)
"""


async def set_ladder(desk: Desk, *steps: LadderStep, **changes: Any) -> None:
    """The default ladder of the workspace becomes these steps."""
    async with desk.database.unit(desk.workspace_id) as uow:
        ladder = await alerts.ensure_defaults(uow)
        await alerts.change_ladder(uow, ladder.id, steps=steps, **changes)


async def climb(desk: Desk, by: timedelta) -> int:
    desk.clock.advance(by)
    async with desk.database.unit(desk.workspace_id) as uow:
        return await alerts.climb_due(uow, 500)


async def steps(desk: Desk, alert: Alert) -> list[tuple[int, int, str, str | None]]:
    async with desk.database.read(desk.workspace_id) as uow:
        rows = await uow.execute(
            "SELECT position, round, outcome, reason FROM alert_steps WHERE alert_id = :id"
            " ORDER BY done_at, position, round",
            {"id": alert.id},
        )
        return [tuple(row) for row in rows]


async def messages(desk: Desk, alert: Alert) -> list[dict[str, Any]]:
    async with desk.database.read(desk.workspace_id) as uow:
        rows = await uow.execute(
            "SELECT message FROM outbox WHERE alert_id = :id ORDER BY id", {"id": alert.id}
        )
        return list(rows.scalars())


async def test_a_step_without_a_wait_is_told_as_the_alert_rises_and_the_next_when_its_time_comes(
    desk: Desk,
) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=600))
    alert = await desk.raised()
    assert await steps(desk, alert) == [(0, 0, "told", None)]
    assert await climb(desk, 9 * MINUTE) == 0
    assert await climb(desk, 1 * MINUTE) == 1
    assert await climb(desk, 60 * MINUTE) == 0
    assert await steps(desk, alert) == [(0, 0, "told", None), (1, 0, "told", None)]
    assert [one["type"] for one in await messages(desk, alert)] == [
        "alert.firing",
        "alert.escalated",
    ]
    assert "alert.escalated" in await desk.kinds_of_facts()


async def test_a_step_tells_the_people_it_names_and_the_next_circle_when_there_are_none(
    desk: Desk,
) -> None:
    await set_ladder(desk, LadderStep(0, audience=TO_MANAGERS))
    async with desk.database.unit(desk.workspace_id) as uow:
        await workspaces.create_member(uow, MemberDraft("lin", "Lin", role=Role.VIEWER))
    alert = await desk.raised()
    (message,) = await messages(desk, alert)
    assert [one["name"] for one in message["people"]] == ["Lin"]
    async with desk.database.read(desk.workspace_id) as uow:
        detail = (await uow.execute("SELECT detail FROM alert_steps")).scalar_one()
    assert detail["widened_to"] == "everybody"


async def test_with_channels_but_no_members_everything_still_reaches_every_channel(
    desk: Desk,
) -> None:
    hook = await desk.webhook()
    await set_ladder(desk, LadderStep(0, audience=TO_MANAGERS))
    alert = await desk.raised()
    reached = {one.channel_id for one in await desk.deliveries(alert)}
    assert hook.id in reached
    assert len(reached) == 2
    async with desk.database.read(desk.workspace_id) as uow:
        detail = (await uow.execute("SELECT detail FROM alert_steps")).scalar_one()
    assert detail["widened_to"] == "nobody"
    assert detail["people"] == []


async def test_two_workers_never_take_the_same_step(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=60))
    alert = await desk.raised()
    desk.clock.advance(MINUTE)
    async with (
        desk.database.unit(desk.workspace_id) as one,
        desk.database.unit(desk.workspace_id) as other,
    ):
        taken = [await alerts.climb_due(one, 500), await alerts.climb_due(other, 500)]
    assert taken == [1, 0]
    assert len(await messages(desk, alert)) == 2


async def test_steps_that_come_together_after_a_standstill_are_said_in_one_message_with_their_delay(
    desk: Desk,
) -> None:
    await set_ladder(
        desk, LadderStep(0), LadderStep(0, wait_seconds=60), LadderStep(0, wait_seconds=120)
    )
    alert = await desk.raised()
    await climb(desk, 32 * MINUTE)
    assert [one[2] for one in await steps(desk, alert)] == ["told", "told", "told"]
    first, late = await messages(desk, alert)
    assert first["told_late_by_seconds"] == 0
    assert late["told_late_by_seconds"] == 31 * 60
    assert late["sentence"]["en"].endswith("(This notice itself is late by 31 min, sorry.)")


async def test_resolving_ends_the_climb(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=60))
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.resolve(uow, alert.id)
    assert await climb(desk, 10 * MINUTE) == 0
    assert (await desk.get(alert)).climb_at is None


async def test_a_louder_alert_of_the_same_promise_speaks_for_the_quieter_one(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=600))
    quieter = await desk.raised(percent=80)
    await desk.raised(
        percent=100, clock_id=quieter.clock_id, case_id=quieter.case_id or UUID(int=0)
    )
    await climb(desk, 10 * MINUTE)
    assert await steps(desk, quieter) == [(0, 0, "told", None), (1, 0, "explained", "louder_alert")]


async def test_an_acknowledgement_rests_the_climb_and_silence_goes_on_where_it_stood(
    desk: Desk,
) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=600))
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        taken = await alerts.acknowledge(uow, alert.id, minutes=20)
    assert taken.resume_at == desk.clock.at + 20 * MINUTE
    assert await climb(desk, 19 * MINUTE) == 0
    assert await climb(desk, 1 * MINUTE) == 1
    found = await desk.get(alert)
    assert (found.state, found.acknowledged_by) == ("firing", None)
    assert await steps(desk, alert) == [(0, 0, "told", None), (1, 0, "told", None)]
    assert "alert.resumed" in await desk.kinds_of_facts()


async def test_taking_it_back_goes_on_at_once(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0))
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.acknowledge(uow, alert.id, until_resolved=True)
    assert await climb(desk, timedelta(days=3)) == 0
    async with desk.database.unit(desk.workspace_id) as uow:
        back = await alerts.unacknowledge(uow, alert.id)
        again = await alerts.unacknowledge(uow, alert.id)
    assert (back.state, again.state) == ("firing", "firing")
    assert await steps(desk, alert) == [(0, 0, "told", None), (0, 1, "told", None)]


async def test_a_silence_keeps_an_alert_quiet_and_its_end_tells_it(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0))
    async with desk.database.unit(desk.workspace_id) as uow:
        draft = SilenceDraft(
            Conditions(),
            starts_at=uow.now,
            ends_at=uow.now + 30 * MINUTE,
            reason="lunch",
            everything=True,
            also_urgent=True,
        )
        await silences.create_silence(uow, draft)
    alert = await desk.raised()
    assert await steps(desk, alert) == [(0, 0, "explained", "silence")]
    assert await messages(desk, alert) == []
    await climb(desk, 31 * MINUTE)
    assert await steps(desk, alert) == [(0, 0, "told", None)]
    assert [one["type"] for one in await messages(desk, alert)] == ["alert.firing"]


async def test_a_rest_that_runs_out_in_a_silence_is_told_once_more_when_that_ends(
    desk: Desk,
) -> None:
    await set_ladder(desk, LadderStep(0))
    alert = await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.acknowledge(uow, alert.id, minutes=20)
        draft = SilenceDraft(
            Conditions(),
            starts_at=uow.now,
            ends_at=uow.now + 30 * MINUTE,
            reason="lunch",
            everything=True,
            also_urgent=True,
        )
        await silences.create_silence(uow, draft)
    await climb(desk, 21 * MINUTE)
    assert (await steps(desk, alert))[-1] == (0, 1, "explained", "silence")
    await climb(desk, 10 * MINUTE)
    assert await steps(desk, alert) == [(0, 0, "told", None), (0, 1, "told", None)]
    assert await climb(desk, 60 * MINUTE) == 0


async def test_alerts_of_a_group_are_told_together_within_its_window(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0), grouping=(GroupBy.CASE, 600))
    first = await desk.raised()
    second = await desk.raised(case_id=first.case_id)
    assert await steps(desk, second) == [(0, 0, "explained", "grouped")]
    louder = await desk.raised(case_id=first.case_id, percent=150)
    assert await steps(desk, louder) == [(0, 0, "told", None)]
    desk.clock.advance(11 * MINUTE)
    later = await desk.raised(case_id=first.case_id)
    assert await steps(desk, later) == [(0, 0, "told", None)]


async def test_of_two_workers_one_that_rolls_back_leaves_the_step_to_the_other(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=60))
    alert = await desk.raised()
    desk.clock.advance(MINUTE)
    with contextlib.suppress(ZeroDivisionError):
        async with desk.database.unit(desk.workspace_id) as uow:
            assert await alerts.climb_due(uow, 500) == 1
            raise ZeroDivisionError
    assert await climb(desk, timedelta()) == 1
    assert len(await steps(desk, alert)) == 2


async def test_an_alert_that_cannot_climb_stands_before_nobody_and_is_looked_at_again(
    desk: Desk,
) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=60))
    odd, *others = [await desk.raised() for _ in range(3)]
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(SPOIL, {"id": odd.id})
    assert await climb(desk, MINUTE) == 3
    assert [len(await steps(desk, one)) for one in (odd, *others)] == [1, 2, 2]
    assert await climb(desk, 4 * MINUTE) == 0
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(MEND, {"id": odd.id, "good": others[0].id})
    assert await climb(desk, MINUTE) == 1
    assert len(await steps(desk, odd)) == 2


async def test_the_claim_reads_what_is_due_by_its_index(desk: Desk) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute("SET LOCAL enable_seqscan = off")
        plan = await uow.execute(
            f"EXPLAIN {CLAIM}",
            {"workspace_id": desk.workspace_id, "now": uow.now, "limit": 10},
        )
        told = "\n".join(plan.scalars())
    assert "ix_alerts_climb_by_tier" in told


async def test_a_climb_that_nobody_moves_is_seen_by_whoever_audits(desk: Desk) -> None:
    await set_ladder(desk, LadderStep(0), LadderStep(0, wait_seconds=60))
    await desk.raised()
    desk.clock.advance(10 * MINUTE)
    waiting = await health.read_waiting(desk.database)
    assert waiting.overdue["climbing"] == 9 * 60
    assert await climb(desk, timedelta()) == 1
    assert (await health.read_waiting(desk.database)).overdue["climbing"] == 0


async def test_a_crowd_of_one_workspace_hides_no_other(desk: Desk, other_desk: Desk) -> None:
    for place, count, ago in ((desk, SIGHT, 60), (other_desk, 1, 1)):
        await place.raised()
        at = place.clock.at - ago * MINUTE
        async with place.database.unit(place.workspace_id) as uow:
            await uow.execute(CROWD, {"workspace_id": place.workspace_id, "count": count, "at": at})
    due, _ = await list_due_workspaces(desk.database)
    assert due == [desk.workspace_id, other_desk.workspace_id]


async def test_whoever_climbs_is_found_by_jumps_in_one_index(desk: Desk, database_url: str) -> None:
    await desk.raised()
    async with desk.database.unit(desk.workspace_id) as uow:
        crowd = {"workspace_id": desk.workspace_id, "count": 500, "at": desk.clock.at}
        await uow.execute(CROWD, crowd)
    # Of a table it knows nothing about, the planner expects one row and sorts it.
    await run_sql(database_url, "ANALYZE alerts")
    # Asked for as the clockwork asks: of a single workspace every index would do.
    async with desk.database.system() as uow:
        await uow.execute("SET LOCAL enable_seqscan = off")
        plan = await uow.execute(f"EXPLAIN {CROWDED}", {"now": uow.now})
        told = "\n".join(plan.scalars())
    assert told.count("ix_alerts_climb_by_tier") == 3, told
    assert "Bitmap" not in told
