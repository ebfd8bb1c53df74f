"""A load generator that costs little: requests are signed and laid out before the clock starts.

Closed loop: each connection sends its next request when the answer to the last is there, so the
server sets the pace. Open loop: requests leave at moments fixed in advance, and the time counts
from that moment, however late the server lets them leave.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.simulator.signing import signed_headers
from tests.bench.place import HOST, SignedSource

ACCEPTED = 202
_TEXTS = (
    "请问这个敏感肌可以用吗",
    "用了三天脸上全是红疹 我要退款",
    "哈哈哈哈笑死我了",
    "蹲一个链接",
    "love this so much!!",
    "is this still in stock?",
    "已经回购三次了 真的好用",
    "快递什么时候到啊 都一周了",
)


@dataclass
class Outcome:
    """Seconds each answer took, in the order they came, and how many were not 202."""

    seconds: float
    took: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def comment(number: int, mark: str) -> dict[str, object]:
    """One comment as a producer sends it, a few minutes old."""
    at = datetime.now(UTC) - timedelta(minutes=5) + timedelta(milliseconds=number)
    return {
        "id": f"evt-{mark}-{number}",
        "type": "comment.created",
        "timestamp": at.isoformat(),
        "data": {
            "id": f"c-{mark}-{number}",
            "post_id": f"p-{number % 50}",
            "author": {"id": f"u-{mark}-{number % 5000}", "name": "小鹿", "handle": "xiaolu"},
            "text": f"{_TEXTS[number % len(_TEXTS)]} {number % 977}",
        },
    }


def signed_requests(source: SignedSource, count: int, mark: str, path: str = "") -> list[bytes]:
    """Whole HTTP requests; they are good for five minutes."""
    return [
        request(source, f"{mark}-{n}", json.dumps(comment(n, mark)).encode(), path)
        for n in range(count)
    ]


def request(source: SignedSource, webhook_id: str, body: bytes, path: str = "") -> bytes:
    headers = signed_headers(source.secret, webhook_id, int(time.time()), body)
    lines = [f"POST {path or source.path} HTTP/1.1", "host: bench"]
    lines += ["content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """Sends one request at a time and reads just enough of the answer to know that it is whole."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._buffer = b""
        self.began = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._load.answered(self, int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost()


class _Load:
    def __init__(self, requests: Sequence[bytes], due: Sequence[float] | None) -> None:
        self.waiting = iter(range(len(requests)))
        self.requests = requests
        self.due = due
        # In turns: one that nobody uses for seconds is closed by the server, as it should.
        self.idle: deque[_Connection] = deque()
        self.late: list[int] = []
        self.outcome = Outcome(0.0)
        self.left = len(requests)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send_next(self, connection: _Connection) -> None:
        if self.due is not None:
            if self.late:
                self.send(connection, self.late.pop(0))
            else:
                self.idle.append(connection)
            return
        number = next(self.waiting, None)
        if number is not None:
            self.send(connection, number)

    def send(self, connection: _Connection, number: int) -> None:
        assert connection.transport is not None
        connection.began = time.monotonic() if self.due is None else self.due[number]
        connection.transport.write(self.requests[number])

    def answered(self, connection: _Connection, status: int) -> None:
        self.outcome.took.append(time.monotonic() - connection.began)
        self.outcome.refused += status != ACCEPTED
        self.left -= 1
        if self.left == 0:
            if not self.done.done():
                self.done.set_result(None)
            return
        self.send_next(connection)

    def lost(self) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("The server hung up."))


async def closed_loop(port: int, requests: Sequence[bytes], connections: int = 64) -> Outcome:
    """All requests, as fast as the server answers."""
    load = _Load(requests, None)
    opened = await _connect(port, load, connections)
    began = time.monotonic()
    for connection in opened:
        load.send_next(connection)
    return await _finish(load, opened, began)


async def open_loop(
    port: int, requests: Sequence[bytes], rate: float, connections: int = 256
) -> Outcome:
    """`rate` requests a second, whatever the server does; times count from when each was due."""
    began = time.monotonic() + 0.1
    load = _Load(requests, [began + number / rate for number in range(len(requests))])
    opened = await _connect(port, load, connections)
    load.idle.extend(opened)
    assert load.due is not None
    for number in load.waiting:
        pause = load.due[number] - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        if load.idle:
            load.send(load.idle.popleft(), number)
        else:
            load.late.append(number)
    return await _finish(load, opened, began)


async def _connect(port: int, load: _Load, connections: int) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: _Connection(load), HOST, port)
        for _ in range(connections)
    ]
    return [protocol for _, protocol in pairs]


async def _finish(load: _Load, opened: Sequence[_Connection], began: float) -> Outcome:
    await load.done
    load.outcome.seconds = time.monotonic() - began
    for connection in opened:
        if connection.transport is not None:
            connection.transport.close()
    return load.outcome
