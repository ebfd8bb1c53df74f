"""Speaks to a server in bytes, as slowly and as wrongly as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# Far longer than any limit a test sets: what is waited for is a condition, not a time.
PATIENCE = 120.0
DRIP_SECONDS = 0.05


@dataclass(slots=True)
class RawSocket:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send as much as the other side takes; it may hang up in the middle."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def drip(self, data: bytes) -> None:
        """A byte at a time, until the other side hangs up or everything was said."""
        async with asyncio.timeout(PATIENCE):
            for byte in data:
                if self.reader.at_eof() or self.writer.is_closing():
                    return
                await self.send(bytes([byte]))
                await asyncio.sleep(DRIP_SECONDS)

    async def hear(self) -> bytes:
        """Everything until the other side hangs up, orderly or not."""
        heard = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                while piece := await self.reader.read(65_536):
                    heard += piece
        return heard


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer taken apart; status 0 when the other side hung up without a word."""

    status: int
    head: bytes
    body: bytes

    @property
    def problem(self) -> Any:
        assert b"application/problem+json" in self.head, self.head
        return json.loads(self.body)


def answer_in(heard: bytes) -> RawAnswer:
    """The first answer in what was heard."""
    head, _, body = heard.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    return RawAnswer(int(words[1]) if heard else 0, head.lower(), body)


@asynccontextmanager
async def raw_socket(url: str, *, local: str | None = None) -> AsyncIterator[RawSocket]:
    """Connect; `local` is the address to come from."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port, local_addr=(local, 0) if local else None
    )
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ask(url: str, *pieces: bytes) -> RawAnswer:
    """Send the pieces and return the answer; the other side has to hang up."""
    async with raw_socket(url) as connection:
        hearing = asyncio.create_task(connection.hear())
        for piece in pieces:
            await connection.send(piece)
        return answer_in(await hearing)


def head(request_line: str, headers: Iterable[str] = (), *, host: str = "test") -> bytes:
    lines = [request_line, f"host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")
