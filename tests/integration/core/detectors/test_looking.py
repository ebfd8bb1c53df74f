"""Detectors against real rows: once for each firing, by the same law as the try on the past."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.core.alerts import service as alerts
from services.core.alerts.ladder_types import LadderDraft, LadderStep
from services.core.alerts.types import AlertState, Severity
from services.core.detectors import service as detectors
from services.core.detectors.errors import NothingKeptError, TooLittleHistoryError
from services.core.health.repository import processes
from services.core.kit.errors import InvalidInputError
from services.core.kit.uow import Database
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.alerts import NOON, Desk
from tests.support.queries import counted_queries
from tests.support.watching import (
    MINUTE,
    WEEK,
    Kind,
    create,
    draft,
    firings,
    hear,
    live_weeks,
    raised,
)


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)


@pytest.fixture
async def source(desk: Desk) -> UUID:
    async with desk.database.unit(desk.workspace_id) as uow:
        return UUID(str((await make.add_source(uow, name="红薯店")).id))


async def test_a_dip_is_told_once_with_figures_and_again_when_it_is_over(
    desk: Desk, source: UUID
) -> None:
    await desk.webhook()
    await live_weeks(desk, source)
    await hear(desk, source, NOON - timedelta(minutes=20), NOON, sentiment="negative")
    await create(desk, draft(Kind.SENTIMENT_DIP))
    assert await detectors.look(desk.database) == 1
    assert await detectors.look(desk.database) == 0
    (alert,) = await raised(desk)
    told = dict(alert.detail or {})
    assert (alert.severity, alert.tier, alert.state) == (
        Severity.WARNING,
        Tier.URGENT,
        AlertState.FIRING,
    )
    assert (told["value"], told["usual"], told["total"], told["hits"]) == (100.0, 0.0, 20, 20)
    assert told["sentence"]["zh"].startswith("过去 1 小时里负面消息占 100%（20/20 条）")
    assert told["sentence"]["en"].startswith("100% of the messages of the last 1 h are negative")
    desk.clock.advance(timedelta(minutes=61))
    assert await detectors.look(desk.database) == 1
    (alert,) = await raised(desk)
    assert (alert.state, alert.resolution) == (AlertState.RESOLVED, "back to normal")
    (firing,) = await firings(desk)
    # It was over before somebody looked again: fewer than ten messages of the last hour.
    assert (firing.started_at, firing.ended_at) == (NOON, NOON + timedelta(minutes=51))
    facts = [kind for kind in await desk.kinds_of_facts() if kind.startswith("detector.")]
    assert facts == ["detector.created", "detector.fired", "detector.cleared"]


async def test_two_workers_that_look_at_once_tell_once(desk: Desk, source: UUID) -> None:
    await live_weeks(desk, source)
    await hear(desk, source, NOON - timedelta(minutes=20), NOON, sentiment="negative")
    await create(desk, draft(Kind.SENTIMENT_DIP))
    counts = await asyncio.gather(*(detectors.look(desk.database) for _ in range(5)))
    assert sum(counts) == 1
    assert len(await raised(desk)) == 1


async def test_the_try_says_what_the_live_look_then_does_minute_by_minute(
    desk: Desk, source: UUID
) -> None:
    """Three hours with two storms and a lull, under four kinds at once."""
    await live_weeks(desk, source)
    # Nothing to tell before the first live look: what rests then would not rest in the try.
    await hear(desk, source, NOON - timedelta(hours=2), NOON)
    storm = timedelta(minutes=12)
    for start in (NOON, NOON + timedelta(minutes=130)):
        await hear(desk, source, start, start + storm, every=MINUTE / 6, sentiment="negative")
        await hear(desk, source, start, start + storm, every=MINUTE / 4, text="又是烂脸")
    drafts = [
        draft(Kind.SENTIMENT_DIP, window_minutes=15, cool_down_minutes=30),
        draft(Kind.VOLUME_SPIKE, window_minutes=15, threshold=2.5, cool_down_minutes=0),
        draft(Kind.SILENCE, window_minutes=20, threshold=0, cool_down_minutes=40),
        draft(Kind.KEYWORD_SURGE, window_minutes=10, threshold=12, words=("烂脸",)),
    ]
    made = [await create(desk, one) for one in drafts]
    end = NOON + timedelta(minutes=185)
    while desk.clock.at < end:
        desk.clock.advance(MINUTE)
        await detectors.look(desk.database)
    found = await firings(desk)
    for detector in made:
        lived = sorted(
            (one.started_at, one.ended_at) for one in found if one.detector_id == detector.id
        )
        async with desk.database.read(desk.workspace_id) as uow:
            tried = await detectors.backtest(uow, detector.id, days=1)
        said = sorted((one.started_at, one.ended_at) for one in tried.episodes)
        assert said == lived, detector.draft.kind
        assert lived, detector.draft.kind
    async with desk.database.read(desk.workspace_id) as uow:
        tried = await detectors.backtest(uow, made[0].id, days=1)
    assert sum(point.total for point in tried.points) == 120 + 2 * (72 + 48)
    assert tried.fired == len(tried.episodes)


async def test_a_source_that_went_quiet_is_named(desk: Desk, source: UUID) -> None:
    await live_weeks(desk, source)
    async with desk.database.unit(desk.workspace_id) as uow:
        other = await make.add_source(uow, name="Other")
    await hear(desk, other.id, NOON - timedelta(hours=1), NOON)
    await create(desk, draft(Kind.SILENCE, threshold=0))
    assert await detectors.look(desk.database) == 1
    (firing,) = await firings(desk)
    assert firing.subject == str(source)
    assert firing.figures["subject"] == "红薯店"
    # A source that is deleted is missed no more.
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute("UPDATE sources SET deleted_at = :now", {"now": uow.now})
    desk.clock.advance(MINUTE)
    assert await detectors.look(desk.database) == 1
    assert (await raised(desk))[0].state is AlertState.RESOLVED


async def test_those_who_leave_are_counted_against_the_usual(desk: Desk, source: UUID) -> None:
    await live_weeks(desk, source)
    async with desk.database.unit(desk.workspace_id) as uow:
        for place in range(12):
            left = NOON - place * MINUTE - MINUTE
            await make.add_follower(uow, source, unfollowed_at=left, following=False)
    await create(desk, draft(Kind.MASS_UNFOLLOW, threshold=3))
    assert await detectors.look(desk.database) == 1
    assert (await firings(desk))[0].figures["value"] == 12


async def test_refused_signatures_are_counted_by_source(desk: Desk, source: UUID) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(
            "INSERT INTO signature_refusals VALUES (:w, :s, :minute, 12)",
            {"w": desk.workspace_id, "s": source, "minute": NOON - 5 * MINUTE},
        )
    one = await create(desk, draft(Kind.FAILING_SIGNATURES, threshold=10, window_minutes=15))
    assert await detectors.look(desk.database) == 1
    (firing,) = await firings(desk)
    assert (firing.detector_id, firing.subject) == (one.id, str(source))
    assert "12 deliveries of “红薯店”" in firing.figures["sentence"]["en"]


async def test_after_a_firing_it_rests_for_its_cool_down(desk: Desk, source: UUID) -> None:
    surge = draft(Kind.KEYWORD_SURGE, threshold=3, minimum=1, window_minutes=5, words=("烂脸",))
    await create(desk, surge)
    for start in (NOON, NOON + 20 * MINUTE, NOON + 90 * MINUTE):
        await hear(desk, source, start, start + 3 * MINUTE, text="真的烂脸了")
    for _ in range(110):
        desk.clock.advance(MINUTE)
        await detectors.look(desk.database)
    begun = [(one.started_at - NOON) // MINUTE for one in await firings(desk)]
    assert begun == [93, 3]


async def test_a_change_ends_what_the_old_version_told(desk: Desk, source: UUID) -> None:
    surge = draft(Kind.KEYWORD_SURGE, threshold=3, minimum=1, window_minutes=5, words=("烂脸",))
    made = await create(desk, surge)
    await hear(desk, source, NOON - 4 * MINUTE, NOON, text="ＬＯＬ 烂脸")
    assert await detectors.look(desk.database) == 1
    async with desk.database.unit(desk.workspace_id) as uow:
        same = await detectors.change_detector(uow, made.id, surge)
        assert same.version == 1
        off = await detectors.change_detector(uow, made.id, draft(Kind.SILENCE, threshold=1))
        assert off.version == 2
    (alert,) = await raised(desk)
    assert (alert.state, alert.resolution) == (AlertState.RESOLVED, "the detector was changed")
    assert (await firings(desk))[0].ended_at == NOON


async def test_a_change_does_not_make_the_next_version_rest(desk: Desk, source: UUID) -> None:
    """Whoever mends the name of one that goes off is not left without it for the cool-down."""
    surge = draft(Kind.KEYWORD_SURGE, threshold=3, minimum=1, window_minutes=5, words=("烂脸",))
    made = await create(desk, surge)
    await hear(desk, source, NOON - 4 * MINUTE, NOON, text="烂脸")
    assert await detectors.look(desk.database) == 1
    async with desk.database.unit(desk.workspace_id) as uow:
        await detectors.change_detector(uow, made.id, replace(surge, name="Rashes"))
    assert await detectors.look(desk.database) == 0
    desk.clock.advance(MINUTE)
    assert await detectors.look(desk.database) == 1
    assert [one.version for one in await firings(desk)] == [2, 1]


async def test_a_workspace_that_cannot_be_looked_at_keeps_no_other_from_it(
    desk: Desk, source: UUID
) -> None:
    sound = Desk(desk.database, await workspaces.create_workspace(desk.database, "Sound"))
    async with sound.database.unit(sound.workspace_id) as uow:
        other = UUID(str((await make.add_source(uow, name="other")).id))
    for each, where in ((desk, source), (sound, other)):
        await create(each, draft(Kind.KEYWORD_SURGE, threshold=3, minimum=1, words=("烂脸",)))
        await hear(each, where, NOON - 4 * MINUTE, NOON, text="烂脸")
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.ensure_defaults(uow)
        await uow.execute('UPDATE ladders SET steps = \'[{"of": "a later release"}]\'')
    assert await detectors.look(desk.database) == 1
    assert await firings(desk) == []
    assert len(await firings(sound)) == 1


async def test_what_is_told_of_a_stage_does_not_end_while_nobody_knows(desk: Desk) -> None:
    await create(desk, draft(Kind.STUCK_STAGE, threshold=60, minimum=0, window_minutes=5))
    report = {
        "silence": 20.0,
        "stalls": [{"stage": "alerts", "seconds": 75.0, "place": ""}],
        "notes": {},
        "look_seconds": 0.1,
    }
    async with desk.database.system() as uow:
        await processes.lock_verdict(uow)
        await processes.put_verdict(uow, report)
    assert await detectors.look(desk.database) == 1
    desk.clock.advance(MINUTE)
    assert await detectors.look(desk.database) == 0
    assert (await firings(desk))[0].ended_at is None


async def test_a_stage_that_stands_still_is_told_while_it_does(desk: Desk) -> None:
    await create(desk, draft(Kind.STUCK_STAGE, threshold=60, minimum=0, window_minutes=5))
    report = {
        "silence": 20.0,
        "stalls": [{"stage": "alerts", "seconds": 75.0, "place": ""}],
        "notes": {},
        "look_seconds": 0.1,
    }
    async with desk.database.system() as uow:
        await processes.lock_verdict(uow)
        await processes.put_verdict(uow, report)
    assert await detectors.look(desk.database) == 1
    (firing,) = await firings(desk)
    assert (firing.subject, firing.figures["value"]) == ("alerts", 75)
    desk.clock.advance(MINUTE)
    async with desk.database.system() as uow:
        await processes.lock_verdict(uow)
        await processes.put_verdict(uow, report | {"stalls": []})
    assert await detectors.look(desk.database) == 1
    assert (await firings(desk))[0].ended_at is not None


async def test_a_quiet_minute_costs_the_same_for_many_workspaces(
    desk: Desk, source: UUID, database: Database
) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        await detectors.ensure_defaults(uow)
        await detectors.ensure_defaults(uow)
        assert len(await detectors.list_detectors(uow)) == 7
    with counted_queries(desk.database) as one:
        assert await detectors.look(desk.database) == 0
    for place in range(4):
        other = await workspaces.create_workspace(database, f"Other {place}")
        async with desk.database.unit(other.id) as uow:
            await detectors.ensure_defaults(uow)
    with counted_queries(desk.database) as many:
        assert await detectors.look(desk.database) == 0
    assert len(many) == len(one)


async def test_a_try_needs_history_and_says_from_when(desk: Desk, source: UUID) -> None:
    spike = draft(Kind.VOLUME_SPIKE, threshold=3)
    async with desk.database.read(desk.workspace_id) as uow:
        with pytest.raises(TooLittleHistoryError, match="too little history"):
            await detectors.try_out(uow, spike, days=30)
    await hear(desk, source, NOON - 2 * WEEK, NOON - 2 * WEEK + MINUTE)
    async with desk.database.read(desk.workspace_id) as uow:
        with pytest.raises(TooLittleHistoryError, match="tried from 2026-12-05 14:01 UTC on"):
            await detectors.try_out(uow, spike, days=30)
        # What is compared with nothing can be tried at once.
        surge = draft(Kind.KEYWORD_SURGE, threshold=1, minimum=1, words=("多少",))
        assert (await detectors.try_out(uow, surge, days=30)).fired == 1
        with pytest.raises(NothingKeptError):
            await detectors.try_out(uow, draft(Kind.STUCK_STAGE, threshold=60), days=30)


async def test_things_that_are_not_there_are_refused_by_field(desk: Desk) -> None:
    nowhere = uuid4()
    one = draft(Kind.KEYWORD_SURGE, source_id=nowhere, rule_id=nowhere, ladder_id=nowhere)
    async with desk.database.unit(desk.workspace_id) as uow:
        with pytest.raises(InvalidInputError) as refused:
            await detectors.create_detector(uow, one)
    assert [problem.pointer for problem in refused.value.errors] == [
        "/source_id",
        "/rule_id",
        "/ladder_id",
    ]


async def test_a_detector_may_have_a_ladder_of_its_own(desk: Desk, source: UUID) -> None:
    own = await desk.webhook("own")
    await desk.webhook("other")
    async with desk.database.unit(desk.workspace_id) as uow:
        await alerts.ensure_defaults(uow)
        steps = (LadderStep(percent=0, channel_ids=(own.id,)),)
        ladder = await alerts.create_ladder(uow, LadderDraft("Night", steps))
    surge = draft(Kind.KEYWORD_SURGE, threshold=1, minimum=1, words=("烂脸",), ladder_id=ladder.id)
    await create(desk, surge)
    await hear(desk, source, NOON - MINUTE, NOON, text="烂脸")
    assert await detectors.look(desk.database) == 1
    (alert,) = await raised(desk)
    assert alert.ladder["name"] == "Night"
    assert [one.channel_id for one in await desk.deliveries(alert)] == [own.id]
