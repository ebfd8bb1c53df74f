"""Single measurements of a running Warmline: acknowledgements, cases, throughput, memory."""

import asyncio
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from services.cli.terminal import CommandError
from services.core.kit.clock import host_now, monotonic
from services.simulator.signing import signed_headers

if TYPE_CHECKING:
    import asyncpg

_PAUSE: Final = 0.002  # seconds between two looks for a case
_PATIENCE: Final = 60.0
_BATCH: Final = 500
_SENDERS: Final = 4
_ACCEPTED: Final = 202
_COMPLAINT: Final = "用了三天脸上全是红疹，客服不理人，我要退款！order {number}"


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations in milliseconds."""

    p50: float
    p99: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        ordered = sorted(seconds)
        last = len(ordered) - 1
        p50, p99 = ordered[last // 2], ordered[round(last * 0.99)]
        return cls(p50 * 1000, p99 * 1000, len(ordered))


class Wire:
    """One kept-alive HTTP/1.1 connection without a library, so that we time the server."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status; the answer's body is read and dropped."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        lines = [f"POST {path} HTTP/1.1", "host: bench", "content-type: application/json"]
        lines += [f"content-length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        if length := re.search(rb"(?i)\r\ncontent-length: (\d+)", head):
            await reader.readexactly(int(length[1]))
        return int(head.split(maxsplit=2)[1])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass(frozen=True, slots=True)
class Target:
    """A source of the Warmline that is measured."""

    host: str
    port: int
    source_id: str
    secret: str

    @property
    def path(self) -> str:
        return f"/v1/sources/{self.source_id}/deliveries"

    def headers(self, webhook_id: str, body: bytes) -> dict[str, str]:
        return signed_headers(self.secret, webhook_id, int(host_now().timestamp()), body)


_numbers = itertools.count()


def complaint() -> tuple[str, bytes]:
    """An event that opens a case, with the platform's id of its comment."""
    number = f"{host_now():%H%M%S}-{next(_numbers)}"
    event = {
        "id": f"bench-{number}",
        "type": "comment.created",
        "timestamp": host_now().isoformat(),
        "data": {
            "id": f"c-{number}",
            "post_id": "bench-post",
            "author": {"id": f"a-{number}", "handle": f"reader{number}"},
            "text": _COMPLAINT.format(number=number),
        },
    }
    return f"c-{number}", json.dumps(event, ensure_ascii=False).encode()


async def acknowledgements(
    target: Target, rival_port: int, *, rounds: int, block: int
) -> tuple[Spread, Spread]:
    """One request at a time, ours and the rival's in turns: (ours, the rival's)."""
    ours, theirs = Wire(target.host, target.port), Wire(target.host, rival_port)
    took: tuple[list[float], list[float]] = ([], [])
    # The first block of each warms connections and caches and is not counted.
    for request in range((rounds + 1) * block):
        external_id, body = complaint()
        headers = target.headers(f"ack-{external_id}", body)
        for seconds, wire, path in (
            (took[0], ours, target.path),
            (took[1], theirs, "/deliveries"),
        ):
            began = monotonic()
            _expect(await wire.post(path, headers, body))
            if request >= block:
                seconds.append(monotonic() - began)
    ours.close()
    theirs.close()
    return Spread.of(took[0]), Spread.of(took[1])


async def cases(target: Target, database: "asyncpg.Connection", *, count: int) -> Spread:
    """From the acknowledgement until another session of the database sees the case."""
    wire, took = Wire(target.host, target.port), []
    for _ in range(count):
        external_id, body = complaint()
        _expect(await wire.post(target.path, target.headers(f"case-{external_id}", body), body))
        acked = monotonic()
        while not await database.fetchval(
            "SELECT EXISTS (SELECT FROM messages WHERE external_id = $1 AND case_id IS NOT NULL)",
            external_id,
        ):
            if monotonic() - acked > _PATIENCE:
                raise CommandError("An event did not become a case; read the worker's log.")
            await asyncio.sleep(_PAUSE)
        took.append(monotonic() - acked)
        # Off the worker's own rhythm, or every event would meet it at the same moment.
        await asyncio.sleep(0.03 + (len(took) % 17) * 0.02)
    wire.close()
    return Spread.of(took)


@dataclass(frozen=True, slots=True)
class Flood:
    """Seconds from the first request to the last acknowledgement, and to the last effect."""

    events: int
    acked_seconds: float
    done_seconds: float


async def flood(target: Target, database: "asyncpg.Connection", *, events: int) -> Flood:
    """A day's mix of events, sent as fast as the API takes them, until nothing waits."""
    bodies = list(_batches(events))
    began = monotonic()
    waiting = iter(enumerate(bodies))

    async def send() -> None:
        wire = Wire(target.host, target.port)
        for number, body in waiting:
            webhook_id = f"flood-{host_now():%H%M%S}-{number}"
            _expect(await wire.post(target.path, target.headers(webhook_id, body), body))
        wire.close()

    async with asyncio.TaskGroup() as senders:
        for _ in range(_SENDERS):
            senders.create_task(send())
    acked = monotonic() - began
    pending = "SELECT EXISTS (SELECT FROM journal WHERE state = 'pending' AND source_id = $1)"
    while await database.fetchval(pending, target.source_id):
        if monotonic() - began > 10 * _PATIENCE:
            raise CommandError("The worker does not come to an end; read its log.")
        await asyncio.sleep(0.02)
    return Flood(events, acked, monotonic() - began)


def _batches(count: int) -> Iterator[bytes]:
    from services.simulator.traffic import plan

    # In the past, so that no moment of theirs has to be moved.
    start = host_now() - timedelta(minutes=10)
    planned = plan(7, 1000.0, None, "busy", start=start, run=f"b{start:%H%M%S}")
    events = [each.event for each in itertools.islice(planned, count)]
    for first in range(0, count, _BATCH):
        batch: dict[str, Any] = {
            "type": "batch",
            "timestamp": start.isoformat(),
            "data": {"events": events[first : first + _BATCH]},
        }
        yield json.dumps(batch, ensure_ascii=False).encode()


def resident_mb(pid: int) -> float:
    """What the process holds in memory by itself and its share of what is shared (PSS)."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    except OSError:
        found = None
    return int(found[1]) / 1024 if found else 0.0


def rss_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _expect(status: int) -> None:
    if status != _ACCEPTED:
        raise CommandError(f"A delivery was answered {status} instead of 202.")
