"""A place for the product's outgoing webhooks to arrive, which can also behave badly on purpose.

Written on plain asyncio, so that a test can stall, drop and refuse in ways a polite server cannot.
"""

import asyncio
import contextlib
import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from services.core.kit.clock import host_now
from services.simulator.signing import BadSignatureError, verify

HOST = "127.0.0.1"
_MAX_HEAD_BYTES = 64 * 1024
_MAX_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """How to treat a properly signed request instead of answering 204 at once.

    `drop` closes the connection without an answer, after the request was read and kept.
    """

    status: int = HTTPStatus.NO_CONTENT
    delay_seconds: float = 0.0
    drop: bool = False
    retry_after: str | None = None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Received:
    """One properly signed request and what it was answered (None: nothing)."""

    webhook_id: str
    at: datetime
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None

    @property
    def is_accepted(self) -> bool:
        return (
            self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
        )

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class WebhookReceiver:
    """Listens while in `async with`; the port is free to choose (0 takes any).

    `received` holds every properly signed request in order, also those answered badly;
    `refusals` says why each other request was refused, with 401 for a bad signature.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        *,
        port: int = 0,
        ledger: Path | None = None,
        now: Callable[[], datetime] = host_now,
    ) -> None:
        self.received: list[Received] = []
        self.refusals: list[str] = []
        self._secrets = tuple(secrets)
        self._port = port
        self._ledger = ledger
        self._now = now
        self._next: deque[Misbehaviour] = deque()
        self._always: Misbehaviour = Misbehaviour()
        self._changed = asyncio.Condition()
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}/webhooks"

    @property
    def accepted(self) -> list[Received]:
        return [request for request in self.received if request.is_accepted]

    def misbehave(self, how: Misbehaviour, *, times: int | None = None) -> None:
        """Treat the next `times` requests like this, or all from now on."""
        if times is None:
            self._always = how
        else:
            self._next.extend([how] * times)

    def behave(self) -> None:
        """Answer 204 at once again."""
        self._next.clear()
        self._always = Misbehaviour()

    async def wait_until(
        self, holds: Callable[["WebhookReceiver"], bool], *, timeout_seconds: float = 10.0
    ) -> None:
        """Wait for a condition over what came; raises TimeoutError when it does not come true."""
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(lambda: holds(self))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._talk, HOST, self._port, limit=_MAX_HEAD_BYTES
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is None:
            return
        self._server.close()
        # Somebody may be asleep in a delay or waiting for a next request that never comes.
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        if talk is None:  # start_server always runs this in a task of its own
            return
        self._talks.add(talk)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side hung up or talks nonsense: nobody is left to tell
        except asyncio.CancelledError:
            pass  # by our own leaving; Python 3.11's streams complain about a cancelled talk
        finally:
            self._talks.discard(talk)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open for another request."""
        request = await _read_request(reader)
        if request is None:
            return False
        if isinstance(request, HTTPStatus):
            await self._refuse(writer, request, request.phrase)
            return False
        if request.method != "POST":
            await self._refuse(writer, HTTPStatus.METHOD_NOT_ALLOWED, request.method)
            return False
        try:
            webhook_id = verify(
                self._secrets, request.headers, request.body, now=self._now().timestamp()
            )
        except BadSignatureError as bad:
            await self._refuse(writer, HTTPStatus.UNAUTHORIZED, str(bad))
            return True
        return await self._treat(writer, request, webhook_id)

    async def _treat(
        self, writer: asyncio.StreamWriter, request: _Request, webhook_id: str
    ) -> bool:
        how = self._next.popleft() if self._next else self._always
        status = None if how.drop else how.status
        await self._keep(
            Received(webhook_id, self._now(), request.path, request.headers, request.body, status)
        )
        await asyncio.sleep(how.delay_seconds)
        if how.drop:
            writer.transport.abort()
            return False
        extra = {"retry-after": how.retry_after} if how.retry_after else {}
        await _answer(writer, how.status, how.body, extra)
        return True

    async def _refuse(self, writer: asyncio.StreamWriter, status: HTTPStatus, reason: str) -> None:
        async with self._changed:
            self.refusals.append(reason)
            self._changed.notify_all()
        await _answer(writer, status, b"", {})

    async def _keep(self, received: Received) -> None:
        async with self._changed:
            self.received.append(received)
            if self._ledger is not None:
                _append(self._ledger, received)
            self._changed.notify_all()


async def _read_request(reader: asyncio.StreamReader) -> _Request | HTTPStatus | None:
    """The next request, a status to refuse it with, or None when the other side is done."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:  # noqa: PLR2004 - method, target, version
        return HTTPStatus.BAD_REQUEST
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0" if words[0] == "GET" else "")
    if not (length.isascii() and length.isdigit()):
        return HTTPStatus.LENGTH_REQUIRED
    if int(length) > _MAX_BODY_BYTES:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    body = await reader.readexactly(int(length))
    return _Request(words[0], words[1], headers, body)


async def _answer(
    writer: asyncio.StreamWriter, status: int, body: bytes, extra: dict[str, str]
) -> None:
    lines = [f"HTTP/1.1 {int(status)} -", *(f"{name}: {value}" for name, value in extra.items())]
    # A 204 has no body and must not announce one.
    if status != HTTPStatus.NO_CONTENT:
        lines.append(f"content-length: {len(body)}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()


def _append(ledger: Path, received: Received) -> None:
    line = {
        "id": received.webhook_id,
        "at": received.at.isoformat(),
        "sha256": hashlib.sha256(received.body).hexdigest(),
        "status": received.status,
        "body": received.body.decode("utf-8", "replace"),
    }
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
