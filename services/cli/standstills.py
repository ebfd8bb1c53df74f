"""`warmline standstills`: announce that nobody answers for a while, see what stands, end it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from services.cli.bodies import read_body, read_document
from services.cli.choices import ID_WIDTH, find_workspace, read_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.calendars.types import Standstill

ACTOR = Actor(kind="command", id="standstills", label="warmline standstills")
_SHOWN = 50

app = typer.Typer(no_args_is_help=True, help="Absences and outages: clocks stand still meanwhile.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show the last 50, the latest beginning first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("reason", "from", "until", "of", "planned anew", "note")
    table.add_column("id", min_width=ID_WIDTH)
    for each in run(_list(workspace, data)):
        until = each.ends_at.isoformat(timespec="minutes") if each.ends_at else "open"
        whose = f"source {each.source_id}" if each.source_id else "all"
        whose = f"member {each.member_id}" if each.member_id else whose
        since = each.starts_at.isoformat(timespec="minutes")
        told = (whose, str(each.replanned), escape(each.note or ""), str(each.id))
        table.add_row(each.reason.value, since, until, *told)
    Console(soft_wrap=True).print(table)


@app.command()
def announce(
    *,
    reason: Annotated[str | None, typer.Option(help="out_of_office or outage.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="ISO", help="Or now.")] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO", help="An outage may be open.")] = None,
    source: Annotated[str | None, typer.Option(metavar="ID", help="Only this source.")] = None,
    member: Annotated[str | None, typer.Option(metavar="ID", help="Only this person.")] = None,
    stand_in: Annotated[str | None, typer.Option(metavar="ID", help="Who answers instead.")] = None,
    note: Annotated[str | None, typer.Option(help="For the team.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON as `POST /v1/standstills` takes it; - is stdin."),
    ] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Clocks of open cases stop as it begins and go on as it ends; workers plan them anew soon.

    What followers are told meanwhile, in both languages, is said in a --file.
    """
    typed = {"reason": reason, "starts_at": since, "ends_at": until, "source_id": source}
    typed |= {"member_id": member, "stand_in_id": stand_in, "note": note}
    told = {name: value for name, value in typed.items() if value is not None}
    if file is not None and told:
        raise BadInputError("Either a --file says what it shall be, or the options do.")
    made = run(_announce(workspace, data, told if file is None else read_document(file)))
    say(f"Announced: {made.id}")


@app.command()
def end(
    standstill: Annotated[str, typer.Argument(metavar="ID", help="The id of a standstill.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Let clocks go on from now; one that has not begun is taken back."""
    wanted = read_id(standstill, "standstill")
    if wanted is None:
        raise BadInputError("Which one? See `warmline standstills list`.")
    run(_end(workspace, data, wanted))
    say("It is over.")


async def _list(workspace: str, data_dir: Path | None) -> "list[Standstill]":
    from services.core.calendars import service as calendars
    from services.core.kit.stretches import newest

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await calendars.list_standstills(uow, newest(_SHOWN))


async def _announce(workspace: str, data_dir: Path | None, told: Any) -> "Standstill":
    from services.api.schemas.standstills import StandstillBody
    from services.core.calendars import service as calendars
    from services.core.desk import promising

    body = read_body(told, StandstillBody)
    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            await promising.check_source(uow, body.source_id)
            return await calendars.announce(uow, body.to_draft(uow.now))


async def _end(workspace: str, data_dir: Path | None, standstill_id: UUID) -> None:
    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            await calendars.end(uow, standstill_id)
