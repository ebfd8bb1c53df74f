"""Leave alone what another worker has in hand, so that a whole batch waits for nobody."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.core.conversations import repository
from services.core.conversations.errors import BusyError
from services.core.conversations.types import Drafts
from services.core.kit.uow import UnitOfWork


async def list_busy(
    uow: UnitOfWork,
    each: Sequence[Drafts],
    merged: Drafts,
    answered: Mapping[UUID, UUID | None],
) -> list[int]:
    """Which of these drafts, by place, need threads or followers that others hold.

    What all others need is held from here on until the unit ends, without any waiting. Raises
    BusyError when those are the smaller part: then it pays to wait, in a unit that holds nothing.
    """
    threads = [_threads(drafts, merged, answered) for drafts in each]
    followers = [set(drafts.followers) for drafts in each]
    held = await repository.hold_free_threads(uow, sorted(set().union(*threads)))
    held |= await repository.hold_free_followers(uow, sorted(set().union(*followers)))
    busy = [
        place
        for place, needed in enumerate(zip(threads, followers, strict=True))
        if not held.isdisjoint(needed[0] | needed[1])
    ]
    if len(busy) * 2 > len(each):
        raise BusyError
    return busy


def _threads(drafts: Drafts, merged: Drafts, answered: Mapping[UUID, UUID | None]) -> set[UUID]:
    """Where its messages are, what they answer, and what it says of threads themselves."""
    places = {merged.messages[key].thread_id for key in drafts.messages}
    places |= {answered.get(key) for key in drafts.messages}
    return {place for place in places if place is not None} | set(drafts.threads)
