"""`warmline audit`: count the chain of the trail again and name the first row that was touched."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import CommandError, run, say

if TYPE_CHECKING:
    from services.core.audit.types import Verification

app = typer.Typer(no_args_is_help=True, help="The trail of who did what.")


@app.callback()
def main() -> None:
    """The trail of who did what."""


@app.command()
def verify(
    *,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
    ] = None,
) -> None:
    """Recount the chain; ends with 1 when a row was changed, taken out or cut off."""
    found = run(_verify(workspace, data))
    say(
        f"{found.checked} rows hold, up to {found.last_hash.hex()}; {found.unsealed} are too young."
    )
    if found.flaw is not None:
        row = f" (row {found.flaw_id})" if found.flaw_id else ""
        raise CommandError(f"The trail is broken at place {found.flaw_seq}: {found.flaw}{row}.")


async def _verify(workspace: str, data_dir: Path | None) -> "Verification":
    from services.core.audit import service as audit

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await audit.verify(uow, most=100_000_000)
