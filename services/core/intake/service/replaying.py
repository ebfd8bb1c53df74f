"""What is kept is given its effect once more; what took effect before takes none twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.intake import repository
from services.core.intake.service.journal import HANDLED_TYPES, QUEUE
from services.core.intake.states import EntryState
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import SYSTEM_ACTOR, Actor, Database, UnitOfWork

REPLAY_BATCH: Final = 1_000
ENDED: Final = tuple(state for state in EntryState if state is not EntryState.PENDING)


@dataclass(frozen=True, slots=True)
class Choice:
    """Entries that stand in one of `states` and were received in [since, until)."""

    states: Sequence[EntryState] = ENDED
    since: datetime | None = None
    until: datetime | None = None

    @property
    def first(self) -> UUID:
        return ids.first_id_at(self.since) if self.since else UUID(int=0)

    @property
    def end(self) -> UUID:
        return ids.first_id_at(self.until) if self.until else UUID(int=2**128 - 1)

    def told(self) -> dict[str, Any]:
        """For the trail."""
        return {
            "states": [state.value for state in self.states],
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
        }


async def replay(uow: UnitOfWork, delivery_id: UUID) -> int:
    """Let a delivery be processed once more; returns the number of entries.

    Types that are still without a handler stay as they are. Raises NotFoundError.
    """
    if await repository.get_delivery(uow, delivery_id) is None:
        raise NotFoundError("delivery")
    replayed = await repository.replay_delivery(uow, delivery_id, HANDLED_TYPES)
    if replayed:
        uow.wake(QUEUE)
    detail = {"entries": replayed}
    await audit.record(uow, [AuditEntry("delivery.replayed", "delivery", delivery_id, detail)])
    return replayed


async def count_replayable(
    uow: UnitOfWork, choice: Choice, *, delivery_id: UUID | None = None
) -> dict[EntryState, int]:
    """How many entries a replay would hand back, by where they stand now."""
    if delivery_id is not None and await repository.get_delivery(uow, delivery_id) is None:
        raise NotFoundError("delivery")
    return await repository.count_replayable(
        uow,
        first=delivery_id or choice.first,
        end=UUID(int=delivery_id.int + 1) if delivery_id else choice.end,
        states=choice.states,
        handled_types=HANDLED_TYPES,
    )


async def replay_all(
    database: Database,
    workspace_id: UUID,
    choice: Choice,
    *,
    actor: Actor = SYSTEM_ACTOR,
    told: Callable[[int], None] | None = None,
) -> int:
    """Replay what was chosen; returns how many entries. A thousand a transaction; commits each.

    The trail says when it began and when it ended: one that breaks off can be begun anew. `told`
    hears how many it has been so far.
    """
    await _record(database, workspace_id, actor, "journal.replay_began", choice.told())
    replayed, after = 0, (choice.first, -1)
    while True:
        async with database.unit(workspace_id, actor=actor) as uow:
            batch = await repository.replay_batch(
                uow,
                after=after,
                until=choice.end,
                states=choice.states,
                handled_types=HANDLED_TYPES,
                limit=REPLAY_BATCH,
            )
        if batch is None:
            break
        replayed, after = replayed + batch[0], batch[1]
        if told is not None:
            told(replayed)
    detail = choice.told() | {"entries": replayed}
    await _record(database, workspace_id, actor, "journal.replay_ended", detail)
    return replayed


async def _record(
    database: Database, workspace_id: UUID, actor: Actor, action: str, detail: dict[str, Any]
) -> None:
    async with database.unit(workspace_id, actor=actor) as uow:
        await audit.record(uow, [AuditEntry(action, "workspace", workspace_id, detail)])
