"""How Postgres reads the inbox when it is large: by index, in order, and no more than a page."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.board import service as board
from services.core.board.types import CaseFilter, CaseSort, MessageFilter
from services.core.cases.types import CaseState
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.triage.types import Category, Tier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.db import cloned_database, run_sql
from tests.support.queries import captured_queries
from tests.support.servers import ServerAddress

SOURCE = UUID(int=1)
MEMBER = UUID(int=2)
CASES = 50_000
OPEN = CASES // 10

# Nine of ten cases are over, as in a workspace that has been at work for a while.
SEED = """
INSERT INTO cases (workspace_id, id, thread_id, source_id, channel, opening_message_id, state,
  tier, category, sentiment, unanswered, reopened, assignee_id, opened_at, last_message_at,
  next_due_at, sort_due_at, policy_id, policy_version, version, updated_at)
SELECT '{workspace}', gen_random_uuid(), gen_random_uuid(),
  CASE WHEN n % 7 = 0 THEN '{source}'::uuid ELSE '{other}'::uuid END,
  'comment', gen_random_uuid(),
  CASE WHEN n % 10 = 0 THEN 'open' ELSE 'resolved' END,
  (ARRAY['urgent', 'important', 'routine', 'spam'])[1 + n % 4],
  (ARRAY['complaint', 'praise', 'general', 'casual', 'spam'])[1 + n % 5],
  'neutral', 1, 0, CASE WHEN n % 20 = 0 THEN '{member}'::uuid END, now(), now(),
  CASE WHEN n % 10 = 0 THEN now() + n * interval '1 minute' END,
  CASE WHEN n % 10 = 0 THEN now() + n * interval '1 minute' ELSE '2100-01-01+00' END,
  gen_random_uuid(), 1, 1, now()
