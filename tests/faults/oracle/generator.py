"""Platforms under a plan: open loop, so a slow answer never makes the next event come later.

Every delivery goes out at its planned moment, whatever became of the ones before, and is repeated
as platforms repeat until it is acknowledged. Lags count from the planned moment, not from the send.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from services.simulator.signing import signed_headers
from tests.faults.oracle.ledger import ACCEPTED, Attempt, Entry, Ledger, digest
from tests.faults.oracle.stories import Planned

# Seconds between the attempts for one delivery; the last one goes on.
BACKOFF = (0.1, 0.3, 1.0, 2.0)
# How long a platform waits for an answer, and how long it tries at all.
PATIENCE = 10.0
GIVE_UP = 120.0
# Refusals that another attempt cannot mend.
FINAL = frozenset({400, 401, 404, 409, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace with one source whose secret the platform holds, and somebody who works there."""

    slug: str
    workspace_id: str
    source_id: str
    secret: str = field(repr=False)
    key: str = field(repr=False)
    member_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Generator:
    """Sends a plan to one door; `run` returns when every delivery has come to its end."""

    def __init__(
        self,
        ledger: Ledger,
        url: str,
        tenants: Sequence[Tenant],
        deliveries: Sequence[Planned],
        *,
        give_up: float = GIVE_UP,
    ) -> None:
        self._ledger = ledger
        self._address = urlsplit(url)
        self._tenants = tenants
        self._deliveries = deliveries
        self._give_up = give_up
        self.start = 0.0
        self.acknowledged = 0
        # Set by whoever has seen enough: what is still to be sent is not planned any more.
        self.enough = False

    async def run(self) -> None:
        self.start = time.time()
        async with asyncio.TaskGroup() as senders:
            for planned in self._deliveries:
                await _until(self.start + planned.at)
                if self.enough:
                    return
                senders.create_task(self._deliver(planned))

    async def _deliver(self, planned: Planned) -> None:
        tenant = self._tenants[planned.tenant]
        body = _body([one.event(self.start) for one in planned.said])
        entry = Entry(
            webhook_id=planned.webhook_id,
            tenant=tenant.slug,
            source_id=tenant.source_id,
            sha256=digest(body),
            planned_at=self.start + planned.at,
            events=[one.event(self.start) for one in planned.said],
            labels={f"{one.kind}:{one.key}": one.label for one in planned.said if one.label},
        )
        self._ledger.plan(entry)
        repeats = [self._send_until_acknowledged(entry, tenant, body)]
        if planned.again_after is not None:
            repeats.append(self._send_once_more(entry, tenant, body, planned.again_after))
        await asyncio.gather(*repeats)
        self.acknowledged += entry.acknowledged

    async def _send_until_acknowledged(self, entry: Entry, tenant: Tenant, body: bytes) -> None:
        give_up_at = time.time() + self._give_up
        number = 0
        while time.time() < give_up_at:
            attempt, wait = await self._attempt(entry, tenant, body)
            if attempt.status == ACCEPTED or attempt.status in FINAL:
                return
            pause = BACKOFF[min(number, len(BACKOFF) - 1)]
            await asyncio.sleep(max(pause, min(wait, 3.0)))
            number += 1

    async def _send_once_more(
        self, entry: Entry, tenant: Tenant, body: bytes, after: float
    ) -> None:
        await asyncio.sleep(after)
        await self._attempt(entry, tenant, body)

    async def _attempt(self, entry: Entry, tenant: Tenant, body: bytes) -> tuple[Attempt, float]:
        """One call, and for how many seconds the other side asked to be left alone."""
        sent_at = time.time()
        headers = signed_headers(tenant.secret, entry.webhook_id, int(sent_at), body)
        path = f"/v1/sources/{tenant.source_id}/deliveries"
        wait = 0.0
        try:
            answer = await call(self._address.hostname, self._address.port, path, headers, body)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            attempt = Attempt(sent_at, time.time(), error=type(error).__name__)
        else:
            receipt = json.loads(answer.body) if answer.status == ACCEPTED else None
            attempt = Attempt(sent_at, time.time(), answer.status, receipt)
            wait = float(answer.headers.get("retry-after", 0))
        self._ledger.add(entry, attempt)
        return attempt, wait


async def call(
    host: str | None, port: int | None, path: str, headers: dict[str, str], body: bytes
) -> Answer:
    """One POST on a connection of its own. Raises OSError, EOFError or TimeoutError without one."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            lines = [f"POST {path} HTTP/1.1", f"host: {host}:{port}", "connection: close"]
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            return await _answer(reader)
        finally:
            writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(first.split()[1]), headers, body)


async def _until(moment: float) -> None:
    if (ahead := moment - time.time()) > 0:
        await asyncio.sleep(ahead)


def _body(events: Sequence[dict[str, object]]) -> bytes:
    one = events[0] if len(events) == 1 else {"type": "batch", "data": {"events": list(events)}}
    return json.dumps(one, ensure_ascii=False).encode()
