"""`warmline triage models|retrain|promote|rollback`: what a workspace has learnt."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.kit.uow import UnitOfWork
    from services.core.learning.types import Model

ACTOR = Actor(kind="command", id="triage", label="warmline triage")

app = typer.Typer()

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]

_Result = TypeVar("_Result")


@app.command()
def models(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show what was learnt from corrections, and how it does on what nobody learnt from."""
    from rich.console import Console
    from rich.table import Table

    from services.core.learning import service as learning

    table = Table("number", "state", "corrections", "tier before", "tier after", "may be promoted")
    for model in run(_in_unit(workspace, data, learning.list_models)):
        figures = model.figures.get("corpus", {})
        passes = "yes" if model.figures["passes"] else "no"
        table.add_row(
            str(model.number),
            model.state.value,
            str(model.lessons),
            _share(figures, "before"),
            _share(figures, "after"),
            passes,
        )
    Console(soft_wrap=True).print(table)


@app.command()
def retrain(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Learn from every correction now; the new weights judge as a shadow, without effect."""
    model = run(_retrain(workspace, data))
    say(f"Model {model.number} is the shadow now.")


@app.command()
def promote(
    number: Annotated[int, typer.Argument(help="The shadow's number; see `triage models`.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Put the shadow in force, unless it does worse on the frozen set."""
    from services.core.learning import service as learning

    async def story(uow: "UnitOfWork") -> None:
        found = [one for one in await learning.list_models(uow) if one.number == number]
        if not found:
            raise BadInputError(f"There is no model {number}; see `warmline triage models`.")
        await learning.promote(uow, found[0].id)

    run(_in_unit(workspace, data, story))
    say(f"Model {number} is in force.")


@app.command()
def rollback(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Go back to the model before, or to the engine alone."""
    from services.core.learning import service as learning

    model = run(_in_unit(workspace, data, learning.roll_back))
    say(f"Model {model.number} is in force again." if model else "The engine judges alone again.")


async def _retrain(workspace: str, data_dir: Path | None) -> "Model":
    from services.core.learning import service as learning
    from services.core.triage.engine import load_classifier

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        return await learning.retrain(database, found, load_classifier())


async def _in_unit(
    workspace: str, data_dir: Path | None, story: "Callable[[UnitOfWork], Awaitable[_Result]]"
) -> _Result:
    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            return await story(uow)


def _share(figures: dict[str, Any], when: str) -> str:
    share = figures.get(when, {}).get("tier_accuracy")
    return "-" if share is None else f"{share:.3f}"
