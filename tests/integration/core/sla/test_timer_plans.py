"""What a look at the clockwork and a claim read: what is due, whatever waits behind it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import service as sla
from services.core.sla.looking import CROWDED, SIGHT
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.db import run_sql
from tests.support.queries import captured_queries

WAITING, DUE, CLAIMED = 20_000, 400, 100
# Each clock's one moment: the first ones were due, a second apart; the others come in an hour.
SEED = """
WITH made AS (
  INSERT INTO clocks (workspace_id, id, case_id, thread_id, kind, episode, tier, state, started_at,
    due_at, budget_seconds, paused_seconds, policy_id, policy_version, generation, corrections,
    created_at, updated_at)
  SELECT '{workspace}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'first_response',
    1, (ARRAY['urgent', 'important', 'routine'])[1 + n % 3], 'running', now() - interval '1 day',
    CASE WHEN n <= {due} THEN now() - n * interval '1 second' ELSE now() + interval '1 hour' END,
    60, 0, gen_random_uuid(), 1, 1, '[]', now(), now()
  FROM generate_series(1, {waiting} + {due}) AS n
  RETURNING workspace_id, id, case_id, tier, due_at
)
INSERT INTO timers (workspace_id, id, clock_id, case_id, percent, generation, tier, state, fire_at)
SELECT workspace_id, gen_random_uuid(), id, case_id, 100, 1, tier, 'pending', due_at FROM made
"""


@pytest.fixture
async def _crowd(workspace: Workspace, database_url: str) -> None:
    seed = SEED.format(workspace=workspace.id, waiting=WAITING, due=DUE)
    await run_sql(database_url, seed, "ANALYZE clocks", "ANALYZE timers")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def reads_of(uow: UnitOfWork, statement: str, parameters: Any) -> dict[str, float]:
    """Rows read of each table; a table that is gone through from end to end is an error."""
    explained = await uow.connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
    )
    found = explained.scalar_one()
    tree = json.loads(found) if isinstance(found, str) else found
    read: dict[str, float] = {}
    for node in nodes(tree[0]["Plan"]):
        table = node.get("Relation Name")
        if table is None or node["Node Type"] == "ModifyTable":
            continue
        assert node["Node Type"] != "Seq Scan", node
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        read[table] = read.get(table, 0) + rows * node["Actual Loops"]
    return read


@pytest.mark.usefixtures("_crowd")
async def test_a_look_at_the_clockwork_reads_what_is_due(database: Database) -> None:
    with captured_queries(database) as sent:
        due, _ = await sla.list_due_workspaces(database)
    assert len(due) == 1
    (look,) = [each for each in sent if "timers" in each[0]]
    async with database.system() as uow:
        assert (await reads_of(uow, *look))["timers"] <= DUE + 1


@pytest.mark.usefixtures("_crowd")
async def test_a_claim_reads_a_batch_and_not_what_waits_behind_it(
    database: Database, workspace: Workspace
) -> None:
    with captured_queries(database) as sent:
        async with database.unit(workspace.id) as uow:
            fired = await sla.fire_due(uow, CLAIMED)
    assert len(fired) == CLAIMED
    (claim,) = [each for each in sent if "UPDATE timers" in each[0]]
    async with database.unit(workspace.id) as uow:
        read = await reads_of(uow, *claim)
    # A row is read to be locked, to be ranked and to be written; its clock as often.
    assert read["timers"] <= 4 * CLAIMED, read
    assert read["clocks"] <= 3 * CLAIMED, read


async def test_a_crowd_of_one_workspace_hides_no_other(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    other = await workspaces.create_workspace(database, "Quiet", slug="quiet")
    crowd = SEED.format(workspace=workspace.id, waiting=0, due=SIGHT + 1)
    await run_sql(database_url, crowd, SEED.format(workspace=other.id, waiting=0, due=1))
    due, _ = await sla.list_due_workspaces(database)
    assert due == [workspace.id, other.id]


@pytest.mark.usefixtures("_crowd")
async def test_the_workspaces_of_a_crowd_are_found_by_jumping_from_one_to_the_next(
    database: Database, workspace: Workspace
) -> None:
    async with database.system() as uow:
        await uow.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join((await uow.execute(f"EXPLAIN {CROWDED}", {"now": uow.now})).scalars())
    assert plan.count("ix_timers_due_by_tier") == plan.count(" on timers") > 0, plan
