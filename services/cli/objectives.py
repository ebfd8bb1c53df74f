"""`warmline objectives`: the share of promises to keep, what it leaves room for, and saving it."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.bodies import print_document, read_body, read_document
from services.cli.choices import ID_WIDTH, find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.objectives.types import Objective, Scope, Standing, View

ACTOR = Actor(kind="command", id="objectives", label="warmline objectives")

app = typer.Typer(no_args_is_help=True, help="What share of promises to keep.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command()
def show(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as `save --file` takes it.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show the objective, what is left of its error budget, and whether it burns."""
    standing = run(_show(workspace, data))
    if as_json:
        print_document(_document(standing.objective))
        return
    _tell(standing)


@app.command()
def save(
    *,
    percent: Annotated[
        float | None, typer.Option(help="Of promises kept, from 50 to 99.9.")
    ] = None,
    window_days: Annotated[int | None, typer.Option(help="Counted over so many days.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="first_response, next_response or resolution; several times for more."),
    ] = None,
    tier: Annotated[list[str] | None, typer.Option(help="Only this tier; or these.")] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Only comment, dm or mention; or these.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this source; or these.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON as `PUT /v1/objectives` takes it; - reads stdin."),
    ] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Save the workspace's one objective, whole: what is left out takes its default.

    From then on misses that come too fast are told of.
    """
    typed: dict[str, Any] = {"percent": percent, "window_days": window_days}
    typed |= {"kinds": kind, "tiers": tier, "channels": channel, "source_ids": source}
    told = {name: value for name, value in typed.items() if value is not None}
    if file is not None and told:
        raise BadInputError("Either a --file says what it shall be, or the options do.")
    _tell(run(_save(workspace, data, told if file is None else read_document(file))))


@app.command("at-risk")
def at_risk(
    *,
    hours: Annotated[float, typer.Option(min=0.1, max=336, help="How far ahead to look.")] = 2,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show what will be missed soon unless somebody answers, the first due first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    found = run(_at_risk(workspace, data, timedelta(hours=hours), limit))
    if not found:
        say(f"Nothing is due within {hours:g} h.")
        return
    table = Table("due at", "left", "tier", "promise", "channel", "who has it")
    table.add_column("case", min_width=ID_WIDTH)
    for each in found[:limit]:
        left = f"{each['seconds_left'] // 60} min"
        about = (each["tier"], each["kind"], each["channel"])
        who = escape(each["assignee_handle"] or "nobody")
        due = each["due_at"].isoformat(timespec="minutes")
        table.add_row(due, left, *about, who, str(each["case_id"]))
    Console(soft_wrap=True).print(table)
    if len(found) > limit:
        say(f"There are more; --limit {limit} cut them off.")


def _tell(standing: "Standing") -> None:
    objective, budget = standing.objective, standing.budget
    about = _about(objective.scope)
    say(f"{float(objective.percent):g} % over {objective.window_days} days, of {about}.")
    if not standing.saved:
        say("It is the default: nobody is told when it burns until one is saved.")
    counts = budget.counts
    say(f"{counts.met} met and {counts.missed} missed: {_percent(budget.rate)}.")
    ends = f", used up on {budget.ends_at:%Y-%m-%d} at this pace" if budget.ends_at else ""
    say(f"Misses it leaves room for: {budget.allowed}; left: {budget.left}{ends}.")
    for each in standing.burning:
        if each.burns:
            say(f"It burns: {each.pace.value}.")


def _about(scope: "Scope") -> str:
    kinds = ", ".join(scope.kinds) or "first and next responses"
    only = [each.value for each in (*scope.tiers, *scope.channels)]
    only += [f"source {source_id}" for source_id in scope.source_ids]
    return f"{kinds} ({', '.join(only)})" if only else kinds


def _percent(rate: float | None) -> str:
    return "no share yet" if rate is None else f"{100 * rate:.1f} %"


def _document(objective: "Objective") -> dict[str, Any]:
    scope = objective.scope
    return {
        "percent": float(objective.percent),
        "window_days": objective.window_days,
        "kinds": list(scope.kinds),
        "tiers": list(scope.tiers),
        "channels": list(scope.channels),
        "source_ids": [str(source_id) for source_id in scope.source_ids],
    }


async def _show(workspace: str, data_dir: Path | None) -> "Standing":
    from services.core.objectives import service as objectives

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await objectives.get_standing(uow)


async def _at_risk(
    workspace: str, data_dir: Path | None, within: timedelta, limit: int
) -> "list[View]":
    """One more than `limit` where there are more."""
    from services.core.objectives import service as objectives

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await objectives.list_at_risk(uow, within, limit=limit + 1)


async def _save(workspace: str, data_dir: Path | None, told: Any) -> "Standing":
    from services.api.schemas.objectives import ObjectiveBody
    from services.core.desk import promising
    from services.core.objectives import service as objectives

    body = read_body(told, ObjectiveBody)
    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            await promising.check_sources(uow, body.source_ids, "/source_ids")
            return await objectives.save_objective(uow, body.to_objective())
