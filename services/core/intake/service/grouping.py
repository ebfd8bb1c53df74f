"""Group commit: deliveries that come together share one transaction, each answered after it.

A commit costs the same for one delivery as for hundreds. So whoever comes while a group is being
written waits for the next one, alone if nobody else comes: nobody waits for company.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from services.core.intake.records import Incoming, Receipt, SourceDoor
from services.core.intake.service.journal import accept
from services.core.kit import failpoints
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Actor, Database

log = structlog.get_logger(__name__)

MAX_GROUP: Final = 200
# A statement of some megabytes is still a matter of milliseconds.
MAX_GROUP_BYTES: Final = 4 * 1024 * 1024
# One group is laid out here while Postgres writes the other.
GROUPS_AT_ONCE: Final = 2
# More would only wait longer than a sender does; it is told to come back instead.
MAX_WAITING: Final = 2_000
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
# A database that takes longer is away, whatever it says later: M8 wants the 503 within 3 s.
MAX_SECONDS: Final = 2.5

# A group is of many sources; the receipts, not the actor, say whose delivery is whose.
_DOOR = Actor(kind="source", id="group")


@dataclass(slots=True)
class _Waiting:
    incoming: Incoming
    receipt: "asyncio.Future[Receipt]"


class GroupCommit:
    """The way into the journal for single deliveries; one in each process.

    Workspaces take turns, a group each, so that a busy one delays the others by a group and not by
    its queue. `after_commit` gets the queues to wake; what it raises is logged and forgotten.
    """

    def __init__(
        self,
        database: Database,
        after_commit: Callable[[Collection[str]], Awaitable[None]],
        *,
        max_waiting: int = MAX_WAITING,
        groups_at_once: int = GROUPS_AT_ONCE,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._database = database
        self._after_commit = after_commit
        self._max_waiting = max_waiting
        self._groups_at_once = groups_at_once
        self._max_seconds = max_seconds
        self._lanes: OrderedDict[UUID, deque[_Waiting]] = OrderedDict()
        self._waiting = 0
        self._waiting_bytes = 0
        self._writing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, door: SourceDoor, incoming: Incoming) -> Receipt:
        """Return the receipt once it is durable.

        Raises UnavailableError when too many wait already, when it takes too long, or when the
        database is away; a caller who is cancelled leaves the delivery in its group, and the
        sender's retry finds it there.
        """
        if self._waiting >= self._max_waiting or self._waiting_bytes > MAX_WAITING_BYTES:
            raise UnavailableError("Too many deliveries are waiting to be stored.")
        waiting = _Waiting(incoming, asyncio.get_running_loop().create_future())
        self._lanes.setdefault(door.workspace_id, deque()).append(waiting)
        self._waiting += 1
        self._waiting_bytes += len(incoming.body)
        if self._writing < self._groups_at_once:
            self._writing += 1
            self._keep(self._write_groups())
        try:
            async with asyncio.timeout(self._max_seconds):
                return await waiting.receipt
        except TimeoutError:
            # It may still be written; whoever sends it again is told.
            raise UnavailableError from None

    async def close(self) -> None:
        """Wait until everything that was taken in is written or refused."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write_groups(self) -> None:
        try:
            while self._lanes:
                workspace_id, group = self._next_group()
                await self._write(workspace_id, group)
        finally:
            # In the same step as the look above: whoever comes next starts a writer again.
            self._writing -= 1

    def _next_group(self) -> tuple[UUID, list[_Waiting]]:
        workspace_id, lane = self._lanes.popitem(last=False)
        group = [lane.popleft()]
        size = len(group[0].incoming.body)
        while lane and len(group) < MAX_GROUP and size < MAX_GROUP_BYTES:
            group.append(lane.popleft())
            size += len(group[-1].incoming.body)
        if lane:
            # To the end of the line: the next turn belongs to somebody else.
            self._lanes[workspace_id] = lane
        self._waiting -= len(group)
        self._waiting_bytes -= size
        return workspace_id, group

    async def _write(self, workspace_id: UUID, group: Sequence[_Waiting]) -> None:
        try:
            receipts, wakes = await self._commit(workspace_id, group)
        except Exception as error:  # noqa: BLE001 - each waiting caller gets it and answers for it
            if len(group) > 1 and not isinstance(error, UnavailableError):
                # What one delivery cannot have must not cost the others theirs.
                for alone in group:
                    await self._write(workspace_id, [alone])
                return
            for waiting in group:
                if not waiting.receipt.done():
                    waiting.receipt.set_exception(error)
            return
        for waiting, receipt in zip(group, receipts, strict=True):
            if not waiting.receipt.done():
                waiting.receipt.set_result(receipt)
        if wakes:
            self._keep(self._wake(wakes))

    async def _commit(
        self, workspace_id: UUID, group: Sequence[_Waiting]
    ) -> tuple[list[Receipt], set[str]]:
        async with self._database.unit(workspace_id, actor=_DOOR) as uow:
            receipts = await accept(uow, [waiting.incoming for waiting in group])
        if __debug__ and uow.wakes:
            await failpoints.reach("intake.before_wake")
        return receipts, uow.wakes

    async def _wake(self, queues: Collection[str]) -> None:
        try:
            await self._after_commit(queues)
        except Exception as error:  # noqa: BLE001 - a lost wake costs a second, an answer would be lost
            log.warning("intake.wake_failed", error=type(error).__name__)

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
