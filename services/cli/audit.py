"""`warmline audit`: read the trail, count its chain again, and name the first row touched."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.choices import find_workspace, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import CommandError, run, say

if TYPE_CHECKING:
    from services.core.audit.types import AuditFilter, Verification

WorkspaceName = Annotated[str, typer.Option("--workspace", help="Its short name or id.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]

app = typer.Typer(no_args_is_help=True, help="The trail of who did what.")


@app.callback()
def main() -> None:
    """The trail of who did what."""


@app.command("list")
def list_(
    *,
    actor: Annotated[str | None, typer.Option(help="The id of who acted.")] = None,
    action: Annotated[str | None, typer.Option(help="How it begins: alert., case.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of what kind of thing: case, alert.")] = None,
    subject: Annotated[str | None, typer.Option(help="The id of the thing.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="ISO", help="Not before; with an offset.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="ISO", help="Before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show who did what, newest first."""
    from services.core.audit.types import AuditFilter

    wanted = AuditFilter(actor, action, kind, subject, read_moment(since), read_moment(until))
    for row in run(_list(wanted, limit, workspace, data)):
        who = row.actor_label or f"{row.actor_kind} {row.actor_id}"
        about = f"{row.subject_kind} {row.subject_id}"
        request = f"  request {row.request_id}" if row.request_id else ""
        say(f"{row.at:%Y-%m-%d %H:%M:%S}  {row.action}  {about}  by {who}{request}")


@app.command()
def verify(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Recount the chain; ends with 1 when a row was changed, taken out or cut off."""
    found = run(_verify(workspace, data))
    say(
        f"{found.checked} rows hold, up to {found.last_hash.hex()}; {found.unsealed} are too young."
    )
    if found.flaw is not None:
        row = f" (row {found.flaw_id})" if found.flaw_id else ""
        raise CommandError(f"The trail is broken at place {found.flaw_seq}: {found.flaw}{row}.")


async def _list(
    wanted: "AuditFilter", limit: int, workspace: str, data_dir: Path | None
) -> list[Any]:
    from services.core.audit import service as audit

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return list(await audit.read(uow, wanted, limit=limit))


async def _verify(workspace: str, data_dir: Path | None) -> "Verification":
    from services.core.audit import service as audit

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await audit.verify(uow, most=100_000_000)
