"""A server that answers with the bytes a test gives it, however little they are HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Sink:
    """Keeps what came, does what `script` says, and hangs up."""

    script: Script
    port: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    talks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?team=a%20b"

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self.serve(reader, writer))
        self.talks.add(talk)
        talk.add_done_callback(self.talks.discard)
        # Also of a talk that was cancelled before it began, which no `finally` of its own sees.
        talk.add_done_callback(lambda _: writer.close())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await _read(reader))
            await self.script(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def sink(script: Script) -> AsyncIterator[Sink]:
    """Listen on a free port of this machine until the block ends."""
    listening = Sink(script)
    server = await asyncio.start_server(listening.accept, "127.0.0.1", 0)
    listening.port = server.sockets[0].getsockname()[1]
    try:
        yield listening
    finally:
        server.close()
        # Somebody may still be waiting for a word that never comes.
        for talk in listening.talks:
            talk.cancel()
        await asyncio.gather(*listening.talks, return_exceptions=True)
        await server.wait_closed()


def says(status: str, *headers: str, body: bytes = b"") -> Script:
    """A well-formed answer."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""])
    return writes(head.encode() + body)


def writes(raw: bytes) -> Script:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return script


async def drops(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def waits_for(event: asyncio.Event, then: Script | None = None) -> Script:
    """Silence until the test says so."""

    async def script(writer: asyncio.StreamWriter) -> None:
        await event.wait()
        if then is not None:
            await then(writer)

    return script


async def _read(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    headers[":request"] = first
    return headers, await reader.readexactly(int(headers.get("content-length", "0")))
