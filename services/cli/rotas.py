"""`warmline rotas`: who is on call, in which shifts, and swaps for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import ID_WIDTH, find_workspace, written_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run
from services.cli.versions import print_versions
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from uuid import UUID

    from services.core.kit.uow import UnitOfWork
    from services.core.rotas.types import Override, Rota, Shift

ACTOR = Actor(kind="command", id="rotas", label="warmline rotas")
NOBODY = "nobody"

app = typer.Typer(no_args_is_help=True, help="Who is on call.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
RotaName = Annotated[str, typer.Argument(metavar="ROTA", help="Its name or id.")]
AT_HELP = "As 2026-12-24T22:00 in the rota's zone, or with an offset."


@dataclass(frozen=True, slots=True)
class Read:
    """A rota with what was asked of it, and what its members are called."""

    rota: "Rota"
    shifts: "list[Shift]"
    names: "dict[UUID, str]"

    def local(self, moment: datetime) -> str:
        from zoneinfo import ZoneInfo

        return f"{moment.astimezone(ZoneInfo(self.rota.draft.zone)):%a %Y-%m-%d %H:%M}"

    def who(self, shift: "Shift") -> str:
        if shift.member_id is None:
            return NOBODY
        return self.names.get(shift.member_id, str(shift.member_id))

    def why(self, shift: "Shift") -> str:
        if shift.member_id is None:
            return "away" if shift.planned_id else "nobody planned"
        source = shift.layer or "override"
        if shift.planned_id in {None, shift.member_id}:
            return source
        return f"{source}, stands in for {self.names.get(shift.planned_id, '?')}"


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every live rota, and who is on call now."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("rota", "version", "zone", "on call", "until")
    table.add_column("id", min_width=ID_WIDTH)
    for each in run(_list(workspace, data)):
        now = each.shifts[0]
        cells = (str(each.rota.version), each.rota.draft.zone, escape(each.who(now)))
        until = each.local(now.end)
        table.add_row(escape(each.rota.draft.name), *cells, until, str(each.rota.id))
    Console(soft_wrap=True).print(table)


@app.command()
def show(
    name: RotaName,
    *,
    days: Annotated[int, typer.Option(min=1, max=92, help="How many, from now on.")] = 14,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show the shifts to come, gaps included."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    found = run(_ask(workspace, name, None, timedelta(days=days), data))
    table = Table("from", "to", "on call", "because")
    for shift in found.shifts:
        because = escape(found.why(shift))
        table.add_row(
            found.local(shift.start), found.local(shift.end), escape(found.who(shift)), because
        )
    Console(soft_wrap=True).print(table)


@app.command()
def versions(name: RotaName, *, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every version of a rota, the newest first. An archived one is named by its id."""
    found, names = run(_versions(workspace, name, data))
    print_versions(
        ("rota", "zone", "in turn"),
        [(each, (each.draft.name, each.draft.zone, _turns(each, names))) for each in found],
    )


@app.command("on-call")
def on_call(
    name: RotaName,
    *,
    at: Annotated[str | None, typer.Option(metavar="TIME", help=AT_HELP)] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Say who is on call, now or at a moment."""
    found = run(_ask(workspace, name, at, timedelta(days=92), data))
    shift = found.shifts[0]
    print(f"{found.who(shift)} ({found.why(shift)}) until {found.local(shift.end)}")


@app.command()
def override(
    name: RotaName,
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Of the member who takes it.")],
    *,
    until: Annotated[str, typer.Option(metavar="TIME", help=AT_HELP)],
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help=f"Now, if left out. {AT_HELP}")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Give a rota to one member for a while."""
    found, made = run(_override(workspace, name, handle, data, window=(since, until), note=note))
    print(f"{handle} has it from {found.local(made.starts_at)} to {found.local(made.ends_at)}.")


async def _list(workspace: str, data_dir: Path | None) -> list[Read]:
    from services.core.rotas import service as rotas

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            names = await _names(uow)
            found = await rotas.list_on_call(uow, uow.now)
            return [Read(rota, [shift], names) for rota, shift in found]


async def _versions(
    workspace: str, name: str, data_dir: Path | None
) -> "tuple[list[Rota], dict[UUID, str]]":
    from services.core.rotas import service as rotas

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            rota_id = written_id(name) or (await _find(uow, name)).id
            return await rotas.list_versions(uow, rota_id), await _names(uow)


async def _ask(
    workspace: str, name: str, at: str | None, length: timedelta, data_dir: Path | None
) -> Read:
    from services.core.rotas import service as rotas

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            rota = await _find(uow, name)
            start = uow.now if at is None else _moment(rota, at)
            shifts = await rotas.list_shifts(uow, rota.id, start, start + length)
            return Read(rota, shifts, await _names(uow))


async def _override(
    workspace: str,
    name: str,
    handle: str,
    data_dir: Path | None,
    *,
    window: tuple[str | None, str],
    note: str | None,
) -> "tuple[Read, Override]":
    from services.core.kit.errors import InvalidInputError
    from services.core.rotas import service as rotas
    from services.core.rotas.types import OverrideDraft
    from services.core.workspaces import service as workspaces

    since, until = window
    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            rota = await _find(uow, name)
            members = await workspaces.find_member_ids(uow, [handle])
            if handle not in members:
                raise CommandError(f"There is no member with the handle “{handle}”.")
            starts_at = uow.now if since is None else _moment(rota, since)
            draft = OverrideDraft(members[handle], starts_at, _moment(rota, until), note)
            try:
                made = await rotas.override_rota(uow, rota.id, draft)
            except InvalidInputError as error:
                details = " ".join(problem.detail for problem in error.errors)
                raise BadInputError(details) from error
            return Read(rota, [], {}), made


async def _find(uow: "UnitOfWork", name: str) -> "Rota":
    from services.core.rotas import service as rotas

    for each in await rotas.list_rotas(uow):
        if name in {each.draft.name, str(each.id)}:
            return each
    raise CommandError(f"There is no rota “{name}”; see `warmline rotas list`.")


def _turns(rota: "Rota", names: "dict[UUID, str]") -> str:
    return "; ".join(
        f"{layer.name}: {', '.join(names.get(each, str(each)) for each in layer.member_ids)}"
        for layer in rota.draft.layers
    )


async def _names(uow: "UnitOfWork") -> "dict[UUID, str]":
    from services.core.kit.stretches import oldest
    from services.core.workspaces import service as workspaces

    members = await workspaces.list_members(uow, oldest(10_000))
    return {member.id: member.name for member in members}


def _moment(rota: "Rota", written: str) -> datetime:
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise BadInputError(f"{written} is no time; write it as 2026-12-24T22:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(rota.draft.zone))
