"""`warmline rules`: what a workspace decides by itself, in the order it is tried."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import find_workspace, written_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run
from services.cli.versions import print_versions
from services.core.rulebook.types import Effects, Rule

if TYPE_CHECKING:
    from uuid import UUID

    from services.core.kit.uow import UnitOfWork

app = typer.Typer(no_args_is_help=True, help="A workspace's own rules.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every live rule in the order they are tried."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("position", "rule", "version", "state", "does")
    for rule in run(_list(workspace, data)):
        name, position, state, does = _said(rule)
        table.add_row(position, escape(name), str(rule.version), state, escape(does))
    Console(soft_wrap=True).print(table)


@app.command()
def versions(
    name: Annotated[str, typer.Argument(metavar="RULE", help="Its name or id.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show every version of a rule, the newest first. An archived one is named by its id."""
    titles = ("rule", "position", "state", "does")
    print_versions(titles, [(each, _said(each)) for each in run(_versions(workspace, name, data))])


async def _list(workspace: str, data_dir: Path | None) -> list[Rule]:
    from services.core.rulebook import service as rulebook

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await rulebook.list_rules(uow)


async def _versions(workspace: str, name: str, data_dir: Path | None) -> list[Rule]:
    from services.core.rulebook import service as rulebook

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await rulebook.list_versions(uow, written_id(name) or await _find(uow, name))


async def _find(uow: "UnitOfWork", name: str) -> "UUID":
    """Raises BadInputError when no live rule is called so."""
    from services.core.rulebook import service as rulebook

    for rule in await rulebook.list_rules(uow):
        if rule.draft.name == name:
            return rule.id
    raise BadInputError(f"There is no live rule “{name}”; see `warmline rules list`.")


def _said(rule: Rule) -> tuple[str, ...]:
    draft = rule.draft
    state = "on" if draft.enabled else "off"
    return (draft.name, str(draft.position), state, ", ".join(_does(draft.effects)))


def _does(effects: Effects) -> list[str]:
    said = [effects.tier.value] if effects.tier else []
    said += [effects.category.value] if effects.category else []
    said += [f"#{tag}" for tag in effects.tags]
    words = {"alert": effects.alert, "hide": effects.hide, "assign": effects.assign_to is not None}
    return said + [word for word, done in {**words, "stop": effects.stop}.items() if done]
