"""What is promised, from the command line."""

from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline


async def test_policies_are_listed_and_one_is_shown_whole(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
    place = ("--workspace", workspace.slug)
    listed = warmline("policies", "list", *place, WARMLINE__DATABASE__URL=database_url)
    assert listed.returncode == 0, listed.stderr
    assert "urgent 2 h, important 12 h, routine 24 h" in listed.stdout
    shown = warmline("policies", "show", "default", *place, WARMLINE__DATABASE__URL=database_url)
    assert "the public is told: comment within 4 h" in shown.stdout
    assert "at the outside 48 h" in shown.stdout


async def test_a_policy_nobody_has_is_said_so(workspace: Workspace, database_url: str) -> None:
    place = ("--workspace", workspace.slug)
    told = warmline("policies", "show", "none", *place, WARMLINE__DATABASE__URL=database_url)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
