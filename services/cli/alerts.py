"""`warmline alerts`: what is open, and where each stands on its ladder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from services.cli.choices import ID_WIDTH, find_workspace, read_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say

if TYPE_CHECKING:
    from datetime import datetime

    from services.core.alerts.climbing import Climb
    from services.core.alerts.types import Alert

_SHOWN = 50

app = typer.Typer(no_args_is_help=True, help="Alerts: what is open, and how far each climbed.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show the last 50 alerts, when each fired and when its ladder goes on."""
    from rich.console import Console
    from rich.table import Table

    table = Table("state", "severity", "tier", "fired", "goes on")
    table.add_column("id", no_wrap=True, min_width=ID_WIDTH)
    for one in run(_list(workspace, data)):
        goes_on = one.climb_at.isoformat(timespec="seconds") if one.climb_at else "–"
        fired = one.fired_at.isoformat(timespec="seconds")
        texts = (one.state.value, one.severity.value, one.tier.value, fired, goes_on)
        table.add_row(*texts, str(one.id))
    Console(soft_wrap=True, markup=False).print(table)


@app.command()
def climb(
    alert: Annotated[str, typer.Argument(metavar="ID", help="The id of an alert.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show an alert on its ladder: who was told or why not, and who comes next and when."""
    from services.cli.climbs import rungs_of, stands

    wanted = read_id(alert, "alert")
    if wanted is None:
        raise BadInputError("Which one? See `warmline alerts list`.")
    found, now = run(_climb(wanted, workspace, data))
    rest = found.alert.resume_at
    say(f"{found.alert.state.value}{f' until {rest.isoformat()}' if rest else ''}")
    for rung in rungs_of(found):
        say(f"{rung.number}. for {rung.meant}: {stands(rung, now)}")
    if not found.steps:
        say("Its ladder has no step for it: nobody is told.")


async def _list(workspace: str, data_dir: Path | None) -> "list[Alert]":
    from services.core.alerts import service as alerts
    from services.core.alerts.types import AlertFilter

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await alerts.list_alerts(uow, AlertFilter(), limit=_SHOWN)


async def _climb(alert_id: UUID, workspace: str, data_dir: Path | None) -> "tuple[Climb, datetime]":
    from services.core.alerts import service as alerts

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await alerts.list_climb(uow, alert_id), uow.now
