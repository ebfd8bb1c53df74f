"""Every metric can be read, split and drilled into, and a cell has as many rows as it says."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.core.kit.uow import UnitOfWork
from services.core.metrics import service as metrics
from services.core.metrics.definitions import REGISTRY
from services.core.metrics.types import Cell, Coordinates, Measure, NoNumber, Part, Split
from services.core.objectives.types import Range
from tests.support.line import (
    BRAND,
    NOON,
    PRAISE,
    PRODUCT_QUESTION,
    Line,
    comment,
    deleted,
    dm,
    event,
    person,
    reply,
)

DAY = timedelta(days=1)
SHANGHAI = "Asia/Shanghai"
TWO_KINDS = {Measure.SHARE, Measure.RATIO, Measure.DIFFERENCE}


async def live(line: Line) -> None:
    """Two days of a brand: posts, people who ask, praise, follow and leave, and our replies."""
    post = {"id": "p1", "title": "New", "author": {"id": BRAND, "handle": BRAND}}
    await line.hear(
        event("post.published", post, minutes=-30, key="post"),
        event("follower.followed", {"follower": person("lily")}, minutes=-20, key="f1"),
        event("follower.followed", {"follower": person("mia")}, minutes=-10, key="f2"),
        comment("c0", PRAISE, minutes=-2 * 24 * 60, author="mia"),
    )
    await line.hear(
        *(comment(f"c{n}", minutes=n, author="lily") for n in range(1, 7)),
        comment("c7", PRODUCT_QUESTION, minutes=8, author="mia", parent_id="c1"),
        comment("c8", f"@lily {PRAISE}", minutes=9, author="zoe", parent_id="c7"),
        comment("c9", "加微信领红包 wx8888 代理招募", minutes=9, author="bot"),
        comment("c10", PRODUCT_QUESTION, minutes=12 * 60, author="ann", post="p2"),
        dm("d1", minutes=10, author="mia"),
    )
    await line.hear(
        reply("r1", "c6", minutes=40),
        reply("r2", "d1", minutes=70),
        event("follower.unfollowed", {"follower": person("mia")}, minutes=90, key="u2"),
        deleted("c5", minutes=100),
        dm("d2", minutes=110, author="mia"),
        reply("r3", "d2", minutes=120),
    )
    await line.tick(14 * 60)


@pytest.fixture
async def uow(line: Line) -> AsyncIterator[UnitOfWork]:
    await live(line)
    async with line.database.read(line.workspace_id) as unit:
        yield unit


def week(uow: UnitOfWork) -> Range:
    return Range(uow.now - 4 * DAY, uow.now + 3 * DAY, SHANGHAI)


async def count(uow: UnitOfWork, name: str, cell: Coordinates, wanted: Range) -> int:
    """All rows behind a cell, page by page."""
    counted, after = 0, None
    while page := await metrics.list_rows(uow, name, wanted, cell, after=after, limit=20):
        counted += len(page)
        after = (page[-1].at, page[-1].id)
    return counted


async def check(uow: UnitOfWork, name: str, by: Split | None, cell: Cell) -> None:
    key = None if by is None else cell.key
    rows = await count(uow, name, Coordinates(by, key), week(uow))
    assert rows == cell.count, (name, by, cell)
    if REGISTRY[name].measure in TWO_KINDS:
        part = Coordinates(by, key, Part.PART)
        assert await count(uow, name, part, week(uow)) == cell.part, (name, by, cell)


async def test_every_cell_of_every_metric_has_as_many_rows_behind_it_as_it_says(
    line: Line,
) -> None:
    await live(line)
    for name, definition in REGISTRY.items():
        async with line.database.read(line.workspace_id) as uow:
            for by in (None, *metrics.splits_of(definition)):
                found = await metrics.measure(uow, name, week(uow), by)
                await check(uow, name, None, found.total)
                for cell in found.items:
                    await check(uow, name, found.by, cell)
            assert found.total.count > 0, f"The story tells nothing of {name}."
            assert found.total.value is not None, name


async def test_the_numbers_are_what_was_told(uow: UnitOfWork) -> None:
    async def value(name: str, by: Split | None = None) -> object:
        found = await metrics.measure(uow, name, week(uow), by)
        return {cell.key: cell.count for cell in found.items} if by else found.total.value

    # Without the spam, and without the one that was taken back.
    assert await value("inbound") == 11
    assert await value("inbound", Split.KIND) == {"comment": 9, "dm": 2}
    assert await value("commenters") == 4
    assert await value("repeat_commenters") == 1 / 4
    assert (await value("returning_share"), await value("returning_comments")) == (0, 0)
    # Mia asked twice and was answered twice, in two cases: the first was settled.
    talked = await metrics.measure(uow, "messages_per_conversation", week(uow))
    assert await value("conversations") == talked.total.count
    assert talked.total.value == round(4 / talked.total.count, 3)
    assert await value("mention_share") == 1 / 9
    assert await value("spam_share") == 1 / 12
    assert await value("posts") == 1
    assert await value("comments_per_post") == 9
    assert (await value("new_followers"), await value("lost_followers")) == (2, 1)
    assert await value("net_followers") == 1
    assert await value("replies") == 3
    # Lily and the messages are answered; four who wrote once are not.
    assert await value("reply_rate") == 7 / 11
    # c1 ← c7 ← c8 is one of them.
    assert await value("thread_depth") == round(10 / 7, 3)


async def test_whoever_commented_before_the_range_is_no_newcomer_to_it(uow: UnitOfWork) -> None:
    wanted = Range(NOON - DAY, uow.now, SHANGHAI)
    people = (await metrics.measure(uow, "returning_share", wanted)).total
    comments = (await metrics.measure(uow, "returning_comments", wanted)).total
    # Mia alone, who wrote one of them.
    assert (people.part, people.count) == (1, 4)
    assert (comments.part, comments.count) == (1, 8)


async def test_midnight_is_where_the_zone_has_it(uow: UnitOfWork) -> None:
    # 00:00 UTC of the 21st is still the 20th in New York, and 08:00 of the 21st in Shanghai.
    wanted = Range(NOON - DAY, NOON + DAY, "America/New_York")
    found = await metrics.measure(uow, "comments", wanted, Split.DAY)
    assert {cell.key: cell.count for cell in found.items if cell.count} == {"2026-11-20": 8}
    found = await metrics.measure(
        uow, "comments", Range(NOON - DAY, NOON + DAY, SHANGHAI), Split.DAY
    )
    days = {cell.key: cell.count for cell in found.items if cell.count}
    assert days == {"2026-11-20": 7, "2026-11-21": 1}


async def test_what_was_never_heard_of_is_null_and_not_zero(line: Line) -> None:
    await line.hear(comment("c1"))
    await line.tick(60)
    async with line.database.read(line.workspace_id) as uow:
        follows = await metrics.measure(uow, "net_followers", week(uow), Split.DAY)
        posts = await metrics.measure(uow, "comments_per_post", week(uow))
        comments = await metrics.measure(uow, "comments", week(uow), Split.DAY)
        shares = await metrics.measure(uow, "mention_share", week(uow), Split.DAY)
    assert (follows.total.value, follows.total.reason) == (None, NoNumber.NOT_OBSERVED)
    assert {cell.value for cell in follows.items} == {None}
    assert posts.total.reason is NoNumber.NOT_OBSERVED
    told = {cell.key: (cell.value, cell.reason) for cell in comments.items}
    days = ("2026-11-19", "2026-11-20", "2026-11-22")
    assert [told[day] for day in days] == [
        (None, NoNumber.NOT_OBSERVED),
        (1, None),
        (None, NoNumber.NOT_YET),
    ]
    assert [cell.value for cell in shares.items if cell.key == "2026-11-20"] == [0]
