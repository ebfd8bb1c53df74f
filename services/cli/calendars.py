"""`warmline calendars`: when a workspace works, day by day, and files of closings tried out."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import ID_WIDTH, find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.calendars.types import Calendar
    from services.core.calendars.working import ShownDay
    from services.core.kit.uow import UnitOfWork

ACTOR = Actor(kind="command", id="calendars", label="warmline calendars")

app = typer.Typer(no_args_is_help=True, help="Calendars promises are counted in.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every live calendar, and how its feed is doing."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("calendar", "version", "zone", "country", "own days", "feed")
    table.add_column("id", min_width=ID_WIDTH)
    for each in run(_list(workspace, data)):
        draft = each.draft
        feed = each.feed.last_error or (f"{len(each.closings)} closings" if each.closings else "")
        own = str(len(draft.days) or "")
        cells = (escape(draft.name), str(each.version), draft.zone, draft.country or "", own)
        table.add_row(*cells, escape(feed), str(each.id))
    Console(soft_wrap=True).print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="CALENDAR", help="Its name or id.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many, from today on.")] = 14,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show when a calendar is open in the days to come, and why not as usual."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("date", "day", "open", "because")
    for day in run(_show(workspace, name, days, data)):
        spans = ", ".join(f"{_clock(span.start)}–{_clock(span.end)}" for span in day.spans)
        why = " ".join(filter(None, [day.reason, day.label]))
        table.add_row(str(day.date), f"{day.date:%a}", spans or "closed", escape(why))
    Console(soft_wrap=True).print(table)


@app.command()
def replan(
    name: Annotated[str, typer.Argument(metavar="CALENDAR", help="Its name or id.")],
    *,
    confirm_late: Annotated[
        int | None, typer.Option(help="How many promises may be late at once.")
    ] = None,
    look: Annotated[bool, typer.Option("--look", help="Only say what would happen.")] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Move open promises to the calendar's current version; a worker does it, batch by batch."""
    typer.echo(run(_replan(workspace, data, name, confirm_late=confirm_late, look=look)))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="An iCalendar of closings.")],
    *,
    zone: Annotated[str, typer.Option(help="Whose days its whole days are.")] = "Asia/Shanghai",
) -> None:
    """Say what a file would close, or why it would be refused. Needs no database."""
    from services.core.calendars import rules
    from services.core.calendars.errors import FeedRefusedError
    from services.core.calendars.feeds import read_feed
    from services.core.kit.clock import host_now

    if zone not in rules.known_zones():
        raise BadInputError(f"There is no time zone {zone}.")
    try:
        closings = read_feed(file.read_bytes(), zone, host_now())
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}.") from error
    except FeedRefusedError as error:
        raise CommandError(f"{file} would be refused. {error.reason}") from error
    print(f"{len(closings)} closings")
    for each in closings:
        print(f"{each.start.isoformat()}  {each.end.isoformat()}  {each.label}")


async def _list(workspace: str, data_dir: Path | None) -> "list[Calendar]":
    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await calendars.list_calendars(uow)


async def _show(workspace: str, name: str, days: int, data_dir: Path | None) -> "list[ShownDay]":
    from zoneinfo import ZoneInfo

    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            calendar = await find_calendar(uow, name)
            first = uow.now.astimezone(ZoneInfo(calendar.draft.zone)).date()
            return await calendars.show_days(calendar, first, first + timedelta(days=days - 1))


async def _replan(
    workspace: str, data_dir: Path | None, name: str, *, confirm_late: int | None, look: bool
) -> str:
    from services.core.desk import replanning

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            calendar = await find_calendar(uow, name)
            if look:
                return (await replanning.preview_of_calendar(uow, calendar.id)).in_words
            started = await replanning.start_of_calendar(
                uow, calendar.id, confirmed_late=confirm_late
            )
            total = sum(each.total for each in started)
            where = f"version {calendar.version} of {calendar.draft.name}"
            return f"{total} open cases of {len(started)} policies move to {where}."


async def find_calendar(uow: "UnitOfWork", name: str) -> "Calendar":
    """By name or id. Raises CommandError when there is none."""
    from services.core.calendars import service as calendars

    for each in await calendars.list_calendars(uow):
        if name in {each.draft.name, str(each.id)}:
            return each
    raise CommandError(f"There is no calendar “{name}”; see `warmline calendars list`.")


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, 60)
    return f"{hours:02}:{minutes:02}"
