"""A TCP proxy that breaks the line as told: in front of Postgres, Redis or a sink.

In a test: `async with FaultProxy(target) as proxy: await proxy.set("latency=0.05~0.01")`.
By hand: `python -m tests.faults.oracle.proxy TARGET PORT`, then one fault a line on its input.
"""

import asyncio
import contextlib
import random
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

_CHUNK = 64 * 1024
_HOST = "127.0.0.1"
# Closing so, the kernel sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)


class Kind(StrEnum):
    """What happens to the line. A number follows the name where one is named here."""

    PASS = "pass"
    # Seconds in each direction; a second number is the jitter.
    LATENCY = "latency"
    # Bytes a second in each direction.
    BANDWIDTH = "bandwidth"
    # Callers are let in and nothing moves; what was held goes on when the line is mended.
    BLACKHOLE = "blackhole"
    # Everybody is hung up on with RST, newcomers too.
    RST = "rst"
    # Nobody listens, and everybody is hung up on.
    REFUSE = "refuse"
    # The server is told that its caller has nothing more to say.
    HALF_CLOSE = "half_close"
    # RST after so many bytes of answers, on each line.
    CUT = "cut"
    # Answers byte by byte, with so many seconds between them.
    DRIP = "drip"
    # RST instead of the server's answer to what held `trigger`; a share of the times.
    SWALLOW = "swallow"
    # RST and pass take turns, each for so many seconds.
    FLAP = "flap"


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind = Kind.PASS
    amount: float = 0.0
    jitter: float = 0.0
    trigger: bytes = b""

    @classmethod
    def read(cls, text: str) -> Self:
        """`latency=0.05~0.01`, `swallow=0.02:COMMIT`, `rst`. Raises ValueError for others."""
        name, _, rest = text.strip().partition("=")
        numbers, _, trigger = rest.partition(":")
        amount, _, jitter = numbers.partition("~")
        return cls(Kind(name), float(amount or 0), float(jitter or 0), trigger.encode())


