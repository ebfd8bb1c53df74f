"""Empty the outbox: claim, commit, send without a transaction, write down what came of it."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.core.alerts import answers, rules
from services.core.alerts.facts import send_dead_lettered
from services.core.alerts.repository import sending
from services.core.alerts.service.raising import ALERTS_QUEUE
from services.core.alerts.types import (
    ChannelKind,
    Dispatch,
    OutboxState,
    Outcome,
    SendResult,
)
from services.core.gateways.channels.port import Answer, Failure, Parcel
from services.core.gateways.channels.wiring import Gateways
from services.core.kit import failpoints
from services.core.kit.clock import monotonic
from services.core.kit.errors import UnavailableError
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database
from services.core.stream import service as stream

log = structlog.get_logger(__name__)

# Longer than any sending may take, so that nobody else begins what is still on its way.
LEASE: Final = timedelta(seconds=30)
LONGEST_SENDING: Final = 20.0
MAX_ATTEMPTS: Final = 10
# Sendings at a time to one channel: a slow one fills its own seats and no others.
WIDTH: Final = 4
# How often to look for new rows while some sending is slow.
LOOK_SECONDS: Final = 0.5
# Stops claiming in time for the last sending to end before a job of 30 s would be killed.
CLAIM_SECONDS: Final = 15.0

# Spreads retries; nothing to do with secrets, it is just the generator nobody can seed by accident.
_RNG: Final = secrets.SystemRandom()


async def claim_dispatches(
    database: Database,
    limit: int,
    *,
    width: int = WIDTH,
    busy: Mapping[UUID, int] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> list[Dispatch]:
    """Take due rows of any workspace, fairly over channels, urgent first; the lease is 30 s.

    After the commit each has an attempt on record. `busy` says how many this process is sending to
    a channel already. A row that used up its attempts without ending any dies here.
    """
    with FIGURES.claiming(ALERTS_QUEUE) as took:
        async with database.system() as uow:
            rows = await sending.claim(
                uow,
                limit=limit,
                width=width,
                busy=busy or {},
                lease=LEASE,
                max_attempts=max_attempts,
            )
            for row in rows:
                if row.state == OutboxState.DEAD:
                    fact = send_dead_lettered(_read(row), SendResult(Outcome.IN_DOUBT))
                    await stream.announce(replace(uow, workspace_id=row.workspace_id), [fact])
        took.append(len(rows))
    return [_read(row) for row in rows if row.state == OutboxState.PENDING]


async def complete(
    database: Database,
    dispatch: Dispatch,
    result: SendResult,
    *,
    max_attempts: int = MAX_ATTEMPTS,
) -> bool:
    """Write the result if the claim still holds; False when it was taken over or cancelled.

    A failure waits for its next turn, or becomes a dead letter and announces `send.dead_lettered`.
    """
    async with database.unit(dispatch.workspace_id) as uow:
        delay = rules.delay_after(dispatch.attempt, _RNG, retry_after=result.retry_after)
        state = rules.state_after(result.outcome, dispatch.attempt, max_attempts)
        written = await sending.complete(
            uow, dispatch, state=state, next_at=uow.real_now + delay, result=result
        )
        if written and state is OutboxState.DEAD:
            await stream.announce(uow, [send_dead_lettered(dispatch, result)])
    return written


async def send_due(
    database: Database,
    gateways: Gateways,
    *,
    limit: int = 100,
    concurrency: int = 16,
    width: int = WIDTH,
    max_attempts: int = MAX_ATTEMPTS,
    claim_seconds: float = CLAIM_SECONDS,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send until nothing is due, for `claim_seconds` or until `stopping`; returns how many.

    `limit` bounds one claim, `concurrency` what is on its way at once. While a slow channel is
    waited for, the others are looked after. When cancelled, what is on its way is in doubt: it is
    sent again soon, marked.
    """
    tour = _Tour(database, gateways, max_attempts, concurrency)
    stop_at = monotonic() + claim_seconds
    try:
        while not stopping() and monotonic() < stop_at and not await tour.take(limit, width):
            await tour.wait()
    except UnavailableError:
        # No new claim for now, but what is on its way may still be written down.
        await tour.finish()
        raise
    else:
        await tour.finish()
    finally:
        await tour.drop()
    return tour.taken


