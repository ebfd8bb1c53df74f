"""Each protection is taken away once, and the look that trusted it must go red.

A fault test that stays green without its protection proves nothing. Here are those whose tests
live in this file; docs/faults.md names where the others are: the unique index (test_same_delivery),
the lease's token (test_races), the commit before the answer (test_api_killed).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count

import pytest

from services.core.conversations import reading
from services.core.kit import ids
from services.core.kit.uow import Database
from services.core.models import Base
from services.core.settings import Settings, WorkerSettings
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.triage.engine import load_classifier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from services.worker import jobs
from services.worker.runtime import JOBS, Context, Stage
from tests.support.db import run_sql
from tests.support.end_states import end_state, new_line
from tests.support.line import THANKS, Line, comment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

OFTEN, NEVER = 0.05, 3600.0
# A clockwork that is there takes a fiftieth of it.
NOTICED_SECONDS = 3.0

# Whoever inserts takes the next number at once, and shows it when it commits.
NUMBERED_BY_THE_WRITER = """
CREATE SEQUENCE fact_numbers;
CREATE FUNCTION number_fact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public AS
  $$ BEGIN NEW.seq := nextval('fact_numbers'); RETURN NEW; END $$;
CREATE TRIGGER number_fact BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION number_fact()
"""
NUMBERED_BY_THE_PUBLISHER = """
DROP TRIGGER number_fact ON facts; DROP FUNCTION number_fact(); DROP SEQUENCE fact_numbers
"""


class TestTheClockwork:
    """The worker's own look into Postgres, whoever does or does not call it."""

    async def test_what_nobody_was_woken_for_is_found(self, line: Line) -> None:
        assert await is_found_unwoken(line, poll_seconds=OFTEN)

    async def test_a_worker_that_only_waits_to_be_woken_finds_nothing(self, line: Line) -> None:
        assert not await is_found_unwoken(line, poll_seconds=NEVER)


class TestTheFold:
    """What happened last wins, not what was heard last."""

    async def test_two_tellings_end_alike(self, database: Database) -> None:
        assert await ends_alike(database)

    async def test_where_the_last_heard_wins_they_do_not(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        numbers = count()

        def by_arrival(_at: datetime, _external_id: str, **_more: object) -> str:
            return f"{next(numbers):020d}"

        monkeypatch.setattr(reading, "rank", by_arrival)
        assert not await ends_alike(database)


class TestRowLevelSecurity:
    """A statement that forgets its workspace sees no other one's rows."""

    async def test_nothing_of_another_workspace_is_seen(
        self, line: Line, database: Database
    ) -> None:
        assert await seen_by_a_stranger(line, database) == {}

    async def test_a_table_without_its_policy_shows_everything(
        self, line: Line, database: Database, database_url: str
    ) -> None:
        await run_sql(database_url, "ALTER TABLE messages DISABLE ROW LEVEL SECURITY")
        try:
            assert await seen_by_a_stranger(line, database) == {"messages": 1}
        finally:
            await run_sql(database_url, "ALTER TABLE messages ENABLE ROW LEVEL SECURITY")


@pytest.mark.made_up_facts
class TestTheNumbersOfTheStream:
    """One publisher numbers what is committed: who asks for what follows misses nothing."""

    async def test_a_fact_that_commits_late_is_read(
        self, database: Database, workspace: Workspace
    ) -> None:
        assert await read_by_cursor(database, workspace) == ["quick", "slow"]

    async def test_numbered_by_its_writer_it_is_lost(
        self, database: Database, workspace: Workspace, database_url: str
    ) -> None:
        await run_sql(database_url, NUMBERED_BY_THE_WRITER)
        try:
            assert await read_by_cursor(database, workspace) == ["quick"]
        finally:
            await run_sql(database_url, NUMBERED_BY_THE_PUBLISHER)


async def is_found_unwoken(line: Line, *, poll_seconds: float) -> bool:
    """Whether a stage at rest finds what is accepted then, without any wake."""
    assert jobs.__all__
    settings = Settings(worker=WorkerSettings(poll_seconds=poll_seconds))
    context = Context(line.database, settings, load_classifier(), {})
    stages: dict[str, Stage] = {queue: Stage(JOBS["stream"], context, {}) for queue in JOBS}
    stage = Stage(JOBS["intake"], context, stages)
    await line.deliver(comment("c1"))
    async with at_work(stage):
        await wait_until(lambda: stage.handled and not stage.turn.locked(), what="it is at rest")
        await line.deliver(comment("c2", author="mia"))
        try:
            await wait_until(lambda: stage.handled > 1, NOTICED_SECONDS)
        except AssertionError:
            return False
    return True


@asynccontextmanager
async def at_work(stage: Stage) -> AsyncIterator[None]:
    stop = asyncio.Event()
    working = asyncio.create_task(stage.run_forever(stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def ends_alike(database: Database) -> bool:
    straight, crooked = await new_line(database), await new_line(database)
    story = (comment("c1"), comment("c1", THANKS, minutes=2, kind="comment.edited"))
    for said in story:
        await straight.hear(said)
    for said in reversed(story):
        await crooked.hear(said)
    return await end_state(straight) == await end_state(crooked)


async def seen_by_a_stranger(line: Line, database: Database) -> dict[str, int]:
    """How many rows of the line's workspace another one sees, by table, when it just asks."""
    await line.hear(comment("c1"))
    stranger = await workspaces.create_workspace(database, "Stranger", slug="stranger")
    tables = [table for table in Base.metadata.sorted_tables if "workspace_id" in table.columns]
    seen = {}
    async with database.read(stranger.id) as uow:
        for table in tables:
            question = f"SELECT count(*) FROM {table.name} WHERE workspace_id = :other"
            seen[table.name] = (
                await uow.execute(question, {"other": line.workspace_id})
            ).scalar_one()
    return {name: rows for name, rows in seen.items() if rows}


async def read_by_cursor(database: Database, workspace: Workspace) -> list[str]:
    """What a reader hears who remembers how far it read, while one writer commits late."""
    heard: list[str] = []
    last = 0

    async def read_on() -> None:
        nonlocal last
        await stream.publish(database)
        async with database.read(workspace.id) as uow:
            for fact in await stream.read_after(uow, last):
                heard.append(fact.fact.kind)
                last = fact.seq

    async with database.unit(workspace.id) as slow:
        await stream.announce(slow, [Fact("slow", "case", ids.new_id(), {})])
        async with database.unit(workspace.id) as quick:
            await stream.announce(quick, [Fact("quick", "case", ids.new_id(), {})])
        await read_on()
    await read_on()
    return heard
