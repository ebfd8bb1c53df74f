"""`warmline replay`: gives what is kept in the journal its effect, now that it can have one."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import UUID

from services.cli.choices import find_workspace, read_id, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say
from services.core.kit.uow import Actor
from services.core.settings import Settings

if TYPE_CHECKING:
    from services.core.intake.service import Choice

_ACTOR = Actor(kind="command", id="replay", label="warmline replay")


@dataclass(frozen=True, slots=True)
class Selection:
    """One delivery, or entries in some states received in [since, until)."""

    delivery_id: UUID | None
    since: datetime | None
    until: datetime | None
    state: str | None

    @classmethod
    def read(
        cls, *, delivery: str | None, since: str | None, until: str | None, state: str | None
    ) -> Self:
        """Raises BadInputError for what cannot be read, contradicts itself or names nothing."""
        if not (delivery or since or until or state):
            raise BadInputError("Name what to replay: --delivery, --from and --to, or --state.")
        if delivery and (since or until or state):
            raise BadInputError("--delivery names one delivery; leave the other choices out.")
        found = cls(read_id(delivery), read_moment(since), read_moment(until), state)
        if found.since and found.until and found.since >= found.until:
            raise BadInputError("--from lies behind --to; nothing can be between them.")
        return found


def replay_and_tell(
    selection: Selection, *, workspace: str, data_dir: Path | None, dry_run: bool = False
) -> None:
    """Say what is chosen, replay it and say how many entries that was; a dry run only says.

    Raises:
        CommandError: there is no such workspace or delivery.
    """
    settings = resolve_settings(data_dir)
    chosen = run(_count(selection, workspace, settings))
    parts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in chosen.items())
    say(f"{_entries(sum(chosen.values()))} chosen{': ' if parts else ''}{parts}.")
    if dry_run:
        say("Nothing was changed: this was a dry run.")
    elif chosen:
        count = run(_replay(selection, workspace, settings, sum(chosen.values())))
        say(f"{_entries(count)} handed back to the worker.")


async def _count(selection: Selection, workspace: str, settings: Settings) -> dict[str, int]:
    from services.core.intake import service as intake

    async with opened_database(settings) as database:
        workspace_id = await find_workspace(database, workspace)
        async with database.read(workspace_id) as uow:
            found = await intake.count_replayable(
                uow, _choice(selection), delivery_id=selection.delivery_id
            )
    return {state.value: count for state, count in found.items()}


async def _replay(selection: Selection, workspace: str, settings: Settings, total: int) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from services.core.intake import service as intake

    async with opened_database(settings) as database:
        workspace_id = await find_workspace(database, workspace)
        if selection.delivery_id is not None:
            async with database.unit(workspace_id, actor=_ACTOR) as uow:
                return await intake.replay(uow, selection.delivery_id)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Replaying…", total=total)
            return await intake.replay_all(
                database,
                workspace_id,
                _choice(selection),
                actor=_ACTOR,
                told=lambda so_far: progress.update(task, completed=so_far),
            )


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _choice(selection: Selection) -> "Choice":
    """Without a wish: all that came to an end; what is pending is on its way already."""
    from services.core.intake.service import Choice
    from services.core.intake.states import EntryState

    choice = Choice(since=selection.since, until=selection.until)
    if selection.state is None:
        return choice
    return replace(choice, states=[EntryState(selection.state)])
