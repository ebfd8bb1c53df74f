"""Where alerts arrive: sinks that write down every request, and behave as badly as they are told.

Each sink listens on a port of its own. What it got is on disk, in one file of JSON lines, before it
answers: an alert that was told is never forgotten by the one who checks.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

# A request that stays away is not waited for longer than this, in seconds.
_READ_PATIENCE = 30.0


class Manner(StrEnum):
    """How a sink treats a request it has read."""

    OK = "ok"
    # Takes it, and answers after `seconds`.
    SLOW = "slow"
    # Never answers.
    BLACKHOLE = "blackhole"
    # Says 200, and in the body that it was not taken, as chat robots do.
    ERROR_INSIDE = "error_inside"
    # Says 429 with `Retry-After: seconds`.
    THROTTLE = "throttle"
    # Takes it and hangs up without an answer; `share` of the ids, each only the first time.
    DROP = "drop"


# A sink of these manners did not take what it got; of all others nobody can say it did not.
REFUSING = frozenset({Manner.THROTTLE})


@dataclass(frozen=True, slots=True)
class Behaviour:
    manner: Manner = Manner.OK
    seconds: float = 0.0
    share: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came, and how it was treated."""

    at: float
    sink: str
    webhook_id: str
    kind: str
    alert_id: str
    clock_id: str
    percent: int
    repeat: bool
    manner: str

    @property
    def taken(self) -> bool:
        return self.manner not in REFUSING


@dataclass(slots=True)
class Sink:
    """One address; `behaviour` may change at any moment and counts from the next request."""

    name: str
    file: IO[bytes]
    behaviour: Behaviour = field(default_factory=Behaviour)
    port: int = 0
    received: list[Received] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    _talks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def dropped(self) -> list[Received]:
        """What was taken and never answered."""
        silent = {Manner.DROP, Manner.BLACKHOLE}
        return [one for one in self.received if one.manner in silent]

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        # Also of a talk that was cancelled before it began, which no `finally` of its own sees.
        talk.add_done_callback(lambda _: writer.transport.abort())

    async def hang_up(self) -> None:
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout(_READ_PATIENCE):
                    headers, body = await _read(reader)
                await self._treat(headers, json.loads(body), writer)
        finally:
            writer.transport.abort()

    async def _treat(
        self, headers: dict[str, str], told: dict[str, Any], writer: asyncio.StreamWriter
    ) -> None:
        webhook_id, behaviour = headers["webhook-id"], self._choose(headers["webhook-id"])
        self.seen[webhook_id] += 1
        self._keep(webhook_id, told, behaviour.manner)
        match behaviour.manner:
            case Manner.BLACKHOLE:
                await asyncio.Event().wait()
            case Manner.DROP:
                return
            case Manner.SLOW:
                await asyncio.sleep(behaviour.seconds)
                await _say(writer, "200 OK", {"code": 0})
            case Manner.ERROR_INSIDE:
                await _say(writer, "200 OK", {"code": 9499, "msg": "too many request"})
            case Manner.THROTTLE:
                wait = f"retry-after: {behaviour.seconds:g}"
                await _say(writer, "429 Too Many Requests", {}, wait)
            case Manner.OK:
                await _say(writer, "200 OK", {"code": 0})

    def _choose(self, webhook_id: str) -> Behaviour:
        """What is dropped is decided by the id and the seed, and only once for each id."""
        if self.behaviour.manner is not Manner.DROP:
            return self.behaviour
        dice = random.Random(f"{self.behaviour.seed}/{webhook_id}")  # noqa: S311 - by seed
        strikes = self.seen[webhook_id] == 0 and dice.random() < self.behaviour.share
        return self.behaviour if strikes else Behaviour()

    def _keep(self, webhook_id: str, told: dict[str, Any], manner: Manner) -> None:
        data = told["data"]
        one = Received(
            at=time.time(),
            sink=self.name,
            webhook_id=webhook_id,
            kind=told["type"],
            alert_id=data.get("alert_id", ""),
            clock_id=data.get("clock_id", ""),
            percent=data.get("percent", 0),
            repeat=bool(data.get("repeat")),
            manner=manner.value,
        )
        self.received.append(one)
        self.file.write(json.dumps(asdict(one)).encode() + b"\n")


@asynccontextmanager
async def collecting(path: Path, *names: str) -> AsyncIterator[dict[str, Sink]]:
    """Sinks by name, until the block ends; what they get is appended to `path`."""
    with path.open("ab", buffering=0) as file:
        sinks = {name: Sink(name, file) for name in names}
        servers = []
        for one in sinks.values():
            server = await asyncio.start_server(one.accept, "127.0.0.1", 0, backlog=1024)
            one.port = server.sockets[0].getsockname()[1]
            servers.append(server)
        try:
            yield sinks
        finally:
            for server in servers:
                server.close()
            for one in sinks.values():
                await one.hang_up()
            for server in servers:
                await server.wait_closed()


def read_received(path: Path) -> list[Received]:
    """What a collector's file says, by somebody who did not collect it."""
    return [Received(**json.loads(line)) for line in path.read_bytes().split(b"\n")[:-1]]


async def _read(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return headers, await reader.readexactly(int(headers["content-length"]))


async def _say(
    writer: asyncio.StreamWriter, status: str, body: dict[str, Any], *headers: str
) -> None:
    raw = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", "content-type: application/json", "connection: close"]
    lines += [f"content-length: {len(raw)}", *headers, "", ""]
    writer.write("\r\n".join(lines).encode() + raw)
    await writer.drain()