class _Tour:
    """What one `send_due` has on its way."""

    def __init__(
        self, database: Database, gateways: Gateways, max_attempts: int, concurrency: int
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._max_attempts = max_attempts
        self._concurrency = concurrency
        self._busy: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self.taken = 0

    async def take(self, limit: int, width: int) -> bool:
        """Claim and begin sending; True when nothing was due though every seat was free."""
        seats = min(limit, self._concurrency - len(self._tasks))
        if seats == 0:
            return False
        busy = {channel_id: count for channel_id, count in self._busy.items() if count}
        claimed = await claim_dispatches(
            self._database, seats, width=width, busy=busy, max_attempts=self._max_attempts
        )
        self.taken += len(claimed)
        for dispatch in claimed:
            self._busy[dispatch.channel_id] += 1
            task = asyncio.create_task(self._send(dispatch))
            self._tasks.add(task)
            task.add_done_callback(self._end)
        # What ended while we were asking may have made room for rows this claim had to leave.
        return not busy and not claimed

    async def wait(self) -> None:
        """Until something ends, or something new may have come."""
        if self._tasks:
            await asyncio.wait(
                self._tasks, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )

    async def finish(self) -> None:
        """Wait for what is on its way; each sending is bounded."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def drop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("send.broke", exc_info=error)

    async def _send(self, dispatch: Dispatch) -> None:
        try:
            result = answers.judge(await self._call(dispatch))
            await complete(self._database, dispatch, result, max_attempts=self._max_attempts)
        except UnavailableError:
            # The lease runs out and the row is sent again, marked as in doubt.
            log.warning("send.result_lost", outbox_id=str(dispatch.outbox_id))
        except asyncio.CancelledError:
            # Nobody shall wait for the lease of a process that ends.
            doubt = SendResult(Outcome.IN_DOUBT, detail="The worker ended while it was sending.")
            await complete(self._database, dispatch, doubt, max_attempts=self._max_attempts)
            raise
        finally:
            self._busy[dispatch.channel_id] -= 1

    async def _call(self, dispatch: Dispatch) -> Answer:
        message = dict(dispatch.message)
        if dispatch.in_doubt:
            message["repeat"] = True
        parcel = Parcel(
            dispatch.outbox_id, message, dispatch.channel_config, dispatch.channel_secrets
        )
        gateway = self._gateways.get(dispatch.channel_kind)
        if gateway is None:
            return Answer(failure=Failure.MISCONFIGURED, detail="No gateway for this channel.")
        try:
            async with asyncio.timeout(LONGEST_SENDING):
                if __debug__:
                    await failpoints.reach("sink.before_send")
                answer = await gateway.send(parcel)
                if __debug__:
                    await failpoints.reach("sink.after_send")
                return answer
        except TimeoutError:
            return Answer(failure=Failure.TIMEOUT, detail="The sending took too long.")
        except Exception:
            # A gateway with a bug must cost its own channel its attempts, not everybody theirs.
            log.exception("send.gateway_broke", channel_id=str(dispatch.channel_id))
            return Answer(failure=Failure.LOST, detail="The gateway broke.")


def _read(row: Row[Any]) -> Dispatch:
    return Dispatch(
        workspace_id=row.workspace_id,
        outbox_id=row.id,
        alert_id=row.alert_id,
        channel_id=row.channel_id,
        token=row.token,
        attempt=row.attempts,
        in_doubt=row.in_doubt,
        channel_kind=ChannelKind(row.kind),
        channel_config=row.config,
        message=row.message,
        channel_secrets=tuple(one for one in (row.secret, row.old_secret) if one),
    )
