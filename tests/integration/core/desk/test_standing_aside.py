"""Two workers in one workspace: what one holds the other leaves alone, and nothing is lost."""

import asyncio
from uuid import UUID

import pytest

from services.core.conversations.reading import follower_id
from services.core.desk import processing
from tests.support.line import Line, comment, reply
from tests.support.waiting import wait_until

HOLD_FOLLOWER = "SELECT 1 FROM followers WHERE id = :id FOR UPDATE"
HOLD_THREAD = """
SELECT 1 FROM threads t WHERE t.follower_id = :id FOR UPDATE
"""
STATES = "SELECT state, count(*) AS entries FROM journal GROUP BY state"
ASKED = "SELECT count(*) FROM messages WHERE kind = 'comment' AND case_id IS NOT NULL"
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def states(line: Line) -> dict[str, int]:
    return {row.state: row.entries for row in await line.rows(STATES)}


async def count(line: Line, sql: str) -> int:
    return int((await line.row(sql))[0])


def crowd(start: int, end: int, *authors: str) -> list[object]:
    return [
        comment(f"c{n}", minutes=n / 100, author=authors[n % len(authors)], post=f"p{n}")
        for n in range(start, end)
    ]


async def process_once(line: Line) -> int:
    return await processing.process_deliveries(line.database, line.classifier, line.limits)


def follower(line: Line, name: str) -> UUID:
    return follower_id(line.source_id, f"u-{name}")


@pytest.mark.parametrize("hold", [HOLD_FOLLOWER, HOLD_THREAD], ids=["follower", "thread"])
async def test_what_another_holds_is_left_for_later_and_the_rest_is_done(
    line: Line, hold: str
) -> None:
    people = [f"n{n}" for n in range(10)]
    await line.hear(*crowd(0, 10, *people))
    if hold == HOLD_FOLLOWER:
        await line.deliver(*crowd(10, 50, *people))
    else:
        await line.deliver(*(reply(f"r{n}", f"c{n % 10}", minutes=n) for n in range(10, 50)))
    async with line.database.unit(line.workspace_id) as uow:
        await uow.execute(hold, {"id": follower(line, "n3")})
        await process_once(line)
        assert await states(line) == {"processed": 46, "pending": 4}
        # Its turn comes again at once, and then it is most of what there is: it is waited for.
        waiting = asyncio.create_task(process_once(line))
        await wait_until(lambda: count(line, BLOCKED))
        assert not waiting.done()
    await waiting
    await line.process()
    assert await states(line) == {"processed": 50}
    assert await count(line, ASKED) == (50 if hold == HOLD_FOLLOWER else 10)
    attempts = await line.rows("SELECT DISTINCT attempts FROM journal")
    assert [row.attempts for row in attempts] == [1]


async def test_who_would_leave_most_of_it_waits_instead(line: Line) -> None:
    await line.hear(*crowd(0, 1, "lily"))
    await line.deliver(*crowd(1, 41, "lily"))
    async with line.database.unit(line.workspace_id) as uow:
        await uow.execute(HOLD_FOLLOWER, {"id": follower(line, "lily")})
        working = asyncio.create_task(process_once(line))
        await wait_until(lambda: count(line, BLOCKED))
        assert not working.done()
    assert await working == 40
    assert await states(line) == {"processed": 41}
