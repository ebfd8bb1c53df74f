"""Bring parcels to their subscribers: claim, commit, send, write down what came of it."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.core.gateways.channels import port
from services.core.gateways.channels.wiring import Gateways
from services.core.kit import failpoints
from services.core.kit.clock import monotonic
from services.core.kit.errors import UnavailableError
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database
from services.core.subscriptions import rules
from services.core.subscriptions.repository import queueing, sending
from services.core.subscriptions.service.pausing import pause
from services.core.subscriptions.types import (
    Claim,
    Ending,
    Ordering,
    Outcome,
    ParcelState,
    PauseReason,
    Result,
)

log = structlog.get_logger(__name__)

SENDING_QUEUE: Final = "subscriptions"
GATEWAY: Final = "webhook"
# Longer than any sending may take, so that nobody else begins what is still on its way.
LEASE: Final = timedelta(seconds=30)
LONGEST_SENDING: Final = 20.0
# Sendings at a time to one endpoint: a slow one fills its own seats and no others.
WIDTH: Final = 8
CONCURRENCY: Final = 64
# How often to look for new parcels while some sending is slow.
LOOK_SECONDS: Final = 0.5
# Stops claiming in time for the last sending to end before a job of 30 s would be killed.
CLAIM_SECONDS: Final = 10.0

# Spreads retries; nothing to do with secrets, it is just the generator nobody can seed by accident.
_RNG: Final = secrets.SystemRandom()


async def claim_parcels(
    database: Database, limit: int, *, width: int = WIDTH, busy: Mapping[UUID, int] | None = None
) -> list[Claim]:
    """Take due parcels of any workspace, fairly over subscriptions; the lease is 30 s.

    After the commit each has an attempt on record. `busy` says how many this process has in hand.
    """
    with FIGURES.claiming(SENDING_QUEUE) as took:
        async with database.system() as uow:
            found = await sending.claim(uow, limit=limit, width=width, busy=busy or {}, lease=LEASE)
        took.append(len(found))
    return [_read(row) for row in found]


async def complete(database: Database, told: Sequence[tuple[Claim, Result]]) -> None:
    """Write results together; those of claims that were taken over meanwhile change nothing.

    An endpoint that said 410, or failed for three days, is paused, and somebody warned.
    """
    async with database.system() as uow:
        endings = [_ending(claim, result, uow.real_now) for claim, result in told]
        over = [
            one.claim.subscription_id
            for one in endings
            if one.claim.ordered and one.state is not ParcelState.PENDING
        ]
        await queueing.take_turns(uow, over)
        await sending.complete(uow, endings)
        await sending.release(uow, endings)
    # Apart, because a cursor being moved holds the subscription's row.
    async with database.system() as uow:
        hopeless = await sending.note_health(uow, endings, patience=rules.FAILING_BEFORE_PAUSE)
    for row in hopeless:
        # Whoever dies here leaves it to the next failure.
        async with database.unit(row.workspace_id) as uow:
            paused = await pause(uow, row.id, PauseReason(row.reason))
        if paused:
            log.warning("subscription.paused", subscription_id=str(row.id), reason=row.reason)


async def send_due(
    database: Database,
    gateways: Gateways,
    *,
    limit: int = 200,
    concurrency: int = CONCURRENCY,
    width: int = WIDTH,
    claim_seconds: float = CLAIM_SECONDS,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send until nothing is due, for `claim_seconds` or until `stopping`; returns how many.

    While a slow endpoint is waited for, the others are looked after. When cancelled, what is on its
    way is in doubt: it is sent again soon, under the same webhook-id.
    """
    tour = _Tour(database, gateways, concurrency)
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
    """What one `send_due` has on its way. Results are written together, as many as have come."""

    def __init__(self, database: Database, gateways: Gateways, concurrency: int) -> None:
        self._database = database
        self._gateway = gateways[GATEWAY]
        self._concurrency = concurrency
        self._busy: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: list[tuple[Claim, Result]] = []
        self._writer: asyncio.Task[None] | None = None
        self.taken = 0

    async def take(self, limit: int, width: int) -> bool:
        """Claim and begin sending; True when nothing was due though every seat was free."""
        seats = min(limit, self._concurrency - self._busy.total())
        if seats <= 0:
            return False
        busy = {one: count for one, count in self._busy.items() if count}
        claimed = await claim_parcels(self._database, seats, width=width, busy=busy)
        self.taken += len(claimed)
        for claim in claimed:
            self._busy[claim.subscription_id] += 1
            task = asyncio.create_task(self._send(claim))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # What ended while we were asking may have made room for parcels this claim had to leave.
        return not busy and not claimed

    async def wait(self) -> None:
        """Until something ends, or something new may have come."""
        under_way = [*self._tasks, *([self._writer] if self._writer else [])]
        if under_way:
            await asyncio.wait(under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self) -> None:
        """Wait for what is on its way and written down; each sending is bounded."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._writer is not None:
            await self._writer

    async def drop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            await self._writer

    async def _send(self, claim: Claim) -> None:
        if claim.request_id:
            # In a task of its own: the id stays with this sending.
            structlog.contextvars.bind_contextvars(request_id=claim.request_id)
        try:
            result = rules.judge(await self._call(claim))
        except asyncio.CancelledError:
            # Nobody shall wait for the lease of a process that ends.
            doubt = Result(Outcome.IN_DOUBT, detail="The worker ended while it was sending.")
            self._tell(claim, doubt)
            raise
        if result.outcome is not Outcome.SENT:
            log.info(
                "subscription.not_arrived",
                subscription_id=str(claim.subscription_id),
                seq=claim.seq,
                outcome=result.outcome.value,
                status_code=result.status_code,
            )
        self._tell(claim, result)

    async def _call(self, claim: Claim) -> port.Answer:
        webhook_id = rules.webhook_id_of(claim.subscription_id, claim.seq)
        parcel = port.Parcel(
            webhook_id, claim.message, {"url": claim.url}, claim.secrets, claim.request_id
        )
        try:
            async with asyncio.timeout(LONGEST_SENDING):
                if __debug__:
                    await failpoints.reach("sink.before_send")
                answer = await self._gateway.send(parcel)
                if __debug__:
                    await failpoints.reach("sink.after_send")
                return answer
        except TimeoutError:
            return port.Answer(failure=port.Failure.TIMEOUT, detail="The sending took too long.")
        except Exception:
            # A mistake of ours must cost its own parcel an attempt, not everybody theirs.
            log.exception("subscription.gateway_broke")
            return port.Answer(failure=port.Failure.LOST, detail="The gateway broke.")

    def _tell(self, claim: Claim, result: Result) -> None:
        self._told.append((claim, result))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._told:
                told, self._told = self._told, []
                await self._write_some(told)
        finally:
            self._writer = None

    async def _write_some(self, told: list[tuple[Claim, Result]]) -> None:
        try:
            await complete(self._database, told)
        except UnavailableError:
            # The leases run out and the parcels are sent again, under the same webhook-ids.
            log.warning("subscription.results_lost", count=len(told))
        except Exception:
            log.exception("subscription.results_broke", count=len(told))
        finally:
            self._busy.subtract(claim.subscription_id for claim, _ in told)


def _ending(claim: Claim, result: Result, now: datetime) -> Ending:
    delay = rules.delay_after(claim.attempt, _RNG, retry_after=result.retry_after)
    state = rules.state_after(result.outcome, claim.attempt)
    return Ending(claim, result, state, now + delay)


def _read(row: Row[Any]) -> Claim:
    subject = (row.subject_kind, row.subject_id)
    return Claim(
        workspace_id=row.workspace_id,
        subscription_id=row.subscription_id,
        seq=row.seq,
        token=row.token,
        attempt=row.attempts,
        ordered=row.ordering == Ordering.SUBJECT,
        subject_id=row.subject_id,
        url=row.url,
        secrets=tuple(one for one in (row.secret, row.old_secret) if one),
        message=rules.build_message(row.seq, row.kind, subject, row.payload, row.at),
        request_id=row.request_id,
    )
