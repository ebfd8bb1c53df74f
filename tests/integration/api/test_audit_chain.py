"""The trail's chain over HTTP: counted again for who manages, and for nobody else."""

from typing import Any

import httpx

from services.core.audit import service as audit
from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.db import run_sql


async def test_the_chain_is_counted_and_a_flaw_is_named(
    api: httpx.AsyncClient, database: Database, database_url: str
) -> None:
    await audit.seal(database)
    fine = (await api.get("/v1/audit/verification")).json()
    assert (fine["holds"], fine["is_whole"], fine["flaw"]) == (True, True, None)
    assert (fine["checked"] > 0, len(fine["last_hash"])) == (True, 64)
    await run_sql(database_url, "UPDATE audit_log SET actor_id = 'me' WHERE seq = 1")
    broken = (await api.get("/v1/audit/verification")).json()
    assert (broken["holds"], broken["flaw"], broken["flaw_seq"]) == (False, "changed", 1)


async def test_who_may_only_work_counts_nothing(
    app: Any, database: Database, workspace: Workspace
) -> None:
    async with client_of(app, await make_key(database, workspace.id, Scope.WORK)) as worker:
        assert (await worker.get("/v1/audit/verification")).status_code == 403
