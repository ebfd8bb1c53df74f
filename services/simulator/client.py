"""Sends planned deliveries as a careful producer does: signed, on time, again when asked to wait.

Sending times come from the plan. When the server or the connection limit holds a delivery up, the
next one is still due when it is due; what waits is counted as lag.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from random import Random
from typing import Self

import httpx

from services.core.kit.clock import host_now
from services.simulator.counters import Counters
from services.simulator.deliveries import PlannedDelivery
from services.simulator.ledger import Ledger, LedgerLine
from services.simulator.signing import signed_headers

# How long a sleeping sender may overlook that it was asked to stop.
_NAP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How patient the producer is.

    `max_in_flight` requests run at once; `max_waiting` deliveries may wait for that or for a
    retry, beyond it they are given up so that a dead server cannot exhaust the memory. A server's
    Retry-After is obeyed up to `longest_wait_seconds`.
    """

    max_in_flight: int = 32
    max_waiting: int = 20_000
    attempts: int = 10
    timeout_seconds: float = 10.0
    first_wait_seconds: float = 0.2
    longest_wait_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt brought; `status` is None when no answer came."""

    status: int | None
    accepted: int | None = None
    duplicates: int | None = None
    retry_after_seconds: float | None = None

    @property
    def is_ack(self) -> bool:
        return (
            self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
        )

    @property
    def is_worth_retrying(self) -> bool:
        return (
            self.status is None
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


class DeliveryClient:
    """One source's sender. Use as `async with`; `counters` may be read at any time."""

    def __init__(
        self,
        base_url: str,
        source_id: str,
        secret: str,
        *,
        policy: SendPolicy | None = None,
        ledger: Ledger | None = None,
        counters: Counters | None = None,
        seed: int = 0,
        now: Callable[[], datetime] = host_now,
    ) -> None:
        self.counters = counters or Counters()
        self._url = f"{base_url.rstrip('/')}/v1/sources/{source_id}/deliveries"
        self._secret = secret
        self._policy = policy or SendPolicy()
        self._ledger = ledger or Ledger(None)
        self._rng = Random(f"patience:{seed}")
        self._now = now
        self._lines = _open_lines(self._policy)
        # Last in, first out: at a low rate the same few connections stay warm.
        self._free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for line in self._lines:
            self._free.put_nowait(line)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self._lines:
            await line.aclose()

    async def run(self, deliveries: Iterable[PlannedDelivery], stop: asyncio.Event) -> None:
        """Send every delivery at its time, counted from now; returns when all came to an end.

        When `stop` is set, nothing new is sent, waiting ones are given up, and requests under way
        are still answered or time out.
        """
        origin = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as sending:
            for delivery in deliveries:
                due = origin + delivery.at_offset_seconds
                if not await _sleep_until(due, stop):
                    return
                if self.counters.waiting >= self._policy.max_waiting:
                    self._finish(delivery, due, None, Answer(None), attempts=0)
                    continue
                self.counters.waiting += 1
                sending.create_task(self._deliver(delivery, due, stop))

    async def send(self, delivery: PlannedDelivery) -> Answer:
        """Send one delivery now, with the same retries; returns the last answer."""
        self.counters.waiting += 1
        now = asyncio.get_running_loop().time()
        return await self._deliver(delivery, now, asyncio.Event())

    async def _deliver(self, delivery: PlannedDelivery, due: float, stop: asyncio.Event) -> Answer:
        loop = asyncio.get_running_loop()
        answer = Answer(None)
        first_sent_at: datetime | None = None
        attempt = 0
        while attempt < self._policy.attempts and not stop.is_set():
            async with self._free_line() as line:
                if stop.is_set():
                    break
                if first_sent_at is None:
                    first_sent_at = self._now()
                    self.counters.sent += 1
                    self.counters.note_lag(loop.time() - due)
                else:
                    self.counters.retries += 1
                attempt += 1
                answer = await self._attempt(line, delivery)
            if not answer.is_worth_retrying or attempt == self._policy.attempts:
                break
            await _sleep_until(loop.time() + self._patience(attempt, answer), stop)
        self.counters.waiting -= 1
        self._finish(delivery, due, first_sent_at, answer, attempts=attempt)
        return answer

    @asynccontextmanager
    async def _free_line(self) -> AsyncIterator[httpx.AsyncClient]:
        line = await self._free.get()
        try:
            yield line
        finally:
            self._free.put_nowait(line)

    async def _attempt(self, line: httpx.AsyncClient, delivery: PlannedDelivery) -> Answer:
        # Signed anew each time: the id stays, but a timestamp five minutes old is refused.
        timestamp = int(self._now().timestamp())
        headers = signed_headers(self._secret, delivery.webhook_id, timestamp, delivery.body)
        headers["content-type"] = "application/json"
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            response = await line.post(self._url, content=delivery.body, headers=headers)
        except httpx.TransportError as trouble:
            self.counters.statuses[type(trouble).__name__] += 1
            return Answer(None)
        self.counters.statuses[str(response.status_code)] += 1
        answer = read_answer(response, now=self._now())
        if answer.is_ack:
            self.counters.from_send.record(loop.time() - began)
        return answer

    def _patience(self, attempt: int, answer: Answer) -> float:
        longest = self._policy.longest_wait_seconds
        if answer.retry_after_seconds is not None:
            return min(answer.retry_after_seconds, longest)
        widest: float = min(self._policy.first_wait_seconds * 2 ** (attempt - 1), longest)
        # Between half and all of it, so that many senders do not come back together.
        return widest * (0.5 + self._rng.random() / 2)

    def _finish(
        self,
        delivery: PlannedDelivery,
        due: float,
        first_sent_at: datetime | None,
        answer: Answer,
        *,
        attempts: int,
    ) -> None:
        late = asyncio.get_running_loop().time() - due
        now = self._now()
        if answer.is_ack:
            self.counters.acked += 1
            self.counters.events_acked += len(delivery.event_ids)
            self.counters.accepted += answer.accepted or 0
            self.counters.duplicates += answer.duplicates or 0
            self.counters.from_plan.record(late)
        else:
            self.counters.failed += 1
        self._ledger.write(
            LedgerLine(
                id=delivery.webhook_id,
                sha256=hashlib.sha256(delivery.body).hexdigest(),
                planned_at=(now - timedelta(seconds=late)).isoformat(),
                sent_at=first_sent_at.isoformat() if first_sent_at else None,
                ack_at=now.isoformat() if answer.is_ack else None,
                status=answer.status,
                attempts=attempts,
                accepted=answer.accepted,
                duplicates=answer.duplicates,
                is_repeat=delivery.is_repeat,
                events=delivery.event_ids,
            )
        )


