"""Tell what happened: facts are written with the change, numbered once visible, read in order."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import repository
from services.core.stream.catalogue import covers
from services.core.stream.errors import FactsGoneError
from services.core.stream.types import Fact, FactPage, PublishedFact

BATCH = 1000
# How long a reader may be away and still resume without a gap.
KEPT = timedelta(hours=24)
# Facts one page of some kinds may look through.
SCANNED = 5_000


async def announce(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Write facts in the caller's transaction; they are published after its commit."""
    if facts:
        await repository.add_facts(uow, facts)
        uow.wake("stream")


async def list_asked_for(uow: UnitOfWork, kinds: Sequence[str]) -> frozenset[str]:
    """Those of the kinds some subscription wants: for facts too many to be told to nobody."""
    patterns = await repository.list_asked(uow)
    return frozenset(kind for kind in kinds if any(covers(pattern, kind) for pattern in patterns))


async def publish(database: Database) -> int:
    """Number everything that is visible and unnumbered; returns how many facts that was.

    Safe to run anywhere at any time: only the holder of the publisher's lock does anything.
    """
    published = 0
    async with database.system() as uow:
        if not await repository.lock_publisher(uow):
            return 0
        await uow.plan_alike()
        for workspace_id in await repository.list_workspaces_with_news(uow):
            published += await repository.number_facts(uow, workspace_id, BATCH)
    return published


async def read_after(uow: UnitOfWork, after: int, limit: int = 200) -> list[PublishedFact]:
    """Facts with a number above `after`, in order."""
    return await repository.list_after(uow, after, limit)


async def read_page(
    uow: UnitOfWork, after: int, *, kinds: Sequence[str] = (), limit: int = 50
) -> FactPage:
    """Facts behind a number whose kinds begin as asked. Raises FactsGoneError when some are gone.

    At most 5,000 facts are looked through: a page may be empty and still lead on.
    """
    last, first_kept = await repository.get_head(uow)
    if after + 1 < first_kept or after > last:
        raise FactsGoneError(first_kept - 1 if after < last else last)
    end = min(last, after + SCANNED)
    beginnings = [kind.rstrip("*") for kind in kinds] or [""]
    found = await repository.list_between(uow, after, end, beginnings, limit + 1)
    if len(found) > limit:
        return FactPage(found[:limit], found[limit - 1].seq, more=True)
    return FactPage(found, end, more=end < last)


async def read_head(uow: UnitOfWork) -> tuple[int, int]:
    """(last number given, first number still kept): a reader asking below the second has a gap."""
    return await repository.get_head(uow)


async def forget(database: Database, *, held: Mapping[UUID, int] | None = None) -> int:
    """Drop published facts older than a day; readers asking for them are told of the gap.

    `held` names workspaces where what is behind a number is still needed by somebody.
    """
    async with database.system() as uow:
        return await repository.forget_facts(uow, uow.now - KEPT, held or {})
