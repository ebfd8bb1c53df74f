"""F15: whatever happened, told in any order, doubled and split at will, ends in one state.

Hypothesis draws what happens on the platform and how it is heard: which events come when, in which
batches, how often, and when a worker looks. The same history told in its own order to another
workspace is the truth it is held against.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from services.core.intake.service import HANDLED_TYPES
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from tests.support.db import EMPTY, connect
from tests.support.end_states import differences, end_state, new_line
from tests.support.histories import SPAN, happenings
from tests.support.line import NOON, Line, comment, reply

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
EXAMPLES, STEPS = (2_000, 30) if LONG else (50, 20)
UNDONE = "SELECT external_id, state, error FROM journal WHERE state <> 'processed'"
T = TypeVar("T")


@dataclass
class World:
    """A database and a loop of its own, since a machine's steps are no coroutines."""

    runner: asyncio.Runner
    database: Database
    superuser: asyncpg.Connection
    kinds: Counter[str] = field(default_factory=Counter)
    examples: int = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    async def opened() -> tuple[Database, asyncpg.Connection]:
        return Database(create_engine(database_url, pool_size=4)), await connect(database_url)

    with asyncio.Runner() as runner:
        database, superuser = runner.run(opened())
        yield World(runner, database, superuser)
        runner.run(database.close())
        runner.run(superuser.close())


class History(RuleBasedStateMachine):
    """One history, as it is being told crookedly."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.happened: dict[str, Any] = {}
        self.waiting: list[Any] = []
        self.heard: list[Any] = []
        world.run(world.superuser.execute(EMPTY))
        self.crooked: Line = world.run(new_line(world.database))
        self.at_once = True

    @initialize(at_once=st.booleans())
    def begin(self, *, at_once: bool) -> None:
        """All is heard at one late moment, or time goes on as it is heard."""
        self.at_once = at_once
        if at_once:
            self.crooked.clock.at = NOON + SPAN

    @rule(events=st.lists(happenings(), min_size=1, max_size=4))
    def happens(self, events: list[Any]) -> None:
        for told in events:
            if told["id"] not in self.happened:
                self.happened[told["id"]] = told
                self.waiting.append(told)

    @rule(data=st.data())
    def is_heard(self, data: st.DataObject) -> None:
        """Some of what waits comes in one delivery, in any order."""
        if self.waiting:
            order = data.draw(st.permutations(range(len(self.waiting))))
            chosen = order[: data.draw(st.integers(1, 5))]
            self.tell([self.waiting[place] for place in chosen])
            left = [told for place, told in enumerate(self.waiting) if place not in chosen]
            self.waiting = left

    @rule(data=st.data())
    def is_heard_again(self, data: st.DataObject) -> None:
        if self.heard:
            self.tell(data.draw(st.lists(st.sampled_from(self.heard), min_size=1, max_size=3)))

    @rule()
    def a_worker_looks(self) -> None:
        self.world.run(self.crooked.process())

    def tell(self, events: list[Any]) -> None:
        self.world.run(self.crooked.deliver(*events))
        self.heard += events

    def teardown(self) -> None:
        """The rest is heard; then both tellings must have come to the same."""
        if not self.happened:
            return
        if self.waiting:
            self.tell(self.waiting)
        self.world.examples += 1
        self.world.kinds.update(told["type"] for told in self.happened.values())
        self.world.run(self.compare())

    async def compare(self) -> None:
        straight = await new_line(self.world.database)
        straight.clock.at = self.crooked.clock.at
        in_order = sorted(self.happened.values(), key=lambda told: (told["timestamp"], told["id"]))
        await straight.deliver(*in_order)
        for line in (self.crooked, straight):
            line.clock.at = NOON + SPAN
            await line.process()
            assert await line.rows(UNDONE) == []
            await line.tick()
        ahead = self.at_once
        told = await end_state(self.crooked, ahead=ahead)
        assert differences(told, await end_state(straight, ahead=ahead)) == []


def test_any_telling_of_a_history_ends_in_its_one_state(world: World) -> None:
    """Messages, cases, clocks, followers and posts; heard at one moment, timers and alerts too."""
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(lambda: History(world), settings=chosen)
    print(f"{world.examples} histories, {world.kinds.total()} events: {dict(world.kinds)}")  # noqa: T201 - the figure
    assert set(world.kinds) == set(HANDLED_TYPES)


async def test_a_message_that_turns_out_younger_leaves_its_former_case(database: Database) -> None:
    """Its edit was heard first, dated before its creation; between them lies a case."""
    day = 24 * 60
    story = [
        comment("c1", kind="comment.edited"),
        reply("r1", "c1", minutes=10),
        comment("c2", minutes=9 * day),
        comment("c1", minutes=10 * day),
    ]
    straight, crooked = await new_line(database), await new_line(database)
    straight.clock.at = crooked.clock.at = NOON + SPAN
    await straight.hear(*story)
    for told in story:
        await crooked.hear(told)
    assert differences(await end_state(crooked), await end_state(straight)) == []
