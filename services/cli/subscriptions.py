"""`warmline subscriptions`: who is told of facts, whether it arrives, and sending again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from services.cli.choices import ID_WIDTH, find_workspace, read_id, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.kit.uow import Actor

if TYPE_CHECKING:
    from services.core.kit.uow import Database, UnitOfWork
    from services.core.subscriptions.types import (
        Backlog,
        Parcel,
        ParcelRange,
        Result,
        Subscription,
        SubscriptionDraft,
    )

ACTOR = Actor(kind="command", id="subscriptions", label="warmline subscriptions")

app = typer.Typer(no_args_is_help=True, help="Signed webhooks of facts: add, test, look back.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
Named = Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help="Its name or id.")]


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every subscription, and how far behind it is."""
    from rich.console import Console
    from rich.table import Table

    table = Table("subscription", "kinds", "state", "on its way", "dead")
    table.add_column("id", no_wrap=True, min_width=ID_WIDTH)
    for one, backlog in run(_list(workspace, data)):
        reason = one.pause_reason.value if one.pause_reason else ""
        state = f"paused: {reason}" if one.paused_at else ("on" if one.enabled else "off")
        counts = (str(backlog.pending), str(backlog.dead))
        table.add_row(one.name, " ".join(one.wish.kinds), state, *counts, str(one.id))
    Console(soft_wrap=True, markup=False).print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    url: Annotated[str, typer.Argument(help="Where facts are sent.")],
    *,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="For example case.*; several times.")
    ] = None,
    ordered: Annotated[
        bool, typer.Option("--ordered", help="One after the other, for each subject.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Subscribe; prints the id and, this once, the secret."""
    from services.core.subscriptions.types import Ordering, SubscriptionDraft, Wish

    if not 1 <= len(name) <= 200:  # noqa: PLR2004 - as the HTTP interface has it
        raise BadInputError("A name has 1 to 200 characters.")
    wish = Wish(tuple(kinds or ["*"]))
    draft = SubscriptionDraft(name, url, wish, Ordering.SUBJECT if ordered else Ordering.NONE)
    made = run(_add(draft, workspace, data))
    say(f"id      {made.id}\nsecret  {made.secrets[0]}")


@app.command("test")
def try_out(
    subscription: Named, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Really send a test, and say what the endpoint said; 1 when it did not take it."""
    result = run(_test(subscription, workspace, data))
    said = f"{result.outcome.value} {result.status_code or ''} {result.detail}"
    if result.outcome.value != "sent":
        raise CommandError(" ".join(said.split()))
    say(f"It arrived: {result.status_code} in {result.took_ms} ms.")


@app.command()
def deliveries(
    subscription: Named,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show what was sent, newest first."""
    from rich.console import Console
    from rich.table import Table

    table = Table("number", "fact", "state", "tries", "last answer", "queued")
    for one in run(_deliveries(subscription, workspace, data, dead=dead, limit=limit)):
        state = "waits" if one.waits and one.state.value == "pending" else one.state.value
        tries, queued = str(one.attempt_count), f"{one.created_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(one.seq), one.kind, state, tries, one.last_error or "", queued)
    Console(soft_wrap=True, markup=False).print(table)


@app.command()
def redrive(
    subscription: Named,
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="One fact.")] = None,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="ISO", help="Queued since; with an offset.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="ISO", help="Queued before.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Send dead deliveries again, under the same webhook-ids."""
    from services.core.subscriptions.types import ParcelRange

    ranged = since is not None or until is not None
    if [number is not None, ranged, everything].count(True) != 1:
        raise BadInputError("Name one number, or a range by --from and --to, or --all.")
    within = ParcelRange(number, number, read_moment(since), read_moment(until))
    say(f"{run(_redrive(subscription, within, workspace, data))} queued.")


@app.command()
def enable(
    subscription: Named, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Go on, from where it stood."""
    run(_switch(subscription, workspace, data, enabled=True))


@app.command()
def disable(
    subscription: Named, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Send nothing, and hold what is on its way."""
    run(_switch(subscription, workspace, data, enabled=False))


@app.command()
def remove(
    subscription: Named, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Take it away, with what is on its way."""
    run(_remove(subscription, workspace, data))


async def _list(workspace: str, data_dir: Path | None) -> "list[tuple[Subscription, Backlog]]":
    from services.core.subscriptions import service as subscriptions

    async with opened_database(resolve_settings(data_dir)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            found = await subscriptions.list_subscriptions(uow)
            backlogs = await subscriptions.list_backlogs(uow, [one.id for one in found])
    return [(one, backlogs[one.id]) for one in found]


async def _add(draft: "SubscriptionDraft", workspace: str, data_dir: Path | None) -> "Subscription":
    from services.core.subscriptions import service as subscriptions

    settings = resolve_settings(data_dir)
    private = settings.alerts.allow_private_addresses
    async with opened_database(settings) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            return await subscriptions.create_subscription(uow, draft, allow_private=private)


async def _test(named: str, workspace: str, data_dir: Path | None) -> "Result":
    from services.core.gateways.channels.wiring import open_gateways
    from services.core.subscriptions import service as subscriptions

    settings = resolve_settings(data_dir)
    channels = open_gateways(
        allow_private_addresses=settings.alerts.allow_private_addresses,
        timeout_seconds=settings.alerts.timeout_seconds,
    )
    async with opened_database(settings) as database, channels as gateways:
        place, subscription_id = await _find(database, workspace, named)
        return await subscriptions.try_subscription(
            database,
            gateways,
            workspace_id=place,
            subscription_id=subscription_id,
            actor=ACTOR,
        )


async def _deliveries(
    named: str, workspace: str, data_dir: Path | None, *, dead: bool, limit: int
) -> "list[Parcel]":
    from services.core.kit.stretches import newest
    from services.core.subscriptions import service as subscriptions
    from services.core.subscriptions.types import ParcelState

    async with opened_database(resolve_settings(data_dir)) as database:
        place, subscription_id = await _find(database, workspace, named)
        async with database.read(place) as uow:
            state = ParcelState.DEAD if dead else None
            return await subscriptions.list_parcels(
                uow, subscription_id, newest(limit), state=state
            )


async def _redrive(named: str, within: "ParcelRange", workspace: str, data_dir: Path | None) -> int:
    """A range is redriven part by part, each in a transaction of its own."""
    from services.core.subscriptions import service as subscriptions

    total = 0
    async with opened_database(resolve_settings(data_dir)) as database:
        place, subscription_id = await _find(database, workspace, named)
        while True:
            async with database.unit(place, actor=ACTOR) as uow:
                queued = await subscriptions.redrive(uow, subscription_id, within)
            total += queued
            if not queued:
                return total


async def _switch(named: str, workspace: str, data_dir: Path | None, *, enabled: bool) -> None:
    from services.core.subscriptions import service as subscriptions
    from services.core.subscriptions.types import SubscriptionChange

    change: SubscriptionChange = SubscriptionChange(enabled=enabled)
    async with opened_database(resolve_settings(data_dir)) as database:
        place, subscription_id = await _find(database, workspace, named)
        async with database.unit(place, actor=ACTOR) as uow:
            await subscriptions.change_subscription(uow, subscription_id, change)


async def _remove(named: str, workspace: str, data_dir: Path | None) -> None:
    from services.core.subscriptions import service as subscriptions

    async with opened_database(resolve_settings(data_dir)) as database:
        place, subscription_id = await _find(database, workspace, named)
        async with database.unit(place, actor=ACTOR) as uow:
            await subscriptions.archive_subscription(uow, subscription_id)


async def _find(database: "Database", workspace: str, named: str) -> tuple[UUID, UUID]:
    """By name, or else by id. Raises CommandError when there is none."""
    place = await find_workspace(database, workspace)
    async with database.read(place) as uow:
        return place, await _find_in(uow, named)


async def _find_in(uow: "UnitOfWork", named: str) -> UUID:
    from services.core.subscriptions import service as subscriptions

    found = await subscriptions.list_subscriptions(uow)
    for one in found:
        if one.name == named:
            return one.id
    wanted = read_id(named, "subscription") if named.count("-") == len("----") else None
    if wanted is None or all(one.id != wanted for one in found):
        raise CommandError(
            f"There is no subscription “{named}”; see `warmline subscriptions list`."
        )
    return wanted
