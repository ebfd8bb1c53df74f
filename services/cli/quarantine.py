"""`warmline quarantine`: see what was given up on and why, and let it be tried again."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.cli.choices import ID_WIDTH, find_workspace, read_id, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.intake.service import QuarantinedEntry, Range, Release
from services.core.kit.uow import Actor

ACTOR = Actor(kind="command", id="quarantine", label="warmline quarantine")

app = typer.Typer(no_args_is_help=True, help="Events that were given up on: list, release.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
Source = Annotated[str | None, typer.Option("--source", metavar="ID", help="Only of this source.")]
Since = Annotated[
    str | None, typer.Option("--from", metavar="ISO", help="Received since; with an offset.")
]
Until = Annotated[str | None, typer.Option("--to", metavar="ISO", help="Received before.")]


@app.command("list")
def list_(
    *,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show what was given up on, newest first."""
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        Column("delivery", no_wrap=True, min_width=ID_WIDTH),
        "place",
        "type",
        "reason",
        "tries",
        "received",
    )
    for one in run(_list(_range(source, since, until), limit, workspace, data)):
        received = f"{one.received_at:%Y-%m-%d %H:%M:%S}"
        place, tries = str(one.position), str(one.attempts)
        table.add_row(str(one.delivery_id), place, one.type, one.reason, tries, received)
    Console(soft_wrap=True).print(table)


@app.command()
def release(
    delivery: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Deliveries; or name a range.")
    ] = None,
    *,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Let events be tried again, with a fresh count of tries: when the cause is gone."""
    ranged = any((source, since, until))
    if bool(delivery) == ranged:
        raise BadInputError("Name deliveries, or a range by --source, --from and --to.")
    ids = [one for one in map(read_id, delivery or ()) if one is not None]
    within = _range(source, since, until)
    releases = run(_release(None if ranged else ids, within, workspace, data))
    for one in releases:
        if not one.events:
            say(f"{one.delivery_id}: {one.outcome.value.replace('_', ' ')}")
    count = sum(one.events for one in releases)
    say(f"{count} event{'' if count == 1 else 's'} handed back to the worker.")


def _range(source: str | None, since: str | None, until: str | None) -> Range:
    return Range(read_id(source, "source"), read_moment(since), read_moment(until))


async def _list(
    within: Range, limit: int, workspace: str, data_dir: Path | None
) -> list[QuarantinedEntry]:
    from services.core.intake import service as intake
    from services.core.kit.stretches import newest

    async with opened_database(resolve_settings(data_dir)) as database:
        workspace_id = await find_workspace(database, workspace)
        async with database.read(workspace_id) as uow:
            return await intake.list_quarantined(uow, within, newest(limit))


async def _release(
    ids: list[UUID] | None, within: Range, workspace: str, data_dir: Path | None
) -> list[Release]:
    """A range is released part by part, each in a transaction of its own."""
    from services.core.intake import service as intake

    async with opened_database(resolve_settings(data_dir)) as database:
        workspace_id = await find_workspace(database, workspace)
        if ids is not None:
            async with database.unit(workspace_id, actor=ACTOR) as uow:
                return await intake.release_deliveries(uow, ids)
        releases, more = list[Release](), True
        while more:
            async with database.unit(workspace_id, actor=ACTOR) as uow:
                some, more = await intake.release_range(uow, within)
            releases += some
        return releases
