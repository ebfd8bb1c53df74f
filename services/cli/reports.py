"""`warmline reports`: the community-health page sent to a channel every week or month."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import ID_WIDTH, find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import CommandError, run, say
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from uuid import UUID

    from services.core.kit.uow import UnitOfWork
    from services.core.reports.types import Issue, Report

ACTOR = Actor(kind="command", id="reports", label="warmline reports")

app = typer.Typer(no_args_is_help=True, help="Reports: the page of every week or month, sent.")


class Kind(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Tongue(StrEnum):
    ZH = "zh"
    EN = "en"


DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    kind: Annotated[Kind, typer.Argument(help="Of the last full week, or month.")],
    *,
    channel: Annotated[str, typer.Option(help="Name or id of the channel it goes to.")],
    day: Annotated[
        int, typer.Option(help="1 is Monday, or the first of the month; 28 at most.")
    ] = 1,
    hour: Annotated[int, typer.Option(help="0 to 23, in the workspace's own zone.")] = 9,
    lang: Annotated[Tongue, typer.Option(help="The language of the attached page.")] = Tongue.ZH,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Send the page from now on; e-mail has it attached, chats get its main numbers."""
    made = run(_add((name, kind, channel, day, hour, lang), workspace, data))
    say(f"The next one goes out at {made.next_at.isoformat()}: {made.id}")


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every report, when it is sent next, and what became of the last one."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("name", "kind", "next", "last")
    table.add_column("report", min_width=ID_WIDTH)
    for report, issue in run(_list(workspace, data)):
        last = f"{issue.first_day} {issue.state}" if issue else "none yet"
        due = report.next_at.isoformat(timespec="minutes") if report.enabled else "switched off"
        table.add_row(escape(report.name), report.kind.value, due, last, str(report.id))
    Console(soft_wrap=True).print(table)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="As in the list.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Send a report no more, and forget its issues."""
    run(_remove(name, workspace, data))


async def _add(
    told: tuple[str, Kind, str, int, int, Tongue], workspace: str, data_dir: Path | None
) -> "Report":
    from services.core.reports import service as reports
    from services.core.reports.types import Language, Period, ReportDraft

    name, kind, channel, day, hour, lang = told
    settings = resolve_settings(data_dir)
    async with opened_database(settings) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            channels = await _channels(uow)
            if channel not in channels:
                raise CommandError(
                    f"There is no channel “{channel}”; see `warmline channels list`."
                )
            draft = ReportDraft(name, Period(kind), channels[channel], Language(lang), day, hour)
            return await reports.create_report(uow, draft, zone=settings.metrics.zone)


async def _channels(uow: "UnitOfWork") -> "dict[str, UUID]":
    """By name and by id."""
    from services.core.alerts import service as alerts

    found = await alerts.list_channels(uow)
    return {each.name: each.id for each in found} | {str(each.id): each.id for each in found}


async def _list(workspace: str, data_dir: Path | None) -> "list[tuple[Report, Issue | None]]":
    from services.core.kit.stretches import newest
    from services.core.reports import service as reports

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return [
                (each, next(iter(await reports.list_issues(uow, each.id, newest(1))), None))
                for each in await reports.list_reports(uow)
            ]


async def _remove(name: str, workspace: str, data_dir: Path | None) -> None:
    from services.core.reports import service as reports

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            known = {each.name: each.id for each in await reports.list_reports(uow)}
            if name not in known:
                raise CommandError(f"There is no report “{name}”; see `warmline reports list`.")
            await reports.remove_report(uow, known[name])
