"""The log of sendings is let go when it is old, a batch at a time, and nothing that waits is."""

from datetime import timedelta

from services.core.alerts import service as alerts
from services.core.gateways.channels.fake import FakeGateway
from tests.support.alerts import Desk

KEEP = timedelta(days=90)
COUNTS = ("SELECT count(*) FROM outbox", "SELECT count(*) FROM send_attempts")


async def counts(desk: Desk) -> tuple[int, int]:
    async with desk.database.read(desk.workspace_id) as uow:
        rows = [(await uow.execute(query)).scalar_one() for query in COUNTS]
    return rows[0], rows[1]


async def test_what_is_old_and_over_goes_in_batches_with_its_attempts(desk: Desk) -> None:
    channel = await desk.webhook()
    for _ in range(3):
        await desk.raised()
    await alerts.send_due(desk.database, {"webhook": FakeGateway()})
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.pause_channel(uow, channel.id, "Tired.")
    assert await counts(desk) == (4, 3)
    assert await alerts.forget_sendings(desk.database, KEEP) == 0
    # Ids are made by the real clock, which may be ahead of the desk's.
    desk.clock.advance(KEEP * 1000)
    assert await alerts.forget_sendings(desk.database, KEEP, batch=2) == 2
    assert await counts(desk) == (2, 1)
    assert await alerts.forget_sendings(desk.database, KEEP, batch=2) == 1
    assert await counts(desk) == (1, 0), "what waits was let go"
