"""The vital figures of many communities are what their metrics say, read in one go."""

from datetime import timedelta

from services.core.metrics import service as metrics
from services.core.metrics.rules import day_range, local_day
from services.core.metrics.types import Split
from services.core.workspaces import service as workspaces
from tests.support.line import PRAISE, Line, comment, reply
from tests.support.queries import captured_queries

ZONE = "Asia/Shanghai"
DAY = 24 * 60


async def test_each_is_what_the_metric_says_of_today_and_of_yesterday(line: Line) -> None:
    await line.hear(
        comment("a1", minutes=-DAY),
        comment("a2", PRAISE, minutes=-DAY, author="mia"),
        comment("b1"),
    )
    await line.hear(reply("r1", "b1", minutes=30))
    await line.tick(3 * 60)
    await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
    told = {
        (vital.metric, vital.tier, vital.days_ago): (vital.value, vital.count)
        for vital in await metrics.read_vitals(line.database, line.workspace_id)
    }
    expected = {}
    async with line.database.read(line.workspace_id) as uow:
        today = local_day(uow.now, ZONE)
        for ago in range(2):
            day = today - timedelta(days=ago)
            wanted = day_range(day, day, ZONE)
            for name, splits in metrics.TOLD.items():
                by = Split.TIER if Split.TIER in splits else None
                measured = await metrics.measure(uow, name, wanted, by)
                cells = {None: measured.total} | {cell.key: cell for cell in measured.items}
                expected |= {
                    (name, tier, ago): (cell.value, cell.count)
                    for tier, cell in cells.items()
                    if cell.value is not None
                }
    assert told == expected
    assert {name for name, _, _ in told} == set(metrics.TOLD)
    assert {(name, ago) for name, tier, ago in told if tier} >= {("attainment", 0)}
    assert {ago for _, _, ago in told} == {0, 1}


async def test_a_hundred_workspaces_are_read_in_as_many_statements_as_one(line: Line) -> None:
    await line.hear(comment("c1"))
    await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
    other = await workspaces.create_workspace(line.database, "Other", slug="other")
    async with line.database.system() as uow:
        for table, columns in (
            ("metric_heads", "zone, digest"),
            ("metric_rollups", "metric, split, day, key, count, part, total, bins"),
        ):
            await uow.execute(
                f"INSERT INTO {table} (workspace_id, {columns})"
                f" SELECT :other, {columns} FROM {table} WHERE workspace_id = :mine",
                {"other": other.id, "mine": line.workspace_id},
            )
    with captured_queries(line.database) as one:
        mine = await metrics.read_vitals(line.database, line.workspace_id)
    with captured_queries(line.database) as both:
        found = await metrics.read_vitals(line.database)
    assert len(one) == len(both)
    assert {vital.workspace_id for vital in mine} == {line.workspace_id}
    assert {vital.workspace_id for vital in found} == {line.workspace_id, other.id}
    assert len(found) == 2 * len(mine) > 0


async def test_a_workspace_without_sums_has_no_figures(line: Line) -> None:
    assert await metrics.read_vitals(line.database, line.workspace_id) == []
