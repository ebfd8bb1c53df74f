"""Empty the outbox: claim, commit, send without a transaction, write down what came of it."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

import structlog

from services.core.alerts import answers, digests
from services.core.alerts.buckets import bucket_of
from services.core.alerts.service.claiming import (
    MAX_ATTEMPTS,
    USUAL,
    WIDTH,
    SendLimits,
    claim_dispatches,
)
from services.core.alerts.service.landing import Ledger, Load
from services.core.alerts.types import Dispatch, Outcome, SendResult
from services.core.gateways.channels.port import Answer, Failure, Parcel
from services.core.gateways.channels.wiring import Gateways
from services.core.kit import failpoints
from services.core.kit.clock import host_now, monotonic
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database

log = structlog.get_logger(__name__)

LONGEST_SENDING: Final = 20.0
# How often to look for new rows while some sending is slow.
LOOK_SECONDS: Final = 0.5
# Stops claiming in time for the last sending to end before a job of 30 s would be killed.
CLAIM_SECONDS: Final = 15.0


async def send_due(
    database: Database,
    gateways: Gateways,
    *,
    limit: int = 100,
    concurrency: int = 48,
    width: int = WIDTH,
    max_attempts: int = MAX_ATTEMPTS,
    storm_per_minute: int = USUAL.storm_per_minute,
    claim_seconds: float = CLAIM_SECONDS,
    look_seconds: float = LOOK_SECONDS,
    stopping: Callable[[], bool] = lambda: False,
    called: asyncio.Event | None = None,
) -> int:
    """Send until nothing is due, for `claim_seconds` or until `stopping`; returns how many.

    `limit` bounds the messages of one claim, `concurrency` what is on its way at once. While a slow
    channel is waited for, the others are looked after: every `look_seconds`, and at once whenever
    `called` is set, which it is at the end if there may be more. After `claim_seconds` nothing
    joins what is on its way then, and all others go on until that has ended. When cancelled, what
    is on its way is in doubt: it is sent again soon, marked.
    """
    limits = SendLimits(width, max_attempts, storm_per_minute)
    tour = _Tour(database, gateways, limits, concurrency, called or asyncio.Event())
    stop_at = monotonic() + claim_seconds
    try:
        while not stopping() and await tour.go_on(limit, look_seconds):
            if monotonic() >= stop_at and not tour.is_closing():
                break
    except UnavailableError:
        # No new claim for now, but what is on its way may still be written down.
        await tour.finish()
        raise
    else:
        await tour.finish()
        if tour.closing is not None:
            tour.called.set()
    finally:
        await tour.drop()
    return tour.taken


class _Tour:
    """What one `send_due` has on its way.

    A claim is dear, so there is one only where it may find something: when somebody called, when a
    seat is free that was lacking, and now and then, since what waits for a bucket calls nobody.
    """

    def __init__(
        self,
        database: Database,
        gateways: Gateways,
        limits: SendLimits,
        concurrency: int,
        called: asyncio.Event,
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._limits = limits
        self._concurrency = concurrency
        self._ledger = Ledger(database, limits.max_attempts)
        self._busy: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        # The channels that are only waited for; none before the end is near.
        self.closing: frozenset[UUID] | None = None
        # Whether the last claim had too few seats for all it might have found.
        self._is_cut = False
        self.called = called
        self.taken = 0

    async def go_on(self, limit: int, look_seconds: float) -> bool:
        """Claim, begin sending, rest until more may be due; False when nothing is left to do."""
        self.called.clear()
        seats = min(limit, self._concurrency - len(self._tasks))
        loads = loads_of(await self._claim(seats)) if seats > 0 else []
        self._is_cut = len(loads) == seats
        for load in loads:
            self._busy[load[0].channel_id] += 1
            task = asyncio.create_task(self._send(load))
            self._tasks.add(task)
            task.add_done_callback(self._end)
        await self._rest(look_seconds)
        return bool(self._tasks) or self.called.is_set()

    def is_closing(self) -> bool:
        """Whether something is still on its way that was when this was asked first.

        Its channel gets nothing more until then: a dead one would otherwise have no end, and if all
        waited for it, nobody would be told of anything for as long as it may stay silent.
        """
        if self.closing is None:
            self.closing = frozenset(channel for channel, count in self._busy.items() if count)
        return any(self._busy[channel] for channel in self.closing)

    async def _claim(self, seats: int) -> list[Dispatch]:
        claimed = await claim_dispatches(
            self._database,
            seats,
            width=self._limits.width,
            busy={channel_id: count for channel_id, count in self._busy.items() if count}
            | dict.fromkeys(self.closing or (), self._concurrency),
            max_attempts=self._limits.max_attempts,
            storm_per_minute=self._limits.storm_per_minute,
        )
        self.taken += len(claimed)
        return claimed

    async def _rest(self, look_seconds: float) -> None:
        """Until somebody calls, nothing is on its way any more, or it is time to look again."""
        until = monotonic() + look_seconds
        heard = asyncio.create_task(self.called.wait())
        try:
            while self._tasks and not self.called.is_set() and (left := until - monotonic()) > 0:
                waits = {heard, *self._tasks}
                await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()

    async def finish(self) -> None:
        """Wait for what is on its way; each sending is bounded."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._ledger.finish()

    async def drop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ledger.finish()

    def _end(self, task: asyncio.Task[None]) -> None:
        if self._is_cut:
            self.called.set()
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("send.broke", exc_info=error)

    async def _send(self, load: Load) -> None:
        first = load[0]
        if (request_id := request_of(load)) is not None:
            # In a task of its own: the id stays with this sending.
            structlog.contextvars.bind_contextvars(request_id=request_id)
        has_seat = True
        try:
            result = answers.judge(await self._call(load))
            _write_line(load, result)
            if result.outcome is Outcome.SENT and not first.knocks:
                # The other side is done with it: nobody has to wait until that is written. Only
                # what it does to a door is to be seen by the next claim.
                self._leave_seat(load)
                has_seat = False
            await self._write_down(load, result)
        except UnavailableError:
            # The lease runs out and the rows are sent again, marked as in doubt.
            log.warning("send.result_lost", outbox_id=str(first.outbox_id), rows=len(load))
        except asyncio.CancelledError:
            # Nobody shall wait for the lease of a process that ends. Where the result is being
            # written already, this comes behind it and changes nothing.
            doubt = SendResult(Outcome.IN_DOUBT, detail="The worker ended while it was sending.")
            await self._write_down(load, doubt)
            raise
        finally:
            if has_seat:
                self._leave_seat(load)

    def _leave_seat(self, load: Load) -> None:
        """The last seat of a channel, a digest and a knock may each have kept due rows back."""
        first = load[0]
        width = bucket_of(first.channel_kind).width or self._limits.width
        is_full = self._busy[first.channel_id] >= min(width, self._limits.width)
        if is_full or first.digest_id is not None or first.knocks:
            self.called.set()
        self._busy[first.channel_id] -= 1

    async def _write_down(self, load: Load, result: SendResult) -> None:
        if (await self._ledger.write(load, result)).reopened:
            self.called.set()

    async def _call(self, load: Load) -> Answer:
        gateway = self._gateways.get(load[0].channel_kind)
        if gateway is None:
            return Answer(failure=Failure.MISCONFIGURED, detail="No gateway for this channel.")
        parcel = parcel_of(load)
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
            log.exception("send.gateway_broke", channel_id=str(load[0].channel_id))
            return Answer(failure=Failure.LOST, detail="The gateway broke.")


