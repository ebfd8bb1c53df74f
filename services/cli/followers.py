"""`warmline followers`: who a follower is to the team, shown and said."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.kit.uow import UnitOfWork

ACTOR = Actor(kind="command", id="followers", label="warmline followers")
NOBODY_SPECIAL = "none"
_MOST = 20  # followers of one handle that are told apart; a platform has one, and platforms are few

app = typer.Typer(no_args_is_help=True, help="Followers, and who they are to you.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
Who = Annotated[str, typer.Argument(metavar="FOLLOWER", help="Their handle or id.")]


@app.command()
def show(who: Who, *, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show a follower: the source, the tier, and whether they are an advocate."""
    _tell(run(_show(workspace, data, who)))


@app.command()
def mark(
    who: Who,
    *,
    tier: Annotated[
        str | None, typer.Option(help="member or inner_circle; none takes it away.")
    ] = None,
    advocate: Annotated[
        bool | None,
        typer.Option("--advocate/--no-advocate", help="Whether their answers may count."),
    ] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Say who a follower is to you, from now on. What is not named stays."""
    from services.core.conversations.types import FollowerTier

    if tier not in {None, NOBODY_SPECIAL, *FollowerTier}:
        raise BadInputError("A follower's tier is member, inner_circle or none.")
    changes: dict[str, Any] = {}
    if tier is not None:
        changes["tier"] = None if tier == NOBODY_SPECIAL else FollowerTier(tier)
    if advocate is not None:
        changes["advocate"] = advocate
    if not changes:
        raise BadInputError("Say what they are: --tier, --advocate or --no-advocate.")
    _tell(run(_mark(workspace, data, who, changes)))


def _tell(follower: dict[str, Any]) -> None:
    advocate = "an advocate" if follower["advocate"] else "no advocate"
    say(f"{follower['handle'] or follower['external_id']} ({follower['id']})")
    say(f"source {follower['source_id']}, tier {follower['tier'] or NOBODY_SPECIAL}, {advocate}")


async def _show(workspace: str, data_dir: Path | None, who: str) -> dict[str, Any]:
    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await _find(uow, who)


async def _mark(
    workspace: str, data_dir: Path | None, who: str, changes: dict[str, Any]
) -> dict[str, Any]:
    from services.core.board import service as board
    from services.core.conversations.service import standing

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.unit(found, actor=ACTOR) as uow:
            follower_id = (await _find(uow, who))["id"]
            await standing.change_follower(uow, follower_id, changes)
            return await board.get_follower(uow, follower_id)


async def _find(uow: "UnitOfWork", who: str) -> dict[str, Any]:
    """By id, else by handle. Raises CommandError for nobody, and for several of one handle."""
    from services.core.board import service as board

    try:
        # Somebody may call themselves by another's id.
        return await board.get_follower(uow, UUID(who))
    except ValueError:
        found = await board.list_followers(uow, handle=who, limit=_MOST)
    if not found.items:
        raise CommandError(f"There is no follower “{who}”.")
    if len(found.items) > 1:
        several = ", ".join(f"{each['id']} (source {each['source_id']})" for each in found.items)
        raise CommandError(f"{who} is several followers: {several}. Name one by its id.")
    return found.items[0]
