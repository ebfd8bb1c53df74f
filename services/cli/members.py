"""`warmline members`: who is in the team, and a way in for each, from where the database is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.kit.uow import Actor
from services.core.workspaces.types import Role

if TYPE_CHECKING:
    from services.core.workspaces.types import Member, MemberDraft

ACTOR = Actor(kind="command", id="members", label="warmline members")

app = typer.Typer(no_args_is_help=True, help="Who is in the team, and a way in for them.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show everybody, oldest first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("handle", "name", "e-mail", "role", "state")
    for member in run(_list(workspace, data)):
        state = "active" if member.active else "retired"
        cells = (escape(member.handle), escape(member.name), escape(member.email or "-"))
        table.add_row(*cells, member.role, state)
    Console(soft_wrap=True).print(table)


@app.command()
def invite(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Of the member.")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="Of somebody who is new.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="Of somebody who is new.")] = None,
    role: Annotated[Role, typer.Option("--role", help="Of somebody who is new.")] = Role.MODERATOR,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Print a way in that works once: whoever takes it chooses the member's password.

    With --name somebody who is not in the team is added first. It is shown this once.
    """
    from services.core.workspaces.types import MemberDraft

    newcomer = None if name is None else MemberDraft(handle, name, email, role)
    say(run(_invite(handle, newcomer, workspace, data)))


async def _list(workspace: str, data_dir: Path | None) -> "list[Member]":
    from services.core.workspaces import service as workspaces

    async with opened_database(resolve_settings(data_dir)) as database:
        workspace_id = await find_workspace(database, workspace)
        async with database.read(workspace_id) as uow:
            return await workspaces.list_members(uow)


async def _invite(
    handle: str, newcomer: "MemberDraft | None", workspace: str, data_dir: Path | None
) -> str:
    from datetime import timedelta

    from services.core.sessions import service as sessions
    from services.core.workspaces import service as workspaces

    settings = resolve_settings(data_dir)
    lasts = timedelta(hours=settings.sign_in.invitation_hours)
    async with opened_database(settings) as database:
        workspace_id = await find_workspace(database, workspace)
        async with database.unit(workspace_id, actor=ACTOR) as uow:
            member_id = (await workspaces.find_member_ids(uow, [handle])).get(handle)
            if member_id is None:
                if newcomer is None:
                    raise BadInputError(f"There is no member “{handle}”; --name adds them.")
                member_id = (await workspaces.create_member(uow, newcomer)).id
            invited = await sessions.invite(uow, member_id, lasts=lasts)
    page = settings.sign_in.invitation_url
    return f"{page}#invitation={invited.token}" if page else invited.token
