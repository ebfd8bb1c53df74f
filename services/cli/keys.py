"""`warmline keys`: make, list and revoke API keys, from the machine the database is on."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.kit.uow import Actor
from services.core.workspaces.types import KeyRecord, Scope

ACTOR = Actor(kind="command", id="keys", label="warmline keys")
DEFAULT_WORKSPACE = "default"

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command()
def create(
    scope: Annotated[
        list[Scope], typer.Option("--scope", help="What the key may do; repeat for several.")
    ],
    *,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "command line",
    expires: Annotated[
        datetime | None, typer.Option("--expires", help="When it ends, in UTC.")
    ] = None,
    workspace: WorkspaceName = DEFAULT_WORKSPACE,
    data: DataDir = None,
) -> None:
    """Make a key and print it, alone, on stdout. It is shown this once."""
    say(run(_create(scope, name, expires, workspace, data)))


@app.command("list")
def list_(*, workspace: WorkspaceName = DEFAULT_WORKSPACE, data: DataDir = None) -> None:
    """Show every key but its secret, newest first."""
    from rich.console import Console
    from rich.table import Table

    table = Table("prefix", "name", "scopes", "made", "last used", "state")
    for key in run(_list(workspace, data)):
        used = f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "-"
        scopes = " ".join(sorted(key.scopes))
        table.add_row(key.prefix, key.name, scopes, f"{key.created_at:%Y-%m-%d}", used, _state(key))
    Console().print(table)


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The part between `wl_` and the next `_`.")],
    *,
    data: DataDir = None,
) -> None:
    """End a key for good; running processes obey within a second."""
    run(_revoke(prefix, data))
    say(f"Revoked {prefix}.")


async def _create(
    scopes: list[Scope],
    name: str,
    expires: datetime | None,
    workspace: str,
    data_dir: Path | None,
) -> str:
    from datetime import UTC

    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await workspaces.find_workspace(database, workspace)
        if found is None:
            raise CommandError(_unknown(workspace))
        async with database.unit(found.id, actor=ACTOR) as uow:
            expires_at = expires.replace(tzinfo=UTC) if expires else None
            made = await workspaces.create_key(uow, name=name, scopes=scopes, expires_at=expires_at)
    return made.secret


async def _list(workspace: str, data_dir: Path | None) -> list[KeyRecord]:
    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await workspaces.find_workspace(database, workspace)
        if found is None:
            raise CommandError(_unknown(workspace))
        async with database.read(found.id) as uow:
            return await workspaces.list_keys(uow)


async def _revoke(prefix: str, data_dir: Path | None) -> None:
    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        key = await workspaces.find_key(database, prefix)
        if key is None:
            raise BadInputError(
                f"There is no key with the prefix “{prefix}”; see `warmline keys list`."
            )
        async with database.unit(key.workspace_id, actor=ACTOR) as uow:
            await workspaces.revoke_key(uow, key.id)


def _unknown(workspace: str) -> str:
    return f"There is no workspace “{workspace}”; see `warmline workspaces list`."


def _state(key: KeyRecord) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "live"
