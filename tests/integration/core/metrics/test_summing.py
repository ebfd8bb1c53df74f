"""Sums of days are what a recount says, whatever comes late, twice or out of order."""

import asyncio
import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.desk import service as desk
from services.core.metrics import rules
from services.core.metrics import service as metrics
from services.core.metrics.definitions import REGISTRY, ROLLED
from services.core.metrics.repository import summing
from services.core.metrics.rules import from_bins
from services.core.metrics.types import Split
from services.core.objectives.types import Range
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces
from tests.support.histories import SPAN, happenings
from tests.support.line import NOON, Line, comment, deleted, event, person, reply

ZONES = ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC")
DAY = timedelta(days=1)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def refreshed(line: Line, zone: str = "UTC") -> None:
    await metrics.catch_up(line.database, line.workspace_id, zone=zone)


async def mismatches(line: Line, first: date | None = None, last: date | None = None) -> list[Any]:
    found = await metrics.recount(line.database, line.workspace_id, first, last)
    assert found.stale == 0
    return found.mismatches


async def kept(line: Line, name: str, split: str = "total") -> dict[Any, int]:
    rows = await line.rows(
        "SELECT day, key, count AS counted FROM metric_rollups"
        " WHERE metric = :name AND split = :split",
        name=name,
        split=split,
    )
    return {(row.day.isoformat(), row.key): row.counted for row in rows}


async def people(line: Line) -> dict[str, tuple[int, int, list[int]]]:
    """Of each day somebody commented on: how many, how many had before, and within how long."""
    rows = await line.rows("SELECT day, people, known, within FROM metric_days WHERE people > 0")
    return {row.day.isoformat(): (row.people, row.known, row.within) for row in rows}


async def test_a_late_arrival_does_its_own_day_again_and_no_other(line: Line) -> None:
    await line.hear(comment("c1"), comment("c2", minutes=5, author="mia"))
    await refreshed(line)
    before = {row.day: row.as_of for row in await line.rows("SELECT * FROM metric_days")}
    line.clock.advance(2 * DAY)
    late = comment("c3", minutes=-3 * 24 * 60, author="mia", post="p2")
    await line.hear(late)
    await refreshed(line)
    assert await kept(line, "comments") == {("2026-11-17", ""): 1, ("2026-11-20", ""): 2}
    # Mia commented before the 20th now.
    assert await people(line) == {"2026-11-17": (1, 0, []), "2026-11-20": (2, 1, [0, 0, 1])}
    after = {row.day: row.as_of for row in await line.rows("SELECT * FROM metric_days")}
    done = {day for day in after if after[day] != before.get(day)}
    assert NOON.date() - 3 * DAY in done
    assert NOON.date() not in done
    assert await mismatches(line) == []


async def test_a_reply_days_later_counts_on_the_day_of_the_question(line: Line) -> None:
    await line.hear(comment("c1"))
    await refreshed(line)
    await line.tick(3 * 24 * 60)
    await line.hear(reply("r1", "c1", minutes=3 * 24 * 60))
    await refreshed(line)
    row = await line.row("SELECT * FROM metric_rollups WHERE metric = 'reply_rate' AND key = ''")
    assert (row.day, row.part) == (NOON.date(), 1)
    assert await mismatches(line) == []


async def test_a_promise_that_is_broken_counts_within_a_minute(line: Line) -> None:
    await line.hear(comment("c1"))
    await refreshed(line)
    assert await kept(line, "attainment") == {}
    await line.tick(3 * 60)
    days, more = await metrics.refresh(line.database, zone="UTC")
    assert days > 0
    assert not more
    assert await kept(line, "attainment") == {("2026-11-20", ""): 1}
    assert await mismatches(line) == []


async def test_what_people_do_and_take_back_is_counted_again(line: Line) -> None:
    await line.hear(comment("c1"), comment("c2", minutes=5), comment("c3", minutes=6, author="mia"))
    await line.tick(60)
    await refreshed(line)
    case = await line.row("SELECT id FROM cases ORDER BY id LIMIT 1")
    async with line.database.unit(line.workspace_id) as uow:
        await desk.retier(uow, case.id, tier=Tier.ROUTINE)
    await line.hear(deleted("c3", minutes=70))
    await line.hear(event("follower.followed", {"follower": person("mia")}, minutes=-600))
    await line.tick(30 * 60)
    await refreshed(line)
    assert await mismatches(line) == []
    assert await kept(line, "new_followers") == {("2026-11-20", ""): 1}
    assert "2026-11-20" in await people(line)


async def test_a_recount_finds_every_digit_that_is_wrong(line: Line) -> None:
    await line.hear(comment("c1"), reply("r1", "c1", minutes=30))
    await line.tick(24 * 60)
    await refreshed(line)
    assert await mismatches(line) == []
    async with line.database.unit(line.workspace_id) as uow:
        await uow.execute(
            "UPDATE metric_rollups SET total = total + 0.000001"
            " WHERE metric = 'response_time' AND split = 'total'"
        )
        await uow.execute("UPDATE metric_people SET since = '2026-11-01'")
        await uow.execute("DELETE FROM metric_rollups WHERE metric = 'comments'")
    found = await mismatches(line)
    wrong = {(each.metric, each.split) for each in found}
    assert wrong == {
        ("response_time", "total"),
        ("commenters", "since"),
        ("comments", "total"),
        ("comments", "source"),
    }
    row = await line.row("SELECT mismatches FROM metric_heads")
    assert row.mismatches == len(found)
    await metrics.rebuild(line.database, line.workspace_id, None, None, zone="UTC")
    assert await mismatches(line) == []


