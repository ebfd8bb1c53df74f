"""The community-health page says what the metrics say, out of sums of days alone."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from services.core.kit.uow import UnitOfWork
from services.core.metrics import service as metrics
from services.core.metrics.definitions import REGISTRY
from services.core.metrics.pages import Dashboard, Edition, Figure
from services.core.metrics.rules import day_range
from services.core.metrics.types import Measure, NoNumber
from services.core.objectives.errors import RangeError
from tests.support.line import PRAISE, Line, comment, event, person, reply
from tests.support.queries import captured_queries

WEEK = 7 * 24 * 60
FIRST, UNTIL = date(2026, 11, 18), date(2026, 11, 22)


@pytest.fixture
async def uow(line: Line) -> AsyncIterator[UnitOfWork]:
    """Lily and Mia the week before, Lily again and Zoe this week; Ann came back after six weeks."""
    await line.hear(
        comment("a1", PRAISE, minutes=-6 * WEEK, author="ann", post="p0"),
        comment("b1", PRAISE, minutes=-4 * 24 * 60, author="lily", post="p0"),
        comment("b2", PRAISE, minutes=-4 * 24 * 60, author="mia", post="p0"),
        event("follower.followed", {"follower": person("lily")}, minutes=-4 * 24 * 60, key="f1"),
    )
    await line.hear(
        comment("c1", minutes=0, author="lily"),
        comment("c2", minutes=1, author="zoe"),
        comment("c3", minutes=2, author="ann"),
        event("follower.followed", {"follower": person("zoe")}, minutes=3, key="f2"),
        event("follower.followed", {"follower": person("ann")}, minutes=3, key="f3"),
    )
    await line.hear(reply("r1", "c1", minutes=30))
    await line.tick(5 * 60)
    await metrics.catch_up(line.database, line.workspace_id, zone="Asia/Shanghai")
    async with line.database.read(line.workspace_id) as unit:
        yield unit


async def figures(uow: UnitOfWork) -> dict[str, Figure]:
    page = await metrics.read_dashboard(uow, FIRST, UNTIL, zone="UTC")
    assert (page.zone, page.stale_days) == ("Asia/Shanghai", 0)
    return {figure.name: figure for chapter in page.chapters.values() for figure in chapter}


async def test_it_says_what_the_metrics_say_of_the_same_days(uow: UnitOfWork) -> None:
    wanted = day_range(FIRST, UNTIL - timedelta(days=1), "Asia/Shanghai")
    page = await figures(uow)
    for name in page.keys() & REGISTRY.keys():
        found = (await metrics.measure(uow, name, wanted)).total
        told = page[name].now
        assert (told.value, told.reason, told.count, told.part) == (
            found.value,
            found.reason,
            found.count,
            found.part if REGISTRY[name].measure is not Measure.COUNT else 0,
        ), name
        assert told.histogram == found.histogram, name


async def test_people_are_told_by_when_they_were_here_before(uow: UnitOfWork) -> None:
    page = await figures(uow)
    assert page["commenters"].now.value == 3
    assert page["returning_share"].now.value == pytest.approx(2 / 3)
    # Of Lily and Mia, Lily came again; Ann had been away for longer than that.
    assert page["retention"].now.value == 1 / 2
    assert page["reactivated"].now.value == 1


async def test_a_change_is_against_as_many_days_before(uow: UnitOfWork) -> None:
    page = await figures(uow)
    followers = page["new_followers"]
    assert followers.before is not None
    assert (followers.now.value, followers.before.value, followers.change) == (2, 1, 1.0)
    assert page["reply_rate"].now.value == pytest.approx(1 / 3)


async def test_what_is_not_connected_is_told_as_such(uow: UnitOfWork) -> None:
    page = await figures(uow)
    for name in ("posts", "comments_per_post", "referrals", "net_promoter_score"):
        assert (page[name].now.value, page[name].now.reason) == (None, NoNumber.NOT_OBSERVED)


async def test_no_message_and_no_promise_is_read_for_it(line: Line, uow: UnitOfWork) -> None:
    with captured_queries(line.database) as sent:
        await metrics.read_dashboard(uow, FIRST, UNTIL, zone="UTC")
    read = [text for text, _ in sent if "FROM messages m" in text or "FROM clocks" in text]
    assert read == []
    assert len(sent) <= 12


@pytest.mark.parametrize("until", [FIRST, FIRST - timedelta(days=3), date(2030, 1, 1)])
async def test_a_range_that_is_none_is_refused(uow: UnitOfWork, until: date) -> None:
    with pytest.raises(RangeError):
        await metrics.read_dashboard(uow, FIRST, until, zone="UTC")


async def test_nothing_said_is_the_last_four_weeks(uow: UnitOfWork) -> None:
    page = await metrics.read_dashboard(uow, zone="UTC")
    assert page.last - page.first == timedelta(days=27)
    assert page.last == date(2026, 11, 21)


@pytest.mark.usefixtures("uow")
async def test_an_edition_is_another_one_as_soon_as_the_page_says_anything_else(
    line: Line,
) -> None:
    async def find() -> tuple[Edition, Dashboard]:
        async with line.database.read(line.workspace_id) as unit:
            edition = await metrics.find_edition(unit, FIRST, UNTIL, zone="UTC")
            return edition, await metrics.read_edition(unit, edition)

    before, page = await find()
    assert await find() == (before, page)
    # Long before all the page stands on; but Zoe is not new to it any more.
    await line.hear(comment("old", minutes=-8 * WEEK, author="zoe", post="p0"))
    await metrics.catch_up(line.database, line.workspace_id, zone="Asia/Shanghai")
    after, now = await find()
    assert after != before
    assert now.chapters["growth"] != page.chapters["growth"]
