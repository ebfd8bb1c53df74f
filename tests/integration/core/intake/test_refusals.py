"""Refused signatures are counted by source and minute, whoever counts, and forgotten in time."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.core.intake import service as intake
from services.core.intake.service import RefusalTally
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.factories import RegisteredSource, body_of, comment, make_source
from tests.support.waiting import wait_until


@pytest.fixture
async def source(database: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(database, workspace.id)


async def counted(database: Database, workspace: Workspace) -> int:
    async with database.read(workspace.id) as uow:
        found = await uow.execute("SELECT coalesce(sum(count), 0) FROM signature_refusals")
        return int(found.scalar_one())


async def test_counts_of_two_processes_add_up(database: Database, workspace: Workspace) -> None:
    tallies = [RefusalTally(database, gather_seconds=60) for _ in range(2)]
    source_id = uuid4()
    for tally in tallies:
        for _ in range(3):
            tally.note(workspace.id, source_id)
    await asyncio.gather(*(tally.close() for tally in tallies))
    assert await counted(database, workspace) == 6
    await tallies[0].flush()
    assert await counted(database, workspace) == 6


async def test_what_comes_together_is_written_by_itself(
    database: Database, workspace: Workspace
) -> None:
    tally = RefusalTally(database, gather_seconds=0)
    tally.note(workspace.id, uuid4())
    await wait_until(lambda: counted(database, workspace))
    await tally.close()
    assert await counted(database, workspace) == 1


async def test_old_counts_are_forgotten(database: Database, workspace: Workspace) -> None:
    async with database.unit(workspace.id) as uow:
        for days in (1, 41):
            await uow.execute(
                "INSERT INTO signature_refusals VALUES (:w, :s, :minute, 1)",
                {"w": workspace.id, "s": uuid4(), "minute": uow.now - timedelta(days=days)},
            )
    assert await intake.forget_refusals(database) == 1
    assert await counted(database, workspace) == 1


async def test_the_door_counts_bad_and_stale_signatures_of_known_sources(
    app: FastAPI,
    anonymous: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    source: RegisteredSource,
) -> None:
    body = body_of(comment())
    path = f"/v1/sources/{source.id}/deliveries"
    good = source.headers(body)
    bad = good | {"webhook-signature": "v1,AAAA"}
    stale = good | {"webhook-timestamp": "1000000000"}
    for headers in (bad, stale, good):
        await anonymous.post(path, content=body, headers=headers)
    unknown = await anonymous.post(f"/v1/sources/{uuid4()}/deliveries", content=body, headers=bad)
    assert unknown.status_code == 401
    await app.state.warmline.refusals.close()
    assert await counted(database, workspace) == 2