async def test_a_day_that_changed_meanwhile_is_told_apart(line: Line) -> None:
    await line.hear(comment("c1"))
    await refreshed(line)
    await line.hear(comment("c2", minutes=5))
    found = await metrics.recount(line.database, line.workspace_id)
    assert (found.stale, found.mismatches) == (1, [])


async def test_another_zone_has_other_days(line: Line) -> None:
    await line.hear(comment("c1", minutes=5 * 60))
    await refreshed(line)
    assert await kept(line, "comments") == {("2026-11-20", ""): 1}
    async with line.database.unit(line.workspace_id) as uow:
        await metrics.set_zone(uow, "Asia/Shanghai")
    await refreshed(line)
    assert await kept(line, "comments") == {("2026-11-21", ""): 1}
    assert await mismatches(line) == []


async def test_a_workspace_that_cannot_be_summed_up_keeps_no_other_from_it(line: Line) -> None:
    await line.hear(comment("c1"))
    other = await workspaces.create_workspace(line.database, "First of all")
    async with line.database.unit(other.id) as uow:
        await uow.execute(
            "INSERT INTO metric_heads (workspace_id, zone, digest)"
            " VALUES (:workspace_id, 'Nowhere/Else', '')",
            {"workspace_id": other.id},
        )
    days, _ = await metrics.refresh(line.database, zone="UTC")
    assert days > 0
    assert await kept(line, "comments") == {("2026-11-20", ""): 1}
    async with line.database.unit(other.id) as uow:
        head = await summing.get_head(uow)
    assert head is not None
    assert head.rests_until == line.clock.at + rules.LONGEST_REST


async def test_a_day_that_takes_long_to_do_again_rests_in_between(line: Line) -> None:
    await line.hear(comment("c1"))
    await refreshed(line)
    await line.hear(comment("c2", minutes=5))
    async with line.database.unit(line.workspace_id) as uow:
        await summing.rest(uow, uow.real_now + timedelta(seconds=20))
    assert await metrics.refresh(line.database, zone="UTC") == (0, False)
    line.clock.advance(timedelta(seconds=20))
    days, _ = await metrics.refresh(line.database, zone="UTC")
    assert days > 0
    assert await kept(line, "comments") == {("2026-11-20", ""): 2}
    rests = await line.row("SELECT rests_until FROM metric_heads")
    assert rests.rests_until > line.clock.at


async def test_a_rebuild_waits_for_whoever_is_summing_up(line: Line) -> None:
    """Passed by in silence, it would say "done" and have done nothing."""
    await line.hear(comment("c1"))
    await refreshed(line)
    async with line.database.unit(line.workspace_id) as uow:
        await summing.hold_head(uow, "UTC")
        asked = metrics.rebuild(line.database, line.workspace_id, None, None, zone="UTC")
        rebuilding = asyncio.create_task(asked)
        waiting = 0
        async with asyncio.timeout(10):
            while not waiting:
                waiting = (await uow.execute(WAITING)).scalar_one()
    assert await rebuilding > 0


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    told=st.lists(happenings(), min_size=3, max_size=30),
    zone=st.sampled_from(ZONES),
    seed=st.integers(0, 1000),
)
async def test_any_history_adds_up_whenever_it_was_looked_at(
    line: Line, told: list[Any], zone: str, seed: int
) -> None:
    """Late, twice, out of order, with looks in between: in the end the sums are the recount's."""
    dice = random.Random(seed)  # noqa: S311 - the same seed must tell the same story
    async with line.database.unit(line.workspace_id) as uow:
        for table in ("cases", "clocks", "messages", "followers", "posts", "threads", "timers"):
            await uow.execute(f"DELETE FROM {table}")
        for table in ("journal", "delivery_keys", "metric_days", "metric_rollups", "metric_people"):
            await uow.execute(f"DELETE FROM {table}")
        await uow.execute("DELETE FROM metric_heads")
    arriving = told + [each for each in told if dice.random() < 0.3]
    dice.shuffle(arriving)
    for place, one in enumerate(arriving):
        await line.hear(one)
        if place % 5 == 4:
            await metrics.refresh(line.database, zone=zone)
    line.clock.at = max(line.clock.at, NOON + SPAN + 5 * DAY)
    while await line.tick():
        pass
    await refreshed(line, zone)
    assert await mismatches(line) == []
    await _agree(line, zone)


async def _agree(line: Line, zone: str) -> None:
    """What the sums of all days come to is what is measured from the rows themselves."""
    first, last = NOON.date() - 2 * DAY, line.clock.at.date() + 2 * DAY
    async with line.database.read(line.workspace_id) as uow:
        wanted = Range(NOON - 60 * DAY, NOON + 60 * DAY, zone)
        names = [each.name for each in ROLLED]
        rows = await summing.list_sums(uow, names, ["total"], first - 60 * DAY, last + 60 * DAY)
        for name in names:
            mine = [row for row in rows if row.metric == name]
            found = (await metrics.measure(uow, name, wanted)).total
            assert (sum(row.counted for row in mine), sum(row.part for row in mine)) == (
                found.count,
                found.part,
            ), name
            if found.histogram:
                bins = [(int(k), n) for row in mine for k, n in (row.bins or {}).items()]
                total = float(sum(row.total or 0 for row in mine))
                summed = from_bins(bins, found.count, total)
                assert summed.histogram == found.histogram


@pytest.mark.parametrize("name", ["response_time", "first_response"])
def test_what_is_summed_up_can_also_be_split(name: str) -> None:
    assert Split.MEMBER in (REGISTRY[name].rolled or ())
