"""`warmline calendars`: when a workspace works, day by day, and files of closings tried out."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.bodies import agree, print_document, read_body, read_document
from services.cli.choices import ID_WIDTH, find_workspace, written_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.cli.versions import choose_version, print_versions
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.calendars.types import Calendar
    from services.core.calendars.working import ShownDay
    from services.core.desk.replanning import Preview
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
CalendarName = Annotated[str, typer.Argument(metavar="CALENDAR", help="Its name or id.")]
CalendarFile = Annotated[
    Path,
    typer.Option(
        "--file", metavar="FILE", help="JSON as `POST /v1/calendars` takes it; - reads stdin."
    ),
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
    name: CalendarName,
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many, from today on.")] = 14,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as `change --file` takes it.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show when a calendar is open in the days to come, and why not as usual."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    calendar, shown = run(_show(workspace, name, days, data))
    if as_json:
        print_document(_document(calendar))
        return
    table = Table("date", "day", "open", "because")
    for day in shown:
        spans = ", ".join(f"{_clock(span.start)}–{_clock(span.end)}" for span in day.spans)
        why = " ".join(filter(None, [day.reason, day.label]))
        table.add_row(str(day.date), f"{day.date:%a}", spans or "closed", escape(why))
    Console(soft_wrap=True).print(table)


@app.command()
def versions(
    name: CalendarName,
    *,
    shown: Annotated[
        int | None,
        typer.Option("--show", metavar="N", help="Print version N as `change --file` takes it."),
    ] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show every version of a calendar, the newest first. An archived one is named by its id."""
    found = run(_versions(workspace, name, data))
    if shown is not None:
        print_document(_document(choose_version(found, shown)))
        return
    titles = ("calendar", "zone", "country", "own days", "closings")
    print_versions(titles, [(each, _said(each)) for each in found])


@app.command()
def replan(
    name: CalendarName,
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
def add(*, file: CalendarFile, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Add a calendar; prints its id. No policy counts in it until one names it."""
    say(str(run(_add(workspace, data, read_document(file))).id))


@app.command()
def change(
    name: CalendarName,
    *,
    file: CalendarFile,
    replanned: Annotated[
        bool, typer.Option("--replan", help="Move open promises to the new version as well.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree beforehand to promises late at once.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Save the next version of a calendar, whole: what the file leaves out takes its default.

    Begin with `warmline calendars show CALENDAR --json`.
    """
    saved, found = run(_change(workspace, data, name, read_document(file)))
    named = saved.draft.name
    say(f"Version {saved.version} of {named} is saved.")
    if replanned:
        if found.late:
            agree(f"{found.in_words} Move them all the same?", yes=yes)
        say(run(_replan(workspace, data, str(saved.id), confirm_late=found.late, look=False)))
    elif found.clocks:
        say(f"Open cases keep their version. {found.in_words}")
        say(f'Move them with `warmline calendars replan "{named}"`.')


@app.command()
def feed(
    name: CalendarName,
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="An iCalendar of closings.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Take closings from a file, in place of those before; for one read daily, save a feed_url."""
    taken = run(_feed(workspace, data, name, _read(file)))
    say(f"Version {taken.version} of {taken.draft.name} has {len(taken.closings)} closings.")


@app.command()
def remove(
    name: CalendarName, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Archive a calendar no live policy counts in; clocks that count in it go on."""
    say(f"{run(_remove(workspace, data, name))} is archived.")


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
        closings = read_feed(_read(file), zone, host_now())
    except FeedRefusedError as error:
        raise CommandError(f"{file} would be refused. {error.reason}") from error
    print(f"{len(closings)} closings")
    for each in closings:
        print(f"{each.start.isoformat()}  {each.end.isoformat()}  {each.label}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}.") from error


async def _list(workspace: str, data_dir: Path | None) -> "list[Calendar]":
    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await calendars.list_calendars(uow)


async def _show(
    workspace: str, name: str, days: int, data_dir: Path | None
) -> "tuple[Calendar, list[ShownDay]]":
    from zoneinfo import ZoneInfo

    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            calendar = await find_calendar(uow, name)
            first = uow.now.astimezone(ZoneInfo(calendar.draft.zone)).date()
            last = first + timedelta(days=days - 1)
            return calendar, await calendars.show_days(calendar, first, last)


async def _versions(workspace: str, name: str, data_dir: Path | None) -> "list[Calendar]":
    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            calendar_id = written_id(name) or (await find_calendar(uow, name)).id
            return await calendars.list_versions(uow, calendar_id)


async def _add(workspace: str, data_dir: Path | None, told: Any) -> "Calendar":
    from services.api.schemas.calendars import CalendarBody
    from services.core.calendars import service as calendars

    draft = read_body(told, CalendarBody).to_draft()
    settings = resolve_settings(data_dir)
    private = settings.alerts.allow_private_addresses
    async with opened_database(settings) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            return await calendars.create_calendar(uow, draft, allow_private_feeds=private)


async def _change(
    workspace: str, data_dir: Path | None, name: str, told: Any
) -> "tuple[Calendar, Preview]":
    from services.api.schemas.calendars import CalendarBody
    from services.core.calendars import service as calendars
    from services.core.desk import replanning

    draft = read_body(told, CalendarBody).to_draft()
    settings = resolve_settings(data_dir)
    private = settings.alerts.allow_private_addresses
    async with opened_database(settings) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            before = await find_calendar(uow, name)
            saved = await calendars.change_calendar(
                uow, before.id, draft, allow_private_feeds=private
            )
        # A look at many cases takes a while: nobody waits for the calendar meanwhile.
        async with database.read(place) as uow:
            return saved, await replanning.preview_of_calendar(uow, saved.id)


async def _feed(workspace: str, data_dir: Path | None, name: str, written: bytes) -> "Calendar":
    from services.core.calendars import service as calendars

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            return await calendars.take_file(uow, (await find_calendar(uow, name)).id, written)


async def _remove(workspace: str, data_dir: Path | None, name: str) -> str:
    from services.core.desk import promising

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            calendar = await find_calendar(uow, name)
            await promising.archive_calendar(uow, calendar.id)
            return calendar.draft.name


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


def _said(calendar: "Calendar") -> tuple[str, ...]:
    draft = calendar.draft
    counts = (str(len(draft.days) or ""), str(len(calendar.closings) or ""))
    return (draft.name, draft.zone, draft.country or "", *counts)


def _document(calendar: "Calendar") -> dict[str, Any]:
    """What `CalendarBody` takes: the view says more of its feed."""
    from services.api.schemas.calendars import CalendarBody, CalendarView

    viewed = CalendarView.of(calendar).model_dump(mode="json")
    named = {name: viewed[name] for name in CalendarBody.model_fields if name in viewed}
    return named | {"feed_url": calendar.draft.feed_url}


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, 60)
    return f"{hours:02}:{minutes:02}"
