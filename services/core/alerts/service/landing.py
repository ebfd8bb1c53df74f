"""Write down what came of messages: for the rows, together what ended together; for the channel."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from services.core.alerts import breaker, rules
from services.core.alerts.facts import send_dead_lettered
from services.core.alerts.repository import channel_states, sending
from services.core.alerts.service.claiming import MAX_ATTEMPTS
from services.core.alerts.service.pausing import pause_channel
from services.core.alerts.service.raising import ALERTS_QUEUE
from services.core.alerts.types import Dispatch, Ending, OutboxState, Outcome, SendResult
from services.core.kit.errors import UnavailableError
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream

log = structlog.get_logger(__name__)

# What was begun together ends within moments of each other. A process that dies while it waits for
# more leaves that much more in doubt, so it is not long.
GATHER_SECONDS: Final = 0.01

# What goes out as one message.
Load = tuple[Dispatch, ...]

# Spreads retries; nothing to do with secrets, it is just the generator nobody can seed by accident.
_RNG: Final = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Written:
    """How many claims of a message still held, and whether its channel was shut until then."""

    count: int
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class _Landed:
    """A message that ended, and whoever waits for that to be written."""

    endings: Sequence[Ending]
    written: asyncio.Future[Written]


class Ledger:
    """Results of one process, written together by workspace, as many as have come meanwhile."""

    def __init__(self, database: Database, max_attempts: int = MAX_ATTEMPTS) -> None:
        self._database = database
        self._max_attempts = max_attempts
        self._landed: dict[UUID, list[_Landed]] = defaultdict(list)
        self._writers: dict[UUID, asyncio.Task[None]] = {}

    async def write(self, load: Load, result: SendResult) -> Written:
        """Write the result of one message for every row it carried.

        A failure waits for its next turn, or becomes a dead letter and announces
        `send.dead_lettered`. The channel's door is shut or opened by it, and where it is shut for
        good, the channel paused. Raises UnavailableError; the result is then written or not.
        """
        first = load[0]
        landed = _Landed(
            _endings_of(load, result, self._max_attempts),
            asyncio.get_running_loop().create_future(),
        )
        self._landed[first.workspace_id].append(landed)
        if first.workspace_id not in self._writers:
            writer = asyncio.create_task(self._write_of(first.workspace_id))
            self._writers[first.workspace_id] = writer
        written = await landed.written
        # Apart from the rows: a door is fought over, and nobody may wait for it with rows in hand.
        if written.reopened:
            await _catch_up(self._database, first)
        elif result.outcome is not Outcome.SENT:
            await _shut(self._database, first, result)
        return written

    async def finish(self) -> None:
        """Wait until all that has come is written."""
        while self._writers:
            await asyncio.wait(self._writers.values())

    async def _write_of(self, workspace_id: UUID) -> None:
        try:
            await asyncio.sleep(GATHER_SECONDS)
            while landed := self._landed.pop(workspace_id, None):
                await asyncio.gather(
                    *(self._write_alone(one) for one in await self._write_together(landed))
                )
        finally:
            del self._writers[workspace_id]

    async def _write_together(self, landed: Sequence[_Landed]) -> Sequence[_Landed]:
        """One unit for all of them; returns those that have to be written by themselves."""
        if len(landed) == 1:
            return landed
        workspace_id = landed[0].endings[0].dispatch.workspace_id
        endings = [ending for one in landed for ending in one.endings]
        try:
            async with self._database.unit(workspace_id) as uow:
                written = await sending.complete_free(uow, endings)
                reopened = await _follow(uow, endings, written)
                now = uow.real_now
        except UnavailableError:
            return landed
        except Exception:
            # One that cannot be written must not cost the others their results.
            log.exception("send.results_broke", count=len(landed))
            return landed
        _note_lags(endings, written, now)
        left = []
        for one in landed:
            if all(ending.dispatch.outbox_id in written for ending in one.endings):
                _settle(one, written, reopened)
            else:
                left.append(one)
        return left

    async def _write_alone(self, landed: _Landed) -> None:
        endings = landed.endings
        try:
            async with self._database.unit(endings[0].dispatch.workspace_id) as uow:
                written = await sending.complete(uow, endings)
                reopened = await _follow(uow, endings, written)
                now = uow.real_now
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            if not landed.written.done():
                landed.written.set_exception(error)
            return
        _note_lags(endings, written, now)
        _settle(landed, written, reopened)


async def complete(
    database: Database,
    dispatch: Dispatch,
    result: SendResult,
    *,
    max_attempts: int = MAX_ATTEMPTS,
) -> bool:
    """As `Ledger.write`, for a message about one alert; False when it was not written."""
    return (await Ledger(database, max_attempts).write((dispatch,), result)).count > 0


async def _follow(uow: UnitOfWork, endings: Sequence[Ending], written: set[UUID]) -> set[UUID]:
    """Announce what died, open the doors something came through; those that had been shut."""
    dead = [
        send_dead_lettered(one.dispatch, one.result)
        for one in endings
        if one.state is OutboxState.DEAD and one.dispatch.outbox_id in written
    ]
    await stream.announce(uow, dead)
    through = {one.dispatch.channel_id for one in endings if one.result.outcome is Outcome.SENT}
    return await channel_states.open_doors(uow, through) if through else set()


def _settle(landed: _Landed, written: set[UUID], reopened: set[UUID]) -> None:
    if landed.written.done():
        # Whoever waited for it was cancelled.
        return
    count = sum(ending.dispatch.outbox_id in written for ending in landed.endings)
    first = landed.endings[0]
    is_through = first.result.outcome is Outcome.SENT
    landed.written.set_result(Written(count, is_through and first.dispatch.channel_id in reopened))


def _endings_of(load: Load, result: SendResult, max_attempts: int) -> list[Ending]:
    # One wait for all that went together: they come back together.
    delay = rules.delay_after(load[0].attempt, _RNG, retry_after=result.retry_after)
    return [Ending(one, result, _state_of(one, result, max_attempts), delay) for one in load]


def _state_of(dispatch: Dispatch, result: SendResult, max_attempts: int) -> OutboxState:
    """A digest that is refused says nothing about the alerts in it: they get their other tries."""
    outcome = result.outcome
    if dispatch.digest_id is not None and outcome is Outcome.PERMANENT:
        outcome = Outcome.RETRYABLE
    return rules.state_after(outcome, dispatch.attempt, max_attempts)


def _note_lags(endings: Sequence[Ending], written: set[UUID], now: datetime) -> None:
    for ending in endings:
        one = ending.dispatch
        is_through = ending.result.outcome is Outcome.SENT and one.outbox_id in written
        if is_through and one.queued_at is not None:
            lag = (now - one.queued_at).total_seconds()
            FIGURES.note_sent(one.channel_kind.value, str(one.message.get("tier")), [lag])


async def _catch_up(database: Database, dispatch: Dispatch) -> None:
    async with database.unit(dispatch.workspace_id) as uow:
        await channel_states.bring_forward(uow, dispatch.channel_id)
        uow.wake(ALERTS_QUEUE)


async def _shut(database: Database, dispatch: Dispatch, result: SendResult) -> None:
    async with database.unit(dispatch.workspace_id) as uow:
        before = await channel_states.lock_door(uow, dispatch.channel_id)
        door = breaker.after_failure(before, result, uow.real_now, knocked=dispatch.knocks)
        await channel_states.put_door(uow, dispatch.channel_id, door)
        reason = breaker.reason_to_pause(door, uow.real_now)
    if door.trips > before.trips:
        log.warning("channel.shut", channel_id=str(dispatch.channel_id), trips=door.trips)
    if reason is not None:
        async with database.unit(dispatch.workspace_id) as uow:
            await pause_channel(uow, dispatch.channel_id, reason)