def _open_lines(policy: SendPolicy) -> list[httpx.AsyncClient]:
    """One client, with one connection, for each request that may be in flight.

    A shared pool looks at all its connections for every request: at 64 of them that was most of
    the sender's time.
    """
    certificates = httpx.create_ssl_context(trust_env=False)
    return [
        httpx.AsyncClient(
            verify=certificates,
            timeout=policy.timeout_seconds,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            # The simulator speaks to the address it was given, whatever proxies the host has.
            trust_env=False,
        )
        for _ in range(policy.max_in_flight)
    ]


def read_answer(response: httpx.Response, *, now: datetime) -> Answer:
    """The answer as the contract words it; an odd body costs the counts, never the status."""
    body: object = None
    with suppress(ValueError):
        body = response.json()
    found = body if isinstance(body, dict) else {}
    return Answer(
        status=response.status_code,
        accepted=_count(found.get("accepted")),
        duplicates=_count(found.get("duplicates")),
        retry_after_seconds=_seconds_to_wait(response.headers.get("retry-after"), now=now),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds_to_wait(header: str | None, *, now: datetime) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max((at - now).total_seconds(), 0.0)


async def _sleep_until(moment: float, stop: asyncio.Event) -> bool:
    """Whether the moment came before the stop; always lets others run once."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while not stop.is_set():
        left = moment - loop.time()
        if left <= 0:
            return True
        await asyncio.sleep(min(left, _NAP_SECONDS))
    return False