def loads_of(claimed: Iterable[Dispatch]) -> list[Load]:
    """What was claimed as it goes out: rows of one digest together, in the order they came."""
    together: dict[UUID, list[Dispatch]] = defaultdict(list)
    for dispatch in claimed:
        together[dispatch.digest_id or dispatch.outbox_id].append(dispatch)
    return [tuple(members) for members in together.values()]


def parcel_of(load: Load) -> Parcel:
    """The one message of it; the id is the row's, or the digest's."""
    first = load[0]
    if first.digest_id is not None:
        message = digests.build_digest(load, now=host_now())
    else:
        message = dict(first.message) | ({"repeat": True} if first.in_doubt else {})
    return Parcel(
        first.digest_id or first.outbox_id,
        message,
        first.channel_config,
        first.channel_secrets,
        request_of(load),
    )


def request_of(load: Load) -> str | None:
    """The request it came of; of a digest only what all of it came of."""
    return load[0].request_id if len({one.request_id for one in load}) == 1 else None


def _write_line(load: Load, result: SendResult) -> None:
    first = load[0]
    log.info(
        "send.ended",
        outbox_id=str(first.outbox_id),
        alert_id=str(first.alert_id),
        channel_id=str(first.channel_id),
        rows=len(load),
        attempt=first.attempt,
        outcome=result.outcome.value,
        status_code=result.status_code,
        took_ms=result.took_ms,
    )
