"""`warmline alerts`: what somebody at a terminal sees of an alert and its climb."""

from services.core.alerts import service as alerts
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.alerts import Desk
from tests.support.commands import warmline


async def test_an_alert_is_listed_and_its_climb_told(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    desk = Desk(database, workspace)
    async with desk.database.unit(workspace.id) as uow:
        await alerts.ensure_defaults(uow)
    alert = await desk.raised()
    url, chosen = {"WARMLINE__DATABASE__URL": database_url}, ("--workspace", workspace.slug)
    listed = warmline("alerts", "list", *chosen, **url).stdout
    assert str(alert.id) in listed
    assert "breach" in listed
    climb = warmline("alerts", "climb", str(alert.id), *chosen, **url).stdout
    assert climb.splitlines() == [
        "firing",
        "1. for assignee and managers: its channels told, nobody in particular",
    ]
    wrong = warmline("alerts", "climb", "nonsense", *chosen, **url)
    assert (wrong.returncode, "is no alert id" in wrong.stderr) == (2, True)
