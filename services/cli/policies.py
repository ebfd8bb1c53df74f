"""`warmline policies`: what is promised, to whom, and policies to begin with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.bodies import agree, print_body, read_body, read_document
from services.cli.choices import find_workspace, written_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, complain, run, say
from services.cli.versions import choose_version, print_versions
from services.core.kit.uow import Actor
from services.core.sla.types import Policy, PolicyDraft, PolicyMatch, Step, Target
from services.core.triage.types import Tier

if TYPE_CHECKING:
    from services.core.desk.replanning import Preview
    from services.core.kit.uow import UnitOfWork
    from services.core.sla.types import PolicyWarning

app = typer.Typer(no_args_is_help=True, help="What is promised, and to whom.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="Its name or id.")]
_AS_FILE = "JSON as `POST /v1/policies` takes it; - is standard input."
Yes = Annotated[bool, typer.Option("--yes", help="Agree beforehand to promises late at once.")]
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
    name: PolicyName,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as `change --file` takes it.")
    ] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show one policy: targets, what the public was told, steps."""
    policy = run(_show(workspace, data, name))
    if as_json:
        _print_definition(policy)
        return
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
    if policy.advocates_answer:
        typer.echo(f"advocates may answer: {', '.join(policy.advocates_answer)}")
    typer.echo(f"steps: {', '.join(_step(step) for step in policy.response_steps)}")


@app.command()
def versions(
    name: PolicyName,
    *,
    shown: Annotated[
        int | None,
        typer.Option("--show", metavar="N", help="Print version N as `change --file` takes it."),
    ] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Show every version of a policy, the newest first. An archived one is named by its id."""
    found = run(_versions(workspace, data, name))
    if shown is not None:
        _print_definition(choose_version(found, shown))
        return
    titles = ("policy", "for", "first answer within")
    print_versions(
        titles, [(each, (each.name, _about(each.match), _targets(each))) for each in found]
    )


@app.command()
def presets() -> None:
    """Show policies to begin with."""
    from services.core.sla.presets import PRESETS

    for preset in PRESETS:
        typer.echo(f"{preset.key}: {preset.en} ({_targets(preset.draft)})")


@app.command()
def replan(
    name: PolicyName,
    *,
    confirm_late: Annotated[
        int | None, typer.Option(help="How many promises may be late at once.")
    ] = None,
    look: Annotated[bool, typer.Option("--look", help="Only say what would happen.")] = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Move open promises to the policy's current version; a worker does it, batch by batch."""
    typer.echo(run(_replan(workspace, data, name, confirm_late=confirm_late, look=look)))


@app.command()
def add(
    *,
    preset: Annotated[
        str | None, typer.Option(metavar="KEY", help="One of `warmline policies presets`.")
    ] = None,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help=_AS_FILE)] = None,
    name: Annotated[str | None, typer.Option(help="Instead of the name in there.")] = None,
    calendar: Annotated[
        str | None, typer.Option(metavar="NAME", help="The calendar it counts in; or its id.")
    ] = None,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Add a policy, from a preset or a file; prints its id. Open cases keep their policies."""
    if (preset is None) == (file is None):
        raise BadInputError("Name either a --preset or a --file.")
    told = read_document(file) if file is not None else _preset(preset, calendar)
    if isinstance(told, dict) and name is not None:
        told["name"] = name
    made, warnings = run(_add(workspace, data, told, calendar))
    _warn(warnings)
    say(str(made.id))


@app.command()
def change(
    policy: PolicyName,
    *,
    file: Annotated[Path, typer.Option(metavar="FILE", help=_AS_FILE)],
    replanned: Annotated[
        bool, typer.Option("--replan", help="Move open promises to the new version as well.")
    ] = False,
    yes: Yes = False,
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Save the next version of a policy, whole: what the file leaves out takes its default.

    Begin with `warmline policies show POLICY --json`.
    """
    saved, warnings, found = run(_change(workspace, data, policy, read_document(file)))
    _warn(warnings)
    say(f"Version {saved.version} of {saved.name} is saved.")
    if not replanned:
        _tell_what_runs(saved.name, found)
        return
    if found.late:
        agree(f"{found.in_words} Move them all the same?", yes=yes)
    say(run(_replan(workspace, data, str(saved.id), confirm_late=found.late, look=False)))


