"""`warmline workspaces`: one for each brand account, or each client of an agency."""

from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.kit.uow import Actor
from services.core.workspaces.rules import MOST_STORM_PER_MINUTE
from services.core.workspaces.types import Workspace

ACTOR = Actor(kind="command", id="workspaces", label="warmline workspaces")

app = typer.Typer(no_args_is_help=True, help="Make, list and change workspaces.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    slug: Annotated[
        str | None, typer.Option("--slug", help="Its short name; made from the name if left out.")
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Its time may be moved, for tests; for good.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Make a workspace with the default promises, and print its short name."""
    say(run(_create(name, slug, data, sandbox=sandbox)).slug)


@app.command("list")
def list_(*, data: DataDir = None) -> None:
    """Show every workspace."""
    from rich.console import Console
    from rich.table import Table

    table = Table("short name", "name", "id", "made")
    for found in run(_list(data)):
        table.add_row(found.slug, found.name, str(found.id), f"{found.created_at:%Y-%m-%d}")
    Console().print(table)


@app.command()
def change(
    workspace: Annotated[str, typer.Argument(help="Its short name or id.")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    ingest_per_minute: Annotated[
        int | None,
        typer.Option("--ingest-per-minute", min=0, help="Its quota of events; 0 for the usual."),
    ] = None,
    storm_per_minute: Annotated[
        int | None,
        typer.Option(
            "--storm-per-minute",
            min=0,
            max=MOST_STORM_PER_MINUTE,
            help="From so many alerts a minute on they go together; 0 for the usual.",
        ),
    ] = None,
    data: DataDir = None,
) -> None:
    """Change what is named, and show how the workspace stands then."""
    limits = {"ingest_per_minute": ingest_per_minute, "storm_per_minute": storm_per_minute}
    changes: dict[str, Any] = {key: one or None for key, one in limits.items() if one is not None}
    changes |= {"name": name} if name else {}
    if not changes:
        raise BadInputError("Say what to change: --name, --ingest-per-minute, --storm-per-minute.")
    found = run(_change(workspace, changes, data))
    events = found.ingest_per_minute or "the usual"
    storm = found.storm_per_minute or "the usual"
    say(f"{found.slug}: {found.name}\nevents a minute  {events}\nstorm from       {storm}")


async def _create(
    name: str, slug: str | None, data_dir: Path | None, *, sandbox: bool
) -> Workspace:
    from services.core.alerts import service as alerts
    from services.core.detectors import service as detectors
    from services.core.sandbox import service as sandboxes
    from services.core.sla import service as sla
    from services.core.workspaces import service as workspaces

    settings = resolve_settings(data_dir)
    if sandbox and not settings.sandbox.enabled:
        raise CommandError("Sandboxes are off: set WARMLINE__SANDBOX__ENABLED=true for all of it.")
    async with opened_database(settings) as database:
        made = await workspaces.create_workspace(database, name, slug=slug, actor=ACTOR)
        async with database.unit(made.id, actor=ACTOR) as uow:
            await sla.ensure_defaults(uow)
            await alerts.ensure_defaults(uow)
            await detectors.ensure_defaults(uow)
            if sandbox:
                await sandboxes.make_sandbox(uow)
    return made


async def _change(workspace: str, changes: dict[str, Any], data_dir: Path | None) -> Workspace:
    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            return await workspaces.change_workspace(uow, changes)


async def _list(data_dir: Path | None) -> list[Workspace]:
    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        return await workspaces.list_workspaces(database)
