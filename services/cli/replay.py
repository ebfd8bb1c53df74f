"""`warmline replay`: gives what is kept in the journal its effect, now that it can have one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import UUID

from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, CommandError, run, say
from services.core.kit.uow import Actor
from services.core.settings import Settings

if TYPE_CHECKING:
    from services.core.intake.states import EntryState

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
            raise BadInputError("Name what to replay: --delivery, --since and --until, or --state.")
        if delivery and (since or until or state):
            raise BadInputError("--delivery names one delivery; leave the other choices out.")
        found = cls(_id(delivery), _moment(since), _moment(until), state)
        if found.since and found.until and found.since >= found.until:
            raise BadInputError("--since lies behind --until; nothing can be between them.")
        return found


def replay_and_tell(selection: Selection, *, workspace: str, data_dir: Path | None) -> None:
    """Replay and say how many entries that was.

    Raises:
        CommandError: there is no such workspace or delivery.
    """
    count = run(_replay(selection, workspace, resolve_settings(data_dir)))
    noun = "entry" if count == 1 else "entries"
    say(f"{count} {noun} handed back to the worker.")


async def _replay(selection: Selection, workspace: str, settings: Settings) -> int:
    from rich.console import Console

    from services.core.intake import service as intake
    from services.core.workspaces import service as workspaces

    async with opened_database(settings) as database:
        found = await workspaces.find_workspace(database, workspace)
        if found is None:
            raise CommandError(f"There is no workspace “{workspace}”; see `warmline workspaces`.")
        with Console(stderr=True).status("Replaying…"):
            if selection.delivery_id is None:
                return await intake.replay_all(
                    database,
                    found.id,
                    _states(selection.state),
                    since=selection.since,
                    until=selection.until,
                )
            async with database.unit(found.id, actor=_ACTOR) as uow:
                return await intake.replay(uow, selection.delivery_id)


def _states(wanted: str | None) -> "Sequence[EntryState]":
    """Without a wish: all that came to an end; what is pending is on its way already."""
    from services.core.intake.states import EntryState

    if wanted is not None:
        return [EntryState(wanted)]
    return [state for state in EntryState if state is not EntryState.PENDING]


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadInputError(
            f"{text} is no delivery id; they look like this: {UUID(int=7)}."
        ) from error


def _moment(text: str | None) -> datetime | None:
    """A time without an offset is meant in UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(
            f"{text} is no time; write it like 2026-11-21T08:00:00+08:00."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
