"""`warmline detectors`: what is watched, what it would have told, and switching it on."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import CommandError, run, say
from services.core.detectors.types import Backtest, Detector
from services.core.kit.uow import Actor, UnitOfWork

ACTOR = Actor(kind="command", id="detectors", label="warmline detectors")

app = typer.Typer(no_args_is_help=True, help="Detectors, and when they would have fired.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
DetectorName = Annotated[str, typer.Argument(help="Its name.")]
Days = Annotated[int, typer.Option(min=1, max=30, help="How many days back.")]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every detector of a workspace."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("detector", "kind", "threshold", "window", "minimum", "state")
    for detector in run(_list(workspace, data)):
        draft = detector.draft
        numbers = (f"{draft.threshold:g}", f"{draft.window_minutes} min", str(draft.minimum))
        state = "on" if draft.enabled else "off"
        table.add_row(escape(draft.name), draft.kind.value, *numbers, state)
    Console(soft_wrap=True).print(table)


@app.command("try")
def try_(
    name: DetectorName,
    *,
    days: Days = 30,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Say when a detector would have fired in the last days. Changes nothing."""
    _tell(run(_try(workspace, data, name, days)))


@app.command()
def enable(
    name: DetectorName, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Switch a detector on; it looks from the next minute on."""
    run(_enable(workspace, data, name))
    say(f"{name} is on.")


def _tell(found: Backtest) -> None:
    times = "once" if found.fired == 1 else f"{found.fired} times"
    say(f"Would have fired {times} since {found.judged_from:%Y-%m-%d %H:%M} UTC.")
    for one in found.episodes:
        ended = "…" if one.ended_at is None else f"{one.ended_at:%Y-%m-%d %H:%M}"
        usual = "" if one.usual is None else f", usually {one.usual:g}"
        say(f"  {one.started_at:%Y-%m-%d %H:%M} to {ended}: {one.value:g}{usual}")


async def _list(workspace: str, data_dir: Path | None) -> list[Detector]:
    from services.core.detectors import service as detectors

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await detectors.list_detectors(uow)


async def _try(workspace: str, data_dir: Path | None, name: str, days: int) -> Backtest:
    from services.core.detectors import service as detectors

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await detectors.backtest(uow, (await _find(uow, name)).id, days=days)


async def _enable(workspace: str, data_dir: Path | None, name: str) -> None:
    from services.core.detectors import service as detectors

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            detector = await _find(uow, name)
            await detectors.change_detector(uow, detector.id, replace(detector.draft, enabled=True))


async def _find(uow: UnitOfWork, name: str) -> Detector:
    from services.core.detectors import service as detectors

    for detector in await detectors.list_detectors(uow):
        if detector.draft.name == name:
            return detector
    raise CommandError("There is no detector of this name; `warmline detectors list` shows them.")
