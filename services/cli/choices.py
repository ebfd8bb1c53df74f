"""What commands that mend have in common: how a workspace, an id and a time are typed."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.cli.terminal import BadInputError, CommandError

if TYPE_CHECKING:
    from services.core.kit.uow import Database

# An id is shown whole, however narrow the terminal: it is there to be copied.
ID_WIDTH = 36


async def find_workspace(database: "Database", named: str) -> UUID:
    """By short name or id. Raises CommandError when there is none."""
    from services.core.workspaces import service as workspaces

    found = await workspaces.find_workspace(database, named)
    if found is None:
        raise CommandError(f"There is no workspace “{named}”; see `warmline workspaces`.")
    return found.id


def read_id(text: str | None, what: str = "delivery") -> UUID | None:
    """Raises BadInputError for what is no id."""
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadInputError(
            f"{text} is no {what} id; they look like this: {UUID(int=7)}."
        ) from error


def written_id(text: str) -> UUID | None:
    """The id that was typed in place of a name, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read_moment(text: str | None) -> datetime | None:
    """A time without an offset is meant in UTC. Raises BadInputError for what is no time."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(
            f"{text} is no time; write it like 2026-11-21T08:00:00+08:00."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
