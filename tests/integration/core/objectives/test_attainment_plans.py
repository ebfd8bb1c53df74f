"""How Postgres reads promises when there are many: by what was due, and never all of them."""

import json
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.core.kit.uow import Database, UnitOfWork
from services.core.objectives import service as objectives
from services.core.objectives.types import By, Range, Selection
from services.core.workspaces.types import Workspace
from tests.support.db import run_sql
from tests.support.queries import captured_queries

PROMISES = 20_000

# A year of promises, one in a case; the last hundred are still open and due in the next hours.
SEED = """
INSERT INTO clocks (workspace_id, id, case_id, thread_id, kind, episode, tier, state, started_at,
  due_at, budget_seconds, paused_seconds, settled_at, policy_id, policy_version, generation,
  corrections, created_at, updated_at)
SELECT '{workspace}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'first_response', 1,
  'urgent', CASE WHEN n <= 100 THEN 'running' ELSE 'met' END, now() - interval '400 days',
  now() + (100 - n) * interval '25 minutes', 60, 0,
  CASE WHEN n > 100 THEN now() - interval '400 days' END, gen_random_uuid(), 1, 1, '[]', now(),
  now() FROM generate_series(1, {promises}) AS n
"""

Report = Callable[[UnitOfWork, Range], Coroutine[Any, Any, Any]]
REPORTS: dict[str, Report] = {
    "attainment": lambda uow, wanted: objectives.measure(uow, wanted, By.SOURCE),
    "rows": lambda uow, wanted: objectives.list_rows(uow, wanted, Selection()),
    "bands": objectives.compare_bands,
    "at risk": lambda uow, _: objectives.list_at_risk(uow, timedelta(hours=2)),
}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def plan_of(uow: UnitOfWork, statement: str, parameters: Any) -> list[dict[str, Any]]:
    explained = await uow.connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
    )
    found = explained.scalar_one()
    tree = json.loads(found) if isinstance(found, str) else found
    return list(nodes(tree[0]["Plan"]))


@pytest.mark.parametrize("name", list(REPORTS))
async def test_a_day_is_read_by_an_index_and_nothing_else_is(
    database: Database, workspace: Workspace, database_url: str, name: str
) -> None:
    seed = SEED.format(workspace=workspace.id, promises=PROMISES)
    await run_sql(database_url, seed, "ANALYZE clocks")
    async with database.read(workspace.id) as uow:
        wanted = Range(uow.now - timedelta(days=1), uow.now)
        with captured_queries(database) as sent:
            await REPORTS[name](uow, wanted)
        statements = [each for each in sent if "clocks c" in each[0]]
        assert statements
        for statement in statements:
            scans = [
                node
                for node in await plan_of(uow, *statement)
                if node.get("Relation Name") == "clocks"
            ]
            assert scans
            assert all(node["Node Type"] != "Seq Scan" for node in scans), scans
            read = sum(
                node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans
            )
            # 58 promises are due in a day, and 100 are open.
            assert read <= 200, (name, scans)
