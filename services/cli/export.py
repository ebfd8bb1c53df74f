"""`warmline export`: order a file, see it grow and have it here, or take up one that was begun."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.choices import find_workspace, read_id, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.exports.types import LIVE, ExportState, FileFormat, What
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from services.core.exports.types import Export, ExportDraft
    from services.core.kit.uow import Database

app = typer.Typer(add_completion=False)

_ACTOR: Final = Actor(kind="command", id="export", label="warmline export")
# While a worker writes it, it is looked at so often.
_LOOK_SECONDS: Final = 0.3


@app.command()
def export(
    what: Annotated[What, typer.Argument(help="What the file holds, a row each.")],
    *,
    output: Annotated[
        Path | None, typer.Option(help="The file; by default named after what it holds.")
    ] = None,
    form: Annotated[FileFormat, typer.Option("--format", help="What is written.")] = (
        FileFormat.CSV
    ),
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From then on; a day will do.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Until then, itself not included.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A filter, such as tier=urgent; several may be."),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="ID", help="Take up an export ordered before.")
    ] = None,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
    ] = None,
) -> None:
    """Write rows into a file, safe to open in a spreadsheet; workers help where they run."""
    known = read_id(resume, "export")
    if known is not None and (since or until or only):
        raise BadInputError("--resume goes on with what was ordered; leave the choices out.")
    wanted = _read_draft(what, form, (since, until), only or [])
    path = run(_fetch(wanted, known, output, (workspace, data)))
    say(str(path))


def _read_draft(
    what: What, form: FileFormat, ends: tuple[str | None, str | None], only: list[str]
) -> "ExportDraft":
    """By the rules of `POST /v1/exports`. Raises BadInputError."""
    from pydantic import ValidationError

    from services.api.schemas.exports import ExportBody

    filters: dict[str, Any] = {}
    for each in only:
        name, equals, value = each.partition("=")
        if not equals:
            raise BadInputError(f"{each} is no filter; write it like tier=urgent.")
        filters[name] = value
    for name, moment in zip(("since", "until"), map(read_moment, ends), strict=True):
        if moment is not None:
            filters[name] = moment.isoformat()
    try:
        body = ExportBody.model_validate({"what": what, "format": form, "filters": filters})
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        raise BadInputError(f"{first['loc'][1]}: {first['msg']}.") from error
    return body.to_draft()


async def _fetch(
    wanted: "ExportDraft",
    known: UUID | None,
    output: Path | None,
    place: tuple[str, Path | None],
) -> Path:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from services.core.exports import service as exports

    console = Console(stderr=True)
    workspace, data_dir = place
    async with opened_database(resolve_settings(data_dir)) as database:
        workspace_id = await find_workspace(database, workspace)
        async with database.unit(workspace_id, actor=_ACTOR) as uow:
            found = (
                await exports.order(uow, wanted)
                if known is None
                else await exports.get_export(uow, known)
            )
        if found.draft.what is not wanted.what:
            raise BadInputError(f"That export is of {found.draft.what}.")
        if found.state in LIVE:
            again = f"warmline export {found.draft.what} --resume {found.id}"
            console.print(f"Should this end early, go on with: {again}", soft_wrap=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("0 rows", total=None)
            done = await _write(database, workspace_id, found.id, (progress, task))
        return await _save(database, workspace_id, done, output)


async def _write(
    database: "Database", workspace_id: UUID, export_id: UUID, told: "tuple[Progress, TaskID]"
) -> "Export":
    """Write along until it is done. Raises CommandError when there will be no file."""
    from services.core.exports import service as exports

    progress, task = told
    while True:
        async with database.read(workspace_id) as uow:
            found = await exports.get_export(uow, export_id)
        progress.update(task, description=f"{found.rows_done:,} rows")
        if found.state is ExportState.DONE:
            return found
        if found.state not in LIVE:
            why = f" ({found.error})" if found.error else ""
            raise CommandError(f"The export {found.id} is {found.state}{why}; order a new one.")
        # The one that waits longest has its turn first, be it another one.
        written = await exports.write_some(database, pieces=5)
        if not written.claimed:
            await asyncio.sleep(_LOOK_SECONDS)


async def _save(
    database: "Database", workspace_id: UUID, done: "Export", output: Path | None
) -> Path:
    """Under its name only when it is whole."""
    from services.core.exports import service as exports

    path = output or Path(f"{done.draft.what}-{done.created_at:%Y%m%d-%H%M}.{done.draft.format}")
    async with database.unit(workspace_id, actor=_ACTOR) as uow:
        await exports.note_download(uow, done.id)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        async for piece in exports.read_file(database, workspace_id, done):
            file.write(piece)
        size = file.tell()
    if size != done.bytes_done:
        part.unlink()
        raise CommandError("The file was taken away meanwhile; order a new one.")
    os.replace(part, path)  # noqa: PTH105 - the same, without a thread
    return path
