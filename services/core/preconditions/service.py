"""Let a change happen only to what its caller saw."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.core.kit.uow import UnitOfWork
from services.core.preconditions import repository, rules
from services.core.preconditions.errors import PreconditionFailedError
from services.core.preconditions.types import Thing


async def require_unchanged(
    uow: UnitOfWork,
    seen: list[str] | None,
    thing: Thing,
    thing_id: UUID | None,
    read_tag: Callable[[], Awaitable[str]],
) -> None:
    """Hold the thing until the unit ends, then compare its tag with those its caller saw.

    `read_tag` reads the thing in this unit, once it is held. Raises PreconditionFailedError, and
    what `read_tag` raises.
    """
    await repository.hold(uow, thing, thing_id)
    current = await read_tag()
    if not rules.is_unchanged(seen, current):
        raise PreconditionFailedError(current)
