"""The trail's chain: sealed by one, and whatever is touched afterwards is found."""

import asyncio

import pytest

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry, Flaw, Verification
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.db import run_sql

Broken = tuple[Flaw, int]
DETAIL = {"share": 0.1, "text": "烂脸", "list": [1, None, True]}

SET_BACK = """
UPDATE audit_heads h SET last_seq = 4, last_hash = a.hash FROM audit_log a
WHERE a.workspace_id = h.workspace_id AND a.seq = 4
"""


async def record(database: Database, workspace: Workspace, count: int) -> None:
    async with database.unit(workspace.id) as uow:
        entries = [AuditEntry("case.resolved", "case", n, DETAIL) for n in range(count)]
        await audit.record(uow, entries)


async def verify(database: Database, workspace: Workspace) -> Verification:
    async with database.read(workspace.id) as uow:
        return await audit.verify(uow)


async def test_rows_are_sealed_once_however_many_seal(
    database: Database, workspace: Workspace
) -> None:
    await record(database, workspace, 5)
    before = await verify(database, workspace)
    assert (before.checked, before.unsealed, before.flaw) == (0, 6, None)
    sealed = await asyncio.gather(*(audit.seal(database, batch=4) for _ in range(4)))
    while await audit.seal(database, batch=4):
        pass
    assert max(sealed) == 4
    found = await verify(database, workspace)
    # One row is the workspace's own making.
    assert (found.checked, found.last_seq, found.unsealed) == (6, 6, 0)
    assert (found.is_whole, found.flaw) == (True, None)
    await record(database, workspace, 1)
    await audit.seal(database)
    after = await verify(database, workspace)
    assert (after.checked, after.flaw) == (7, None)
    assert after.last_hash != found.last_hash


async def test_a_chain_is_counted_in_batches_and_up_to_a_number(
    database: Database, workspace: Workspace
) -> None:
    await record(database, workspace, 1_100)
    while await audit.seal(database):
        pass
    assert (await verify(database, workspace)).checked == 1_101
    async with database.read(workspace.id) as uow:
        some = await audit.verify(uow, most=700)
    assert (some.checked, some.is_whole, some.flaw) == (700, False, None)


@pytest.mark.parametrize(
    ("touch", "broken"),
    [
        ("UPDATE audit_log SET actor_label = 'nobody' WHERE seq = 3", (Flaw.CHANGED, 3)),
        ("UPDATE audit_log SET detail = '{}' WHERE seq = 2", (Flaw.CHANGED, 2)),
        ("UPDATE audit_log SET at = at + interval '1 second' WHERE seq = 4", (Flaw.CHANGED, 4)),
        ("DELETE FROM audit_log WHERE seq = 3", (Flaw.MISSING, 3)),
        ("DELETE FROM audit_log WHERE seq = 1", (Flaw.MISSING, 1)),
        ("DELETE FROM audit_log WHERE seq = 6", (Flaw.CUT_OFF, 6)),
        ("DELETE FROM audit_log", (Flaw.CUT_OFF, 1)),
        ("DELETE FROM audit_heads", (Flaw.CUT_OFF, 1)),
        (SET_BACK, (Flaw.CUT_OFF, 5)),
    ],
)
async def test_whatever_is_touched_is_found_and_named(
    database: Database, database_url: str, workspace: Workspace, touch: str, broken: Broken
) -> None:
    flaw, place = broken
    await record(database, workspace, 5)
    await audit.seal(database)
    await run_sql(database_url, touch)
    found = await verify(database, workspace)
    assert (found.flaw, found.flaw_seq, found.is_whole) == (flaw, place, False)
    assert found.checked == place - 1


async def test_each_workspace_has_a_chain_of_its_own(
    database: Database, workspace: Workspace
) -> None:
    other = await workspaces.create_workspace(database, "Theirs")
    await record(database, workspace, 2)
    await audit.seal(database)
    assert (await verify(database, workspace)).last_seq == 3
    assert (await verify(database, other)).last_seq == 1
