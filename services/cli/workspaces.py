"""`warmline workspaces`: one for each brand account, or each client of an agency."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import CommandError, run, say
from services.core.kit.uow import Actor
from services.core.workspaces.types import Workspace

ACTOR = Actor(kind="command", id="workspaces", label="warmline workspaces")

app = typer.Typer(no_args_is_help=True, help="Make and list workspaces.")

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


async def _list(data_dir: Path | None) -> list[Workspace]:
    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        return await workspaces.list_workspaces(database)
