"""`warmline metrics`: read a number, and look after the sums of days."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.attainment import Form, read_when
from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say

if TYPE_CHECKING:
    from services.core.metrics.types import Measured, Recount

app = typer.Typer(no_args_is_help=True, help="Numbers, and the sums of days behind dashboards.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[str, typer.Option("--workspace", help="Its short name or id.")]
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day.")]
# Enough to see what is wrong; all of them are counted.
_SHOWN = 20


@app.command("list")
def list_metrics() -> None:
    """List every metric, and what it can be split by."""
    from services.core.metrics import service as metrics
    from services.core.metrics.definitions import REGISTRY

    for one in REGISTRY.values():
        by = ", ".join(each.value for each in metrics.splits_of(one))
        say(f"{one.name} v{one.version}: {one.title.en} ({one.title.zh}); by {by}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="As in the list.")],
    *,
    by: Annotated[str | None, typer.Option(help="What to split by.")] = None,
    since: From = None,
    until: To = None,
    tz: Annotated[str, typer.Option(metavar="ZONE", help="Whose days.")] = "UTC",
    form: Annotated[Form, typer.Option("--format", help="What it is printed as.")] = Form.TABLE,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Count a metric from the rows themselves, as of now; `--to` is not included."""
    found = run(_measure(name, by, (since, until, tz), workspace, data))
    if form is Form.JSON:
        from services.api.schemas.metrics import MeasuredView

        say(json.dumps(MeasuredView.of(found).model_dump(mode="json"), ensure_ascii=False))
        return
    from services.core.metrics.sheets import as_csv

    text = as_csv(found).rstrip("\r\n")
    say(text if form is Form.CSV else text.replace(",", "\t"))


@app.command()
def rebuild(
    *,
    since: From = None,
    until: To = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Sum up these days again, or all there are."""
    done = run(_rebuild(workspace, (_day(since), _day(until)), data))
    say(f"{done} days were summed up again.")


@app.command()
def recount(
    *,
    since: From = None,
    until: To = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Compare the sums of days with the rows they stand for, to the last digit."""
    found = run(_recount(workspace, (_day(since), _day(until)), data))
    for each in found.mismatches[:_SHOWN]:
        place = f"{each.day} {each.metric} {each.split} {each.key}".strip()
        say(f"{place}: kept {_said(each.kept)}, counted {_said(each.counted)}")
    say(f"{found.days} days compared, {found.stale} are to be summed up again first.")
    if found.mismatches:
        raise CommandError(
            f"{len(found.mismatches)} sums are wrong; `warmline metrics rebuild` makes them anew."
        )


@app.command()
def zone(
    name: Annotated[str | None, typer.Argument(help="An IANA name.")] = None,
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Say whose days numbers are summed up by, or choose; another zone's are made anew."""
    say(run(_zone(workspace, name, data)))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInputError(f"{text} is no date; write it like 2026-11-21.") from error


def _said(kept: object) -> str:
    return "nothing" if kept is None else json.dumps(kept)


async def _measure(
    name: str,
    by: str | None,
    place: tuple[str | None, str | None, str],
    workspace: str,
    data_dir: Path | None,
) -> "Measured":
    from services.core.metrics import service as metrics
    from services.core.metrics.types import Split
    from services.core.objectives import service as objectives

    if by is not None and by not in set(Split):
        raise BadInputError(f"Nothing is split by {by}; see `warmline metrics list`.")
    since, until, tz = place
    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            wanted = objectives.read_range(uow, read_when(since), read_when(until), tz)
            return await metrics.measure(uow, name, wanted, Split(by) if by else None)


async def _rebuild(
    workspace: str, days: tuple[date | None, date | None], data_dir: Path | None
) -> int:
    from services.core.metrics import service as metrics

    settings = resolve_settings(data_dir)
    async with opened_database(settings) as database:
        found = await find_workspace(database, workspace)
        return await metrics.rebuild(database, found, *days, zone=settings.metrics.zone)


async def _recount(
    workspace: str, days: tuple[date | None, date | None], data_dir: Path | None
) -> "Recount":
    from services.core.metrics import service as metrics

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        return await metrics.recount(database, found, *days)


async def _zone(workspace: str, name: str | None, data_dir: Path | None) -> str:
    from services.core.metrics import service as metrics

    settings = resolve_settings(data_dir)
    async with opened_database(settings) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found) as uow:
            if name is not None:
                await metrics.set_zone(uow, name)
            return await metrics.get_zone(uow, settings.metrics.zone)
