"""Everything that was ever accepted is processed once more, and not one row is different.

Every table is compared whole, row by row, but for what a replay is: the journal's entries wait and
are done again, and the trail says so.
"""

from datetime import timedelta

from services.core.alerts import service as alerts
from services.core.desk import service as desk
from services.core.intake import service as intake
from services.core.intake.states import EntryState
from services.core.models import Base
from tests.support.line import PRODUCT_QUESTION, THANKS, Line, comment, deleted, dm, event, reply
from tests.support.line import person as somebody

# What claiming and finishing an entry leaves on it; all else about it is its sender's.
JOURNEY = ("token", "attempts", "next_at", "processed_at")
APART = {"journal": JOURNEY}
REPLAYS = "journal.replay"

STORY = (
    event("post.published", {"id": "p1", "title": "New", "hashtags": ["新品"]}, minutes=-5),
    event("follower.followed", {"follower": somebody()}, minutes=-4),
    comment("c1"),
    comment("c1", PRODUCT_QUESTION, minutes=2, kind="comment.edited", version=1),
    comment("c2", THANKS, minutes=3),
    comment("c3", minutes=4, author="mia"),
    deleted("c3", minutes=6),
    dm("d1", minutes=7),
    reply("r1", "c1", minutes=30),
    event("comment.hidden", {"id": "c2"}, minutes=31),
    # Heard late, and settles by its own time; then one that is answered before it is known.
    reply("r0", "c9", minutes=8),
    comment("c9", minutes=7, author="noa"),
    event("reply.sent", {"id": "r3", "conversation_id": "u-lily", "text": "在的"}, minutes=40),
    event("follower.unfollowed", {"follower": somebody()}, minutes=50),
    event("post.deleted", {"id": "p1"}, minutes=55),
    event("group.joined", {"group_id": "g", "follower": somebody()}, minutes=56),
    event("something.new", {"id": "x"}, minutes=57),
)


async def rows_of(line: Line) -> dict[str, list[str]]:
    """Every row of every table as text, without what is apart."""
    found = {}
    for table in Base.metadata.sorted_tables:
        columns = ", ".join(
            column.name for column in table.columns if column.name not in APART.get(table.name, ())
        )
        told = await line.rows(f"SELECT ROW({columns})::text AS whole FROM {table.name}")
        found[table.name] = sorted(row.whole for row in told if REPLAYS not in row.whole)
    return found


async def live(line: Line) -> None:
    """The story, with time passing in it: alerts fire, people act, a promise is broken."""
    for part in STORY:
        await line.deliver(part)
        await line.process()
        await line.tick()
    await line.hear(comment("c20", minutes=60, author="zoe"), comment("c21", minutes=61))
    await line.tick(minutes=180)
    async with line.database.unit(line.workspace_id) as uow:
        case = (await uow.execute("SELECT id FROM cases WHERE state = 'open' LIMIT 1")).scalar_one()
        await desk.resolve(uow, case)
        firing = await uow.execute("SELECT id FROM alerts WHERE state = 'firing' LIMIT 1")
        await alerts.acknowledge(uow, firing.scalar_one())
    await line.tick(minutes=30)


async def replay(line: Line) -> int:
    count = await intake.replay_all(line.database, line.workspace_id, intake.Choice())
    assert await line.process() == count
    await line.tick()
    return count


async def test_replaying_everything_changes_nothing(line: Line) -> None:
    await live(line)
    before = await rows_of(line)
    assert {name for name, rows in before.items() if rows} >= {
        "alerts", "audit_log", "case_acts", "cases", "clocks", "facts", "followers", "journal",
        "judgements", "messages", "outbox", "posts", "threads", "timers",
    }  # fmt: skip
    # All but the two nobody knows what to do with yet.
    assert await replay(line) == len(before["journal"]) - 2
    assert await rows_of(line) == before


async def test_replaying_twice_and_in_small_claims_changes_nothing(line: Line) -> None:
    await live(line)
    before = await rows_of(line)
    line.limits = type(line.limits)(batch=1)
    for _ in range(2):
        await replay(line)
    assert await rows_of(line) == before


async def test_a_replay_is_chosen_by_time_and_state_and_counted_beforehand(line: Line) -> None:
    await line.hear(comment("c1"), event("something.new", {"id": "x"}))
    await line.rows("UPDATE journal SET state = 'quarantined' WHERE position = 0 RETURNING 1")
    await line.hear(comment("c2", author="mia"))

    async def count(**choice: object) -> dict[EntryState, int]:
        async with line.database.read(line.workspace_id) as uow:
            return await intake.count_replayable(uow, intake.Choice(**choice))

    # Nobody knows the new type yet: it is never among them.
    assert await count() == {EntryState.PROCESSED: 1, EntryState.QUARANTINED: 1}
    assert await count(states=[EntryState.QUARANTINED]) == {EntryState.QUARANTINED: 1}
    tomorrow = line.clock.at + timedelta(days=10_000)
    assert await count(since=tomorrow) == {}
    assert sum((await count(until=tomorrow)).values()) == 2


async def test_the_trail_says_when_a_replay_began_and_ended(line: Line) -> None:
    await line.hear(comment("c1"))
    so_far: list[int] = []
    await intake.replay_all(line.database, line.workspace_id, intake.Choice(), told=so_far.append)
    told = await line.rows("SELECT action, detail FROM audit_log WHERE action LIKE 'journal.%'")
    began, ended = sorted(told, key=lambda row: row.action)
    assert (began.action, ended.action) == ("journal.replay_began", "journal.replay_ended")
    assert (ended.detail["entries"], so_far) == (1, [1])
