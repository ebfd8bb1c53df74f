"""`warmline rules`: what a workspace decides by itself, in the order it is tried."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import run
from services.core.rulebook.types import Effects, Rule

app = typer.Typer(no_args_is_help=True, help="A workspace's own rules.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every live rule in the order they are tried."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("position", "rule", "version", "state", "does")
    for rule in run(_list(workspace, data)):
        state = "on" if rule.draft.enabled else "off"
        name = escape(rule.draft.name)
        does = escape(", ".join(_does(rule.draft.effects)))
        table.add_row(str(rule.draft.position), name, str(rule.version), state, does)
    Console(soft_wrap=True).print(table)


async def _list(workspace: str, data_dir: Path | None) -> list[Rule]:
    from services.core.rulebook import service as rulebook

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await rulebook.list_rules(uow)


def _does(effects: Effects) -> list[str]:
    said = [effects.tier.value] if effects.tier else []
    said += [effects.category.value] if effects.category else []
    said += [f"#{tag}" for tag in effects.tags]
    words = {"alert": effects.alert, "hide": effects.hide, "assign": effects.assign_to is not None}
    return said + [word for word, done in {**words, "stop": effects.stop}.items() if done]
