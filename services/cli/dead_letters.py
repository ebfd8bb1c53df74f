"""`warmline dead-letters`: see what no channel would take, and send it again."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.cli.choices import ID_WIDTH, find_workspace, read_id, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.alerts.types import Delivery, LetterRange, Redriven
from services.core.kit.uow import Actor

ACTOR = Actor(kind="command", id="dead-letters", label="warmline dead-letters")

app = typer.Typer(no_args_is_help=True, help="Alerts no channel would take: list, redrive.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
Channel = Annotated[
    str | None, typer.Option("--channel", metavar="ID", help="Only of this channel.")
]


@app.command("list")
def list_(
    *,
    channel: Channel = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show what was given up, newest first."""
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        Column("letter", no_wrap=True, min_width=ID_WIDTH),
        "channel",
        "purpose",
        "tries",
        "last answer",
        "written",
    )
    for one in run(_list(read_id(channel, "channel"), limit, workspace, data)):
        written, tries = f"{one.created_at:%Y-%m-%d %H:%M:%S}", str(one.attempt_count)
        last = one.last_error or ""
        table.add_row(str(one.id), one.channel_name, one.purpose.value, tries, last, written)
    Console(soft_wrap=True, markup=False).print(table)


@app.command()
def redrive(
    letter: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One letter; or name a range, or --all.")
    ] = None,
    *,
    channel: Channel = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="ISO", help="Written since; with an offset.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="ISO", help="Written before.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of the workspace.")] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Send again, under the same webhook-id. What is about alerts that are over is cancelled."""
    within = LetterRange(read_id(channel, "channel"), read_moment(since), read_moment(until))
    ranged = within != LetterRange()
    if [letter is not None, ranged, everything].count(True) != 1:
        raise BadInputError("Name one letter, or a range by --channel, --from and --to, or --all.")
    done = run(_redrive(read_id(letter, "letter"), within, workspace, data))
    say(f"{done.queued} queued, {done.cancelled} cancelled.")


async def _list(
    channel_id: UUID | None, limit: int, workspace: str, data_dir: Path | None
) -> list[Delivery]:
    from services.core.alerts import service as alerts
    from services.core.kit.stretches import Stretch

    async with opened_database(resolve_settings(data_dir)) as database:
        workspace_id = await find_workspace(database, workspace)
        async with database.read(workspace_id) as uow:
            newest = Stretch(descending=True, limit=limit)
            return await alerts.list_dead_letters(uow, newest, channel_id=channel_id)


async def _redrive(
    letter_id: UUID | None, within: LetterRange, workspace: str, data_dir: Path | None
) -> Redriven:
    """A range is redriven part by part, each in a transaction of its own."""
    from services.core.alerts import service as alerts

    async with opened_database(resolve_settings(data_dir)) as database:
        workspace_id = await find_workspace(database, workspace)
        queued = cancelled = 0
        while True:
            async with database.unit(workspace_id, actor=ACTOR) as uow:
                part = await alerts.redrive(uow, letter_id, within=within)
            queued, cancelled = queued + part.queued, cancelled + part.cancelled
            if letter_id is not None or not (part.queued or part.cancelled):
                return Redriven(queued, cancelled)
