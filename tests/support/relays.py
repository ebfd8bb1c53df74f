"""A wire between a process and a server, which a test can cut and mend."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

_CHUNK = 64 * 1024
_HOST = "127.0.0.1"


@dataclass(slots=True)
class Relay:
    """Listens on a port of its own and carries bytes both ways; cut, it refuses everybody."""

    target: str | tuple[str, int]
    port: int = 0
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._accept, _HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse newcomers and hang up on everybody, as a server that was killed does."""
        if self._server is None:
            return
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: asyncio's streams complain about cancelled talks of their own.
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        # Also of a talk that was cancelled before it began, which no `finally` of its own sees.
        talk.add_done_callback(lambda _: writer.transport.abort())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there, back = await self._connect()
            ways = [
                asyncio.create_task(_carry(reader, back)),
                asyncio.create_task(_carry(there, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                back.transport.abort()
        writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def postgres_wire(
    url: str, make: Callable[[Any], Any] = Relay
) -> AsyncIterator[tuple[Any, str]]:
    """A wire to Postgres, and the database's address through it; `make` gives one that breaks."""
    parsed = make_url(url)
    folder = parsed.query.get("host")
    port = int(str(parsed.query.get("port") or parsed.port or 5432))
    target = f"{folder}/.s.PGSQL.{port}" if folder else (parsed.host or _HOST, port)
    query = {key: value for key, value in parsed.query.items() if key not in {"host", "port"}}
    async with make(target) as relay:
        through = parsed.set(host=_HOST, port=relay.port, query=query)
        yield relay, through.render_as_string(hide_password=False)


@asynccontextmanager
async def redis_wire(
    url: str, make: Callable[[Any], Any] = Relay
) -> AsyncIterator[tuple[Any, str]]:
    """A wire to Redis, and its address through it."""
    parsed = urlsplit(url)
    unix = parsed.scheme == "unix"
    target = parsed.path if unix else (parsed.hostname or _HOST, parsed.port or 6379)
    secret = f"{parsed.username or ''}:{parsed.password}@" if parsed.password else ""
    async with make(target) as relay:
        yield relay, f"redis://{secret}{_HOST}:{relay.port}{'' if unix else parsed.path}"
