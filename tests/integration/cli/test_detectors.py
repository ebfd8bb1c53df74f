"""Detectors from the command line: listed, tried, switched on."""

from services.core.detectors import service as detectors
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline

SPIKE = "Far more messages than usual"


async def test_detectors_are_listed_and_switched_on(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    async with database.unit(workspace.id) as uow:
        await detectors.ensure_defaults(uow)
    place = ("--workspace", workspace.slug)
    listed = warmline("detectors", "list", *place, WARMLINE__DATABASE__URL=database_url)
    assert listed.returncode == 0, listed.stderr
    assert "stuck_stage" in listed.stdout
    on = warmline("detectors", "enable", SPIKE, *place, WARMLINE__DATABASE__URL=database_url)
    assert on.returncode == 0, on.stderr
    async with database.read(workspace.id) as uow:
        found = {one.draft.name: one.draft for one in await detectors.list_detectors(uow)}
    assert found[SPIKE].enabled
    assert not found["Many followers leave"].enabled


async def test_too_little_history_and_unknown_names_are_said_in_a_sentence(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    async with database.unit(workspace.id) as uow:
        await detectors.ensure_defaults(uow)
    place = ("--workspace", workspace.slug)
    for name in (SPIKE, "Nothing of this name"):
        told = warmline("detectors", "try", name, *place, WARMLINE__DATABASE__URL=database_url)
        assert told.returncode != 0
        assert "Traceback" not in told.stderr