@app.command()
def remove(
    policy: PolicyName, *, workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Archive a policy: no new case takes it, running promises go on. Not the default one."""
    say(f"{run(_remove(workspace, data, policy))} is archived.")


async def _list(workspace: str, data_dir: Path | None) -> list[Policy]:
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await sla.list_policies(uow)


async def _versions(workspace: str, data: Path | None, name: str) -> list[Policy]:
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            policy_id = written_id(name) or (await _find(uow, name)).id
            return await sla.list_versions(uow, policy_id)


def _print_definition(policy: Policy) -> None:
    from services.api.schemas.policy_views import PolicyDefinition

    print_body(PolicyDefinition(**PolicyDefinition.parts(policy)))


def _about(match: PolicyMatch) -> str:
    said = [*match.channels, *match.tiers, *match.categories, *match.languages]
    said += match.follower_tiers
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


def _preset(key: str | None, calendar: str | None) -> dict[str, Any]:
    """A preset as it would be sent. Raises BadInputError when there is none, or no calendar."""
    from services.api.schemas.policy_views import PresetView
    from services.core.sla.presets import PRESETS

    for preset in PRESETS:
        if preset.key == key:
            if preset.needs_calendar and calendar is None:
                raise BadInputError(f"{key} counts working time: name a --calendar.")
            sent: dict[str, Any] = PresetView.of(preset).policy.model_dump(mode="json")
            return sent
    raise BadInputError(f"There is no preset “{key}”; see `warmline policies presets`.")


def _warn(warnings: "list[PolicyWarning]") -> None:
    """What was perhaps not meant. It is saved all the same."""
    for each in warnings:
        complain(f"{each.pointer.strip('/')}: {each.detail}")


def _tell_what_runs(name: str, found: "Preview") -> None:
    if found.clocks:
        say(f"Open cases keep their version. {found.in_words}")
        say(f'Move them with `warmline policies replan "{name}"`.')


async def _show(workspace: str, data: Path | None, name: str) -> Policy:
    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.read(place) as uow:
            return await _find(uow, name)


async def _add(
    workspace: str, data: Path | None, told: Any, calendar: str | None
) -> "tuple[Policy, list[PolicyWarning]]":
    from services.cli.calendars import find_calendar
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            if isinstance(told, dict) and calendar is not None:
                told["calendar_id"] = str((await find_calendar(uow, calendar)).id)
            made = await sla.create_policy(uow, await _checked(uow, told))
            return made, await sla.list_warnings(uow, made)


async def _change(
    workspace: str, data: Path | None, name: str, told: Any
) -> "tuple[Policy, list[PolicyWarning], Preview]":
    from services.core.desk import replanning
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            policy = await _find(uow, name)
            saved = await sla.change_policy(uow, policy.id, await _checked(uow, told))
            warnings = await sla.list_warnings(uow, saved)
        # A look at many cases takes a while: nobody waits for the policy meanwhile.
        async with database.read(place) as uow:
            return saved, warnings, await replanning.preview(uow, saved.id)


async def _checked(uow: "UnitOfWork", told: Any) -> PolicyDraft:
    from services.api.schemas.policies import PolicyBody
    from services.core.desk import promising

    draft = read_body(told, PolicyBody).to_draft()
    await promising.check_policy(uow, draft)
    return draft


async def _remove(workspace: str, data: Path | None, name: str) -> str:
    from services.core.sla import service as sla

    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            policy = await _find(uow, name)
            await sla.archive_policy(uow, policy.id)
            return policy.name


async def _replan(
    workspace: str, data: Path | None, name: str, *, confirm_late: int | None, look: bool
) -> str:
    from services.core.desk import replanning

    async with opened_database(resolve_settings(data)) as database:
        place = await find_workspace(database, workspace)
        async with database.unit(place, actor=ACTOR) as uow:
            policy = await _find(uow, name)
            if look:
                return (await replanning.preview(uow, policy.id)).in_words
            started = await replanning.start(uow, policy.id, confirmed_late=confirm_late)
            return f"{started.total} open cases move to version {policy.version}."


async def _find(uow: "UnitOfWork", name: str) -> Policy:
    """By name or id. Raises BadInputError when no live policy is called so."""
    from services.core.sla import service as sla

    for policy in await sla.list_policies(uow):
        if name in {policy.name, str(policy.id)}:
            return policy
    raise BadInputError(f"There is no live policy “{name}”; see `warmline policies list`.")