FROM generate_series(1, {cases}) AS n
"""

FILTERS = {
    "the inbox": CaseFilter(),
    "open": CaseFilter(states=(CaseState.OPEN,)),
    "urgent": CaseFilter(tiers=(Tier.URGENT,)),
    "two tiers": CaseFilter(tiers=(Tier.URGENT, Tier.IMPORTANT)),
    "complaints": CaseFilter(categories=(Category.COMPLAINT,)),
    "mine": CaseFilter(assignee_id=MEMBER),
    "nobody's": CaseFilter(unassigned=True),
    "one source": CaseFilter(source_id=SOURCE),
    "resolved urgent": CaseFilter(states=(CaseState.RESOLVED,), tiers=(Tier.URGENT,)),
}


@dataclass(frozen=True)
class Crowd:
    database: Database
    workspace_id: UUID


@pytest.fixture(scope="module")
async def crowded(postgres_server: ServerAddress, template_database: str) -> AsyncIterator[Crowd]:
    """One large workspace for all of these tests, which only read."""
    async with cloned_database(postgres_server.url, template_database) as url:
        database = Database(create_engine(url))
        workspace = await workspaces.create_workspace(database, "Large", slug="large")
        seed = SEED.format(
            workspace=workspace.id, source=SOURCE, other=UUID(int=3), member=MEMBER, cases=CASES
        )
        await run_sql(url, seed, "ANALYZE cases")
        yield Crowd(database, workspace.id)
        await database.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def plan_of(uow: Any, statement: str, parameters: Any) -> list[dict[str, Any]]:
    explained = await uow.connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
    )
    found = explained.scalar_one()
    tree = json.loads(found) if isinstance(found, str) else found
    return list(nodes(tree[0]["Plan"]))


async def test_every_filter_is_read_by_an_index_and_never_whole(
    crowded: Crowd,
) -> None:
    for name, wanted in FILTERS.items():
        async with crowded.database.read(crowded.workspace_id) as uow:
            with captured_queries(crowded.database) as sent:
                page = await board.list_cases(uow, wanted, limit=50)
            assert len(page.items) == 50, name
            plan = await plan_of(uow, *sent[0])
        scans = [node for node in plan if node.get("Relation Name") == "cases"]
        assert scans, name
        for scan in scans:
            assert scan["Node Type"] in {"Index Scan", "Index Only Scan"}, (name, scan)
            # In the index's order: nothing is read to be sorted and thrown away.
            assert scan["Actual Rows"] <= 51, (name, scan)
            # At worst it passes the open cases, which stand before all others.
            assert scan.get("Rows Removed by Filter", 0) <= OPEN, (name, scan)


async def test_a_page_far_behind_costs_what_the_first_one_does(
    crowded: Crowd,
) -> None:
    async with crowded.database.read(crowded.workspace_id) as uow:
        after = (uow.now + timedelta(minutes=45_000), UUID(int=0))
        with captured_queries(crowded.database) as sent:
            page = await board.list_cases(uow, CaseFilter(), after=after, limit=50)
        assert page.items
        plan = await plan_of(uow, *sent[0])
    (scan,) = [node for node in plan if node.get("Relation Name") == "cases"]
    assert scan["Index Name"] == "ix_cases_open"
    assert scan.get("Rows Removed by Filter", 0) == 0
    assert scan["Actual Rows"] <= 51


async def test_cases_due_soon_are_read_up_to_that_time_only(
    crowded: Crowd,
) -> None:
    async with crowded.database.read(crowded.workspace_id) as uow:
        wanted = CaseFilter(due_before=uow.now + timedelta(minutes=100))
        with captured_queries(crowded.database) as sent:
            page = await board.list_cases(uow, wanted, limit=50)
        plan = await plan_of(uow, *sent[0])
    # One of ten minutes each; a few are lost to the time since they were written.
    assert 8 <= len(page.items) <= 10
    (scan,) = [node for node in plan if node.get("Relation Name") == "cases"]
    assert "sort_due_at" in scan["Index Cond"]


async def test_the_summary_counts_open_cases_by_the_index_of_open_ones(
    crowded: Crowd,
) -> None:
    async with crowded.database.read(crowded.workspace_id) as uow:
        with captured_queries(crowded.database) as sent:
            await board.summarise(uow)
        statement = next(each for each in sent if "FROM cases" in each[0])
        plan = await plan_of(uow, *statement)
    (scan,) = [node for node in plan if node.get("Relation Name") == "cases"]
    assert scan["Node Type"] != "Seq Scan"


async def test_a_message_is_found_by_its_platform_id_through_an_index(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    seed = f"""
    INSERT INTO messages (workspace_id, id, source_id, kind, direction, external_id, text,
      occurred_at, created_known, content_at, received_at)
    SELECT '{workspace.id}', gen_random_uuid(), '{SOURCE}', 'comment', 'in', 'c' || n, 'hello',
      now(), true, now(), now() FROM generate_series(1, 20000) AS n
    """
    await run_sql(database_url, seed, "ANALYZE messages")
    async with database.read(workspace.id) as uow:
        wanted = MessageFilter(source_id=SOURCE, external_id="c777")
        with captured_queries(database) as sent:
            page = await board.list_messages(uow, wanted)
        plan = await plan_of(uow, *sent[0])
    assert [message["external_id"] for message in page.items] == ["c777"]
    scans = [node for node in plan if node.get("Relation Name") == "messages"]
    assert all(scan["Node Type"] != "Seq Scan" for scan in scans)
    assert sum(scan.get("Rows Removed by Filter", 0) for scan in scans) == 0


@pytest.mark.parametrize("sort", list(CaseSort))
async def test_every_order_is_read_by_its_index_no_further_than_the_page(
    crowded: Crowd, sort: CaseSort
) -> None:
    async with crowded.database.read(crowded.workspace_id) as uow:
        for wanted in (CaseFilter(), CaseFilter(states=tuple(CaseState))):
            with captured_queries(crowded.database) as sent:
                first = await board.list_cases(uow, wanted, sort=sort, limit=50)
            assert first.end is not None, wanted
            with captured_queries(crowded.database) as later:
                page = await board.list_cases(
                    uow, wanted, sort=sort, after=first.end, reached=first.reached, limit=50
                )
            assert len(page.items) == 50
            for statement in (sent[0], later[0]):
                plan = await plan_of(uow, *statement)
                scans = [node for node in plan if node.get("Relation Name") == "cases"]
                assert scans, sort
                for scan in scans:
                    assert scan["Node Type"] in {"Index Scan", "Index Only Scan"}, scan
                    # Of each state and each tier a page at most, whatever lies before it.
                    assert scan["Actual Rows"] <= 51, (sort, scan)
                    assert scan.get("Rows Removed by Filter", 0) <= OPEN, (sort, scan)


async def test_posts_of_both_orders_are_read_by_their_index(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    seed = f"""
    INSERT INTO posts (workspace_id, id, source_id, external_id, published_at, field_ranks,
      first_seen_at)
    SELECT '{workspace.id}', gen_random_uuid(), '{SOURCE}', 'p' || n,
      CASE WHEN n % 3 > 0 THEN now() - n * interval '1 minute' END, '{{}}', now()
    FROM generate_series(1, 20000) AS n
    """
    await run_sql(database_url, seed, "ANALYZE posts")
    async with database.read(workspace.id) as uow:
        for oldest_first in (False, True):
            first = await board.list_posts(uow, oldest_first=oldest_first)
            with captured_queries(database) as sent:
                page = await board.list_posts(uow, oldest_first=oldest_first, after=first.end)
            assert len(page.items) == 50
            plan = await plan_of(uow, *sent[0])
            (scan,) = [node for node in plan if node.get("Relation Name") == "posts"]
            assert scan["Index Name"] == "ix_posts_latest"
            assert scan["Actual Rows"] <= 51
