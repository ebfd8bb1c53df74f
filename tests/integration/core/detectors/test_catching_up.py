"""What nobody looked at is judged when somebody does: each window, once, and said to be late."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.core.alerts.types import AlertState
from services.core.detectors import service as detectors
from services.core.detectors.types import DetectorDraft
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.alerts import NOON, Desk
from tests.support.watching import (
    MINUTE,
    Kind,
    create,
    draft,
    firings,
    hear,
    live_weeks,
    raised,
)

# Of live work nobody has taken in yet, since a moment.
WAITING = """
INSERT INTO journal (workspace_id, delivery_id, position, source_id, external_id, type,
  occurred_at, received_at, clamped, historical, state, next_at)
VALUES (:workspace_id, gen_random_uuid(), 0, :source_id, 'w1', 'comment.created', :at, :at, false,
  :historical, 'pending', :at)
"""


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)


@pytest.fixture
async def source(desk: Desk) -> UUID:
    async with desk.database.unit(desk.workspace_id) as uow:
        return UUID(str((await make.add_source(uow, name="红薯店")).id))


async def storms(desk: Desk, source: UUID) -> None:
    """The three hours of the test of the try: two storms and a lull after a busy morning."""
    await live_weeks(desk, source)
    await hear(desk, source, NOON - timedelta(hours=2), NOON)
    storm = timedelta(minutes=12)
    for start in (NOON, NOON + timedelta(minutes=130)):
        await hear(desk, source, start, start + storm, every=MINUTE / 6, sentiment="negative")
        await hear(desk, source, start, start + storm, every=MINUTE / 4, text="又是烂脸")


def watching() -> list[DetectorDraft]:
    return [
        draft(Kind.SENTIMENT_DIP, window_minutes=15, cool_down_minutes=30),
        draft(Kind.VOLUME_SPIKE, window_minutes=15, threshold=2.5, cool_down_minutes=0),
        draft(Kind.SILENCE, window_minutes=20, threshold=0, cool_down_minutes=40),
        draft(Kind.KEYWORD_SURGE, window_minutes=10, threshold=12, words=("烂脸",)),
    ]


async def test_what_an_outage_hid_is_kept_as_the_try_says_and_told_once(
    desk: Desk, source: UUID
) -> None:
    await desk.webhook()
    await storms(desk, source)
    made = [await create(desk, one) for one in watching()]
    assert await detectors.look(desk.database) == 0
    # Nobody looks for three hours: both storms come and go.
    desk.clock.advance(timedelta(minutes=185))
    counts = await asyncio.gather(*(detectors.look(desk.database) for _ in range(3)))
    found = await firings(desk)
    assert sum(counts) == sum(1 if one.ended_at is None else 2 for one in found)
    for detector in made:
        lived = sorted(
            (one.started_at, one.ended_at) for one in found if one.detector_id == detector.id
        )
        async with desk.database.read(desk.workspace_id) as uow:
            tried = await detectors.backtest(uow, detector.id, days=1)
        assert lived == sorted((one.started_at, one.ended_at) for one in tried.episodes)
        assert lived, detector.draft.kind
    # Many firings, and one alert of each detector: the last, which says it is late.
    told = {str((one.detail or {})["detector"]): one for one in await raised(desk)}
    assert len(told) == len(await raised(desk)) == len(made)
    surge = told[Kind.KEYWORD_SURGE.value]
    sentence = (surge.detail or {})["sentence"]
    assert sentence["en"].startswith("(Seen late, nobody was looking: this is how it was from 2026")
    assert sentence["zh"].startswith("（补报")
    assert (surge.detail or {})["seen_late_seconds"] > 30 * 60
    assert {one.state for one in told.values()} == {AlertState.FIRING}
    # From here on it goes as ever.
    desk.clock.advance(MINUTE)
    assert await detectors.look(desk.database) == 0


async def test_what_went_on_before_an_outage_ends_when_it_ended(desk: Desk, source: UUID) -> None:
    await create(
        desk, draft(Kind.KEYWORD_SURGE, threshold=3, minimum=1, window_minutes=5, words=("烂脸",))
    )
    await hear(desk, source, NOON - 4 * MINUTE, NOON, text="烂脸")
    assert await detectors.look(desk.database) == 1
    await hear(desk, source, NOON + 62 * MINUTE, NOON + 65 * MINUTE, text="烂脸")
    desk.clock.advance(66 * MINUTE)
    assert await detectors.look(desk.database) == 2
    begun, first = await firings(desk)
    assert ((first.started_at - NOON) // MINUTE, (first.ended_at or NOON) - NOON) == (0, 3 * MINUTE)
    # It rested for an hour of its own time, and goes on now.
    assert ((begun.started_at - NOON) // MINUTE, begun.ended_at) == (65, None)
    assert "seen_late_seconds" not in begun.figures


async def test_a_source_is_not_missed_while_what_it_sent_waits_to_be_taken_in(
    desk: Desk, source: UUID
) -> None:
    await live_weeks(desk, source)
    await hear(desk, source, NOON - timedelta(hours=1), NOON + MINUTE)
    await create(desk, draft(Kind.SILENCE, threshold=0, window_minutes=20))
    assert await detectors.look(desk.database) == 0
    waiting = {"workspace_id": desk.workspace_id, "source_id": source, "at": NOON + MINUTE}
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(WAITING, waiting | {"historical": False})
    desk.clock.advance(timedelta(minutes=40))
    assert await detectors.look(desk.database) == 0
    # It is taken in, and was silent after all: from the twenty-first minute on.
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute("UPDATE journal SET historical = true")
    assert await detectors.look(desk.database) == 1
    (firing,) = await firings(desk)
    assert firing.started_at == NOON + 21 * MINUTE
    assert firing.figures["seen_late_seconds"] == 19 * 60
