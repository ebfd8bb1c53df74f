"""How Postgres reads a page in the midst of a long list: by an index, in order, and no more."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.intake import repository as sources
from services.core.kit.db import create_engine
from services.core.kit.stretches import Stretch
from services.core.kit.uow import Database, UnitOfWork
from services.core.silences import repository as silences
from services.core.sla import repository as sla
from services.core.workspaces import repository as members
from services.core.workspaces import service as workspaces
from tests.support.db import cloned_database, run_sql
from tests.support.queries import captured_queries
from tests.support.servers import ServerAddress

ROWS = 20_000
PAGE = 21
THING = UUID(int=7)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MIDST = NOW + timedelta(seconds=ROWS // 2)

SEED = f"""
INSERT INTO members (workspace_id, id, handle, name, role, active, created_at, updated_at)
SELECT '{{workspace}}', gen_random_uuid(), 'h' || n, 'n' || n % 500, 'moderator', true, now(), now()
FROM generate_series(1, {ROWS}) AS n;
INSERT INTO api_keys (workspace_id, id, prefix, secret_hash, name, scopes, created_at)
SELECT '{{workspace}}', gen_random_uuid(), 'p' || n, sha256(n::text::bytea), 'n' || n % 500,
  ARRAY['read'], now()
FROM generate_series(1, {ROWS}) AS n;
INSERT INTO sources (workspace_id, id, name, platform, own_accounts, created_at, updated_at)
SELECT '{{workspace}}', gen_random_uuid(), 'n' || n % 500, 'wechat', '{{{{}}}}', now(), now()
FROM generate_series(1, {ROWS}) AS n;
INSERT INTO policies (workspace_id, id, name, is_default, position, current_version, created_at,
  updated_at)
VALUES ('{{workspace}}', '{THING}', 'Long', false, 1, {ROWS}, now(), now());
INSERT INTO policy_versions (workspace_id, policy_id, version, definition, created_at, created_by)
SELECT '{{workspace}}', '{THING}', n, '{{{{}}}}', now(), 'me' FROM generate_series(1, {ROWS}) AS n;
INSERT INTO replans (workspace_id, id, policy_id, state, total, done, moved, requested_by,
  created_at, next_at)
SELECT '{{workspace}}', gen_random_uuid(), '{THING}', 'done', 0, 0, 0, 'me',
  timestamptz '{NOW}' + n * interval '1 second', now()
FROM generate_series(1, {ROWS}) AS n;
INSERT INTO silences (workspace_id, id, conditions, starts_at, ends_at, reason, everything,
  also_urgent, created_at, created_by)
SELECT '{{workspace}}', gen_random_uuid(), '{{{{}}}}', at - interval '1 hour', at, '', true, false,
  at, 'me'
FROM generate_series(1, {ROWS}) AS n
CROSS JOIN LATERAL (SELECT timestamptz '{NOW}' + n * interval '1 second' AS at) AS placed
"""


@dataclass(frozen=True)
class Case:
    table: str
    seen: tuple[Any, ...]
    read: Callable[[UnitOfWork, Stretch], Awaitable[list[Any]]]


async def _members(uow: UnitOfWork, wanted: Stretch) -> list[Any]:
    return list(await members.list_members(uow, wanted, by_name=True))


async def _keys(uow: UnitOfWork, wanted: Stretch) -> list[Any]:
    return list(await members.list_keys(uow, wanted, by_name=True))


async def _sources(uow: UnitOfWork, wanted: Stretch) -> list[Any]:
    return list(await sources.list_sources(uow, wanted, by_name=True))


async def _versions(uow: UnitOfWork, wanted: Stretch) -> list[Any]:
    return await sla.list_versions_of_one(uow, THING, wanted)


async def _replans(uow: UnitOfWork, wanted: Stretch) -> list[Any]:
    return await sla.list_replans(uow, THING, wanted)


async def _silences(uow: UnitOfWork, wanted: Stretch) -> list[Any]:
    return list(await silences.list_silences(uow, None, wanted))


CASES = [
    Case("members", ("n250", THING), _members),
    Case("api_keys", ("n250", THING), _keys),
    Case("sources", ("n250", THING), _sources),
    Case("policy_versions", (ROWS // 2,), _versions),
    Case("replans", (MIDST, THING), _replans),
    Case("silences", (MIDST, THING), _silences),
]


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
        tables = ", ".join(case.table for case in CASES)
        await run_sql(url, SEED.format(workspace=workspace.id), f"ANALYZE {tables}")
        yield Crowd(database, workspace.id)
        await database.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("case", CASES, ids=[case.table for case in CASES])
async def test_a_page_costs_a_page_wherever_it_lies(
    crowded: Crowd, case: Case, descending: bool
) -> None:
    for seen in (None, case.seen):
        async with crowded.database.read(crowded.workspace_id) as uow:
            with captured_queries(crowded.database) as sent:
                found = await case.read(uow, Stretch(seen, descending=descending, limit=PAGE))
            assert len(found) == PAGE
            (statement, parameters), *_ = sent
            explained = await uow.connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            )
            told = explained.scalar_one()
        tree = json.loads(told) if isinstance(told, str) else told
        scans = [node for node in nodes(tree[0]["Plan"]) if node.get("Relation Name") == case.table]
        assert scans
        for scan in scans:
            assert scan["Node Type"] in {"Index Scan", "Index Only Scan"}, scan
            assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= PAGE, scan
