"""`warmline silences`: hold alerts for a while, with a reason; see what holds; end it early."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from services.cli.choices import ID_WIDTH, find_workspace, read_id, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from services.core.silences.types import Preview, Silence, SilenceDraft

app = typer.Typer(no_args_is_help=True, help="Silences: what nobody is told of for a while.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command()
def add(
    *,
    until: Annotated[str, typer.Option(metavar="ISO", help="When it ends; 30 days at most.")],
    reason: Annotated[str, typer.Option(help="Why; everybody sees it.")],
    tier_at_most: Annotated[
        str | None, typer.Option(help="routine, important or urgent, and what is below.")
    ] = None,
    post: Annotated[str | None, typer.Option(metavar="ID", help="Alerts of this post.")] = None,
    case: Annotated[str | None, typer.Option(metavar="ID", help="Alerts of this case.")] = None,
    everything: Annotated[bool, typer.Option(help="Without a condition: every alert.")] = False,
    also_urgent: Annotated[bool, typer.Option(help="Urgent alerts as well.")] = False,
    look: Annotated[
        bool, typer.Option("--look", help="Only say how many firing alerts it would hold.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Hold alerts from now on. They are told when it ends, if they still fire then."""
    from services.core.silences.types import Conditions
    from services.core.triage.types import Tier

    ends_at = read_moment(until)
    if ends_at is None:
        raise BadInputError("A silence has an end: --until 2026-11-22T08:00:00+08:00.")
    if tier_at_most is not None and tier_at_most not in set(Tier):
        raise BadInputError(f"{tier_at_most} is no tier: routine, important or urgent.")
    conditions = Conditions(
        tier_at_most=Tier(tier_at_most) if tier_at_most else None,
        post_id=read_id(post, "post"),
        case_id=read_id(case, "case"),
    )

    def draft(now: "datetime") -> "SilenceDraft":
        from services.core.silences.types import SilenceDraft

        return SilenceDraft(conditions, now, ends_at, reason, everything, also_urgent)

    preview, made = run(_add(workspace, data, draft, look=look))
    more = "" if preview.is_whole else " or more"
    say(f"{preview.matching}{more} of {preview.looked_at} firing alerts are meant.")
    if made is not None:
        say(f"Silent until {made.ends_at.isoformat()}: {made.id}")


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show the last 50 silences, those that end last first."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("state", "until", "of", "urgent too", "reason", "by")
    table.add_column("id", min_width=ID_WIDTH)
    for state, each in run(_list(workspace, data)):
        meant = asdict(each.conditions).items()
        of = ", ".join(f"{name} {value}" for name, value in meant if value) or "everything"
        urgent = "yes" if each.also_urgent else ""
        until = each.ends_at.isoformat(timespec="minutes")
        texts = (escape(of), urgent, escape(each.reason), escape(each.created_by))
        table.add_row(state, until, *texts, str(each.id))
    Console(soft_wrap=True).print(table)


@app.command()
def end(
    silence: Annotated[str, typer.Argument(metavar="ID", help="The id of a silence.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """End a silence now, or take back one to come. What it held is told soon."""
    wanted = read_id(silence, "silence")
    if wanted is None:
        raise BadInputError("Which one? See `warmline silences list`.")
    run(_end(workspace, data, wanted))
    say("It is over.")


async def _add(
    workspace: str,
    data_dir: Path | None,
    draft: "Callable[[datetime], SilenceDraft]",
    *,
    look: bool,
) -> "tuple[Preview, Silence | None]":
    from services.core.commands.service import quieting

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found) as uow:
            preview = await quieting.preview_silence(uow, draft(uow.now))
            made = None if look else await quieting.create_silence(uow, draft(uow.now))
    return preview, made


async def _list(workspace: str, data_dir: Path | None) -> "list[tuple[str, Silence]]":
    from services.core.silences import service as silences

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            listed = await silences.list_silences(uow)
            return [(silences.state_of(each, uow.now).value, each) for each in listed]


async def _end(workspace: str, data_dir: Path | None, silence_id: UUID) -> None:
    from services.core.commands.service import quieting

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found) as uow:
            await quieting.end_silence(uow, silence_id)
