"""Each workspace is guarded from storms of its own, and takes its turn beside the others."""

import json
from datetime import timedelta
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.types import Channel
from services.core.gateways.channels.fake import FakeGateway
from services.core.kit.uow import Database
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces
from tests.support.alerts import Desk, fired_timer

# Wide enough that no bucket of its own makes it a digest.
WIDE = json.dumps({"url": "https://wide.example/in", "per_minute": 6_000, "digest": True})
GATHERED = timedelta(seconds=10)
AHEAD = "INSERT INTO sandbox_clocks VALUES (:workspace_id, interval '1 day', :now)"
# As raised by a clock a day ahead, an hour before what that one shows now.
LATER = "UPDATE alerts SET fired_at = fired_at + interval '23 hours'"


async def raise_many(desk: Desk, count: int, tier: Tier = Tier.ROUTINE) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.raise_for(uow, [fired_timer(tier=tier) for _ in range(count)])


async def guarded(desk: Desk, storm_per_minute: int) -> Channel:
    async with desk.database.unit(desk.workspace_id) as uow:
        await workspaces.change_workspace(uow, {"storm_per_minute": storm_per_minute})
    return await desk.webhook("wide", config=WIDE)


async def sent(desk: Desk) -> list[tuple[str, int]]:
    """What goes out now: of each message its kind, and about how many alerts it is."""
    gateway = FakeGateway()
    await alerts.send_due(desk.database, {"webhook": gateway})
    return [
        (one.message["type"].removeprefix("alert."), one.message.get("count", 1))
        for one in gateway.parcels
    ]


async def test_more_alerts_a_minute_than_the_workspace_wants_go_together(desk: Desk) -> None:
    await guarded(desk, 5)
    await raise_many(desk, 6)
    assert await sent(desk) == [], "what is not urgent waits for others to go with"
    desk.clock.advance(GATHERED)
    assert await sent(desk) == [("digest", 6)]
    await raise_many(desk, 2, Tier.URGENT)
    await raise_many(desk, 3)
    assert await sent(desk) == [("firing", 1), ("firing", 1), ("digest", 3)]
    desk.clock.advance(timedelta(minutes=2))
    await raise_many(desk, 2)
    assert await sent(desk) == [("firing", 1), ("firing", 1)]


async def test_the_storm_of_one_workspace_is_none_of_another(desk: Desk, other_desk: Desk) -> None:
    await guarded(desk, 5)
    await raise_many(desk, 6)
    await guarded(other_desk, 6)
    await raise_many(other_desk, 6)
    assert await sent(other_desk) == [("firing", 1)] * 6


async def test_a_sandbox_counts_in_its_own_time(desk: Desk) -> None:
    """A day ahead, all it ever raised would lie within everybody's last minute."""
    await guarded(desk, 5)
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(AHEAD, {"workspace_id": uow.workspace_id, "now": uow.now})
    desk.clock.drifts = True
    await raise_many(desk, 6)
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(LATER)
    assert await sent(desk) == [("firing", 1)] * 6


async def claimed(database: Database, limit: int, busy: dict[UUID, int]) -> list[UUID]:
    return [one.workspace_id for one in await alerts.claim_dispatches(database, limit, busy=busy)]


async def test_the_many_channels_of_one_workspace_do_not_take_every_seat(
    desk: Desk, other_desk: Desk
) -> None:
    crowd = [await desk.webhook(f"crowd-{number}") for number in range(4)]
    await raise_many(desk, 2, Tier.URGENT)
    await other_desk.webhook()
    other_desk.clock.advance(timedelta(minutes=1))
    await raise_many(other_desk, 3)
    both = {desk.workspace_id, other_desk.workspace_id}
    assert set(await claimed(other_desk.database, 2, {})) == both
    # Who has sendings on their way comes after who has none.
    assert await claimed(other_desk.database, 1, {crowd[0].id: 3}) == [other_desk.workspace_id]
