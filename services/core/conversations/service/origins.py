"""Which request what is written of a message or a thread came of: a batch is of hundreds."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.core.conversations.types import Arrival, Drafts
from services.core.kit.uow import UnitOfWork


def note(
    uow: UnitOfWork,
    told: Iterable[tuple[Arrival, Drafts]],
    merged: Drafts,
    answered: Mapping[UUID, UUID | None],
) -> None:
    """Keep, in the order they came, by whom each message was brought and each thread was moved.

    A message belongs to who brought it first, a thread to who moved it last: of the same batch, a
    question and its answer have a request each. `answered` are threads that words elsewhere answer.
    """
    for arrival, drafts in told:
        for key in drafts.messages:
            uow.origins.setdefault(key, arrival.request_id)
            moved = (merged.messages[key].thread_id, answered.get(key))
            uow.origins |= {thread: arrival.request_id for thread in moved if thread is not None}