@dataclass(eq=False, slots=True)
class _Line:
    """One caller's connection, with the server's half of it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    answered: int = 0
    # The answer to what is on its way belongs to nobody.
    doomed: bool = False

    def reset(self) -> None:
        for writer in (self.client, self.server):
            _reset(writer)


@dataclass(slots=True)
class FaultProxy:
    """Listens on a port of its own in front of `target`: a path or (host, port)."""

    target: str | tuple[str, int]
    port: int = 0
    seed: int = 0
    # How many answers were swallowed, lines reset, lines opened.
    swallowed: int = 0
    resets: int = 0
    opened: int = 0
    _fault: Fault = field(default_factory=Fault)
    _server: asyncio.Server | None = None
    _lines: set[_Line] = field(default_factory=set)
    _talks: set["asyncio.Task[None]"] = field(default_factory=set)
    _flapping: "asyncio.Task[None] | None" = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - the same seed breaks the same answers

    @property
    def fault(self) -> Fault:
        return self._fault

    async def set(self, fault: Fault | str) -> None:
        """From now on the line is like this, also for those who are connected."""
        if self._flapping is not None:
            self._flapping.cancel()
            self._flapping = None
        chosen = Fault.read(fault) if isinstance(fault, str) else fault
        await self._become(chosen)
        if chosen.kind is Kind.FLAP:
            self._flapping = asyncio.create_task(self._flap(chosen.amount))

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.set(Fault())
        await self._deafen()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _become(self, fault: Fault) -> None:
        self._fault = fault
        self._changed.set()
        self._changed = asyncio.Event()
        if fault.kind in {Kind.RST, Kind.REFUSE}:
            self._reset_all()
        if fault.kind is Kind.HALF_CLOSE:
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.server.write_eof()
        if fault.kind is Kind.REFUSE:
            await self._deafen()
        elif self._server is None:
            await self._listen()

    async def _flap(self, seconds: float) -> None:
        for kind in _alternating():
            await self._become(Fault(kind))
            await asyncio.sleep(seconds)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, _HOST, self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _deafen(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self._reset_all()
            await server.wait_closed()

    def _reset_all(self) -> None:
        self.resets += len(self._lines)
        for line in self._lines:
            line.reset()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        # Also of a talk that was cancelled before it began, which no `finally` of its own sees.
        talk.add_done_callback(lambda _: writer.close())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            with contextlib.suppress(OSError, EOFError):
                await self._pass_the_blackhole()
                if self._fault.kind is Kind.RST:
                    self.resets += 1
                    _reset(writer)
                    return
                there, back = await self._connect()
                await self._carry_both(reader, there, _Line(writer, back))
        finally:
            # Not abort: what was carried may still lie in the buffer.
            writer.close()

    async def _carry_both(
        self, client: asyncio.StreamReader, server: asyncio.StreamReader, line: _Line
    ) -> None:
        self._lines.add(line)
        ways = [
            asyncio.create_task(self._ask(client, line)),
            asyncio.create_task(self._answer(server, line)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if ways[1] not in done and ways[0].exception() is None:
                # The caller has said all it will, and may still listen.
                line.server.write_eof()
                await asyncio.wait(ways[1:])
        finally:
            self._lines.discard(line)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            line.server.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def _ask(self, client: asyncio.StreamReader, line: _Line) -> None:
        while data := await client.read(_CHUNK):
            await self._delay(len(data))
            fault = self._fault
            if fault.kind is Kind.SWALLOW and fault.trigger in data:
                line.doomed = self._dice.random() < fault.amount
            line.server.write(data)
            await line.server.drain()

    async def _answer(self, server: asyncio.StreamReader, line: _Line) -> None:
        while data := await server.read(_CHUNK):
            await self._delay(len(data))
            if line.doomed:
                # The server has done it, and nobody will ever hear so.
                self.swallowed += 1
                line.reset()
                return
            await self._give(data, line)

    async def _give(self, data: bytes, line: _Line) -> None:
        fault = self._fault
        if fault.kind is Kind.CUT:
            room = max(0, int(fault.amount) - line.answered)
            data, cut = data[:room], len(data) > room
            line.client.write(data)
            await line.client.drain()
            line.answered += len(data)
            if cut:
                self.resets += 1
                line.reset()
            return
        if fault.kind is Kind.DRIP:
            for place in range(len(data)):
                line.client.write(data[place : place + 1])
                await asyncio.sleep(fault.amount if self._fault is fault else 0)
            return
        line.client.write(data)
        await line.client.drain()

    async def _delay(self, size: int) -> None:
        await self._pass_the_blackhole()
        fault = self._fault
        if fault.kind is Kind.LATENCY:
            spread = self._dice.uniform(-fault.jitter, fault.jitter)
            await asyncio.sleep(max(0.0, fault.amount + spread))
        elif fault.kind is Kind.BANDWIDTH:
            await asyncio.sleep(size / fault.amount)

    async def _pass_the_blackhole(self) -> None:
        while self._fault.kind is Kind.BLACKHOLE:
            await self._changed.wait()


def _alternating() -> Iterator[Kind]:
    while True:
        yield Kind.RST
        yield Kind.PASS


def _reset(writer: asyncio.StreamWriter) -> None:
    wire: socket.socket | None = writer.get_extra_info("socket")
    if wire is not None and wire.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def _by_hand(target: str, port: int, say: Callable[[str], object]) -> None:
    host, _, number = target.rpartition(":")
    async with FaultProxy((host, int(number)) if host else target, port) as proxy:
        say(f"{_HOST}:{proxy.port} -> {target}; one fault a line: {', '.join(Kind)}\n")
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                await proxy.set(line)
                say(f"{proxy.fault}; {proxy.opened} opened, {proxy.swallowed} swallowed\n")
            except ValueError as error:
                say(f"{error}\n")


if __name__ == "__main__":
    asyncio.run(_by_hand(sys.argv[1], int(sys.argv[2]), sys.stdout.write))
