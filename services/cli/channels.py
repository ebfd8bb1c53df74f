"""`warmline channels`: where alerts go: add one, see that it arrives, take up what was paused."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from services.cli.choices import ID_WIDTH, find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.alerts.types import ChannelKind
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.alerts.types import Channel, ChannelDraft, SendResult
    from services.core.kit.uow import UnitOfWork

ACTOR = Actor(kind="command", id="channels", label="warmline channels")
# What is typed is text; these settings are not.
NUMBERS = frozenset({"port", "per_minute"})
LISTS = frozenset({"recipients", "addresses"})
FLAGS = {"true": True, "false": False}

app = typer.Typer(no_args_is_help=True, help="Where alerts go: add, list, test, resume.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
Named = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name or id.")]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every channel, and whether it is paused."""
    from rich.console import Console
    from rich.table import Table

    table = Table("channel", "kind", "state")
    table.add_column("id", no_wrap=True, min_width=ID_WIDTH)
    for one in run(_list(workspace, data)):
        state = (
            f"paused: {one.paused_reason}" if one.paused_at else ("on" if one.enabled else "off")
        )
        table.add_row(one.name, one.kind.value, state, str(one.id))
    Console(soft_wrap=True, markup=False).print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    kind: Annotated[ChannelKind, typer.Argument(help="What it is; docs/channels has a page each.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="What this kind is told, as url=… or recipients=a@b,c@d. KEY=- asks for the value "
            "and does not show it.",
        ),
    ] = None,
    *,
    signed: Annotated[
        bool, typer.Option("--signed", help="Ask for the secret the robot signs with.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Add a channel; prints its id and, for a webhook, this once, its secret."""
    from services.core.alerts.types import ChannelDraft

    if not 1 <= len(name) <= 200:  # noqa: PLR2004 - as the HTTP interface has it
        raise BadInputError("A name has 1 to 200 characters.")
    config = dict(_read_setting(one) for one in settings or [])
    secret = typer.prompt("secret", hide_input=True, err=True) if signed else None
    made = run(_add(ChannelDraft(name, kind, secret=secret, config=config), workspace, data))
    shown = f"\nsecret  {made.secrets[0]}" if made.kind is ChannelKind.WEBHOOK else ""
    say(f"id      {made.id}{shown}")


@app.command("test")
def try_out(channel: Named, *, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Really send a greeting, and say what the other side said; 1 when it did not take it."""
    result = run(_test(channel, workspace, data))
    if result.outcome.value != "sent":
        said = f"{result.outcome.value} {result.status_code or ''} {result.detail}"
        raise CommandError(" ".join(said.split()))
    say(f"It arrived: {result.status_code} in {result.took_ms} ms.")


@app.command()
def resume(channel: Named, *, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Take a paused channel up again; what waited goes out first."""
    run(_resume(channel, workspace, data))


def _read_setting(typed: str) -> tuple[str, Any]:
    key, equals, value = typed.partition("=")
    if not equals or not key:
        raise BadInputError(f"{typed} is no KEY=VALUE.")
    if value == "-":
        value = typer.prompt(key, hide_input=True, err=True)
    if key in LISTS:
        return key, value.split(",")
    if key in NUMBERS and value.isascii() and value.isdigit():
        return key, int(value)
    return key, FLAGS.get(value, value)


async def _list(workspace: str, data_dir: Path | None) -> "list[Channel]":
    from services.core.alerts import service as alerts

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            return await alerts.list_channels(uow)


async def _add(draft: "ChannelDraft", workspace: str, data_dir: Path | None) -> "Channel":
    from services.core.alerts import service as alerts

    settings = resolve_settings(data_dir)
    private = settings.alerts.allow_private_addresses
    async with opened_database(settings) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            return await alerts.create_channel(uow, draft, allow_private=private)


async def _test(named: str, workspace: str, data_dir: Path | None) -> "SendResult":
    from services.core.alerts import service as alerts
    from services.core.gateways.channels.wiring import open_gateways

    settings = resolve_settings(data_dir)
    channels = open_gateways(
        allow_private_addresses=settings.alerts.allow_private_addresses,
        timeout_seconds=settings.alerts.timeout_seconds,
        base_url=settings.alerts.public_url or "",
    )
    async with opened_database(settings) as database, channels as gateways:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            channel_id = await _find(uow, named)
        return await alerts.try_channel(
            database, gateways, workspace_id=place, channel_id=channel_id, actor=ACTOR
        )


async def _resume(named: str, workspace: str, data_dir: Path | None) -> None:
    from services.core.alerts import service as alerts

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            await alerts.resume_channel(uow, await _find(uow, named))


async def _find(uow: "UnitOfWork", named: str) -> UUID:
    from services.core.alerts import service as alerts

    for one in await alerts.list_channels(uow):
        if named in {one.name, str(one.id)}:
            return one.id
    raise CommandError(f"There is no channel “{named}”; see `warmline channels list`.")
