"""`warmline policies`: what is promised, to whom, and policies to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import run
from services.core.kit.uow import Actor
from services.core.sla.types import Policy, PolicyDraft, PolicyMatch, Step, Target
from services.core.triage.types import Tier

app = typer.Typer(no_args_is_help=True, help="What is promised, and to whom.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
ACTOR = Actor(kind="command", id="policies", label="warmline policies")
HOUR = 3600


@app.command("list")
def list_(*, workspace: WorkspaceName = "default", data: DataDir = None) -> None:
    """Show every live policy in the order they are tried."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("position", "policy", "version", "for", "first answer within")
    for policy in run(_list(workspace, data)):
        place = "last" if policy.is_default else str(policy.position)
        about = "the rest" if policy.is_default else _about(policy.match)
        row = (policy.name, str(policy.version), about, _targets(policy))
        table.add_row(place, *(escape(cell) for cell in row))
    Console(soft_wrap=True).print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="POLICY", help="Its name or id.")],
    *,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show one policy: targets, what the public was told, steps."""
    policies = run(_list(workspace, data))
    policy = next((each for each in policies if name in {each.name, str(each.id)}), None)
    if policy is None:
        message = f"There is no live policy {name!r}."
        raise typer.BadParameter(message)
    typer.echo(f"{policy.name}, version {policy.version} ({policy.id})")
    typer.echo(f"for: {'the rest' if policy.is_default else _about(policy.match)}")
    for tier, target in _by_tier(policy):
        limit = f", at the outside {_length(target.limit)}" if target.limit else ""
        typer.echo(
            f"{tier.value}: first answer {_length(target.first_response)}{limit},"
            f" further ones {_length(target.next_response)}, closed {_length(target.resolution)}"
        )
    for channel, seconds in policy.promised.items():
        typer.echo(f"the public is told: {channel} within {_length(seconds)}")
    typer.echo(f"steps: {', '.join(_step(step) for step in policy.response_steps)}")


@app.command()
def presets() -> None:
    """Show policies to begin with."""
    from services.core.sla.presets import PRESETS

    for preset in PRESETS:
        typer.echo(f"{preset.key}: {preset.en} ({_targets(preset.draft)})")


@app.command()
def replan(
    name: Annotated[str, typer.Argument(metavar="POLICY", help="Its name or id.")],
    *,
    confirm_late: Annotated[
        int | None, typer.Option(help="How many promises may be late at once.")
    ] = None,
    look: Annotated[bool, typer.Option("--look", help="Only say what would happen.")] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Move open promises to the policy's current version; a worker does it, batch by batch."""
    found = run(_replan(workspace, data, name, confirm_late=confirm_late, look=look))
    if found is None:
        message = f"There is no live policy {name!r}."
        raise typer.BadParameter(message)
    typer.echo(found)


async def _list(workspace: str, data_dir: Path | None) -> list[Policy]:
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await sla.list_policies(uow)


def _about(match: PolicyMatch) -> str:
    said = [*match.channels, *match.tiers, *match.categories, *match.languages]
    said += [f"{len(match.source_ids)} sources"] if match.source_ids else []
    said += [f"{len(match.post_ids)} posts"] if match.post_ids else []
    return ", ".join(said) or "everything"


def _targets(policy: Policy | PolicyDraft) -> str:
    return ", ".join(
        f"{tier.value} {_length(target.first_response)}" for tier, target in _by_tier(policy)
    )


def _by_tier(policy: Policy | PolicyDraft) -> list[tuple[Tier, Target]]:
    """Urgent first: JSON keeps no order."""
    return [(tier, policy.targets[tier]) for tier in Tier if tier in policy.targets]


def _step(step: Step) -> str:
    if step.percent is not None:
        return f"{step.percent} %"
    return f"{(step.offset_seconds or 0) // 60:+d} min"


def _length(seconds: int) -> str:
    return f"{seconds // HOUR} h" if seconds % HOUR == 0 else f"{seconds / 60:g} min"


async def _replan(
    workspace: str, data: Path | None, name: str, *, confirm_late: int | None, look: bool
) -> str | None:
    from services.core.desk import replanning
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            policies = await sla.list_policies(uow)
            policy = next((each for each in policies if name in {each.name, str(each.id)}), None)
            if policy is None:
                return None
            if look:
                return (await replanning.preview(uow, policy.id)).in_words
            started = await replanning.start(uow, policy.id, confirmed_late=confirm_late)
            return f"{started.total} open cases move to version {policy.version}."
