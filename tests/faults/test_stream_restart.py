"""F24: many listeners, some who take nothing, and an API that is exchanged under them."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.core.kit import ids
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.types import Fact
from tests.support.brands import Brand
from tests.support.processes import Running, Site
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
FAST, SLOW = (480, 20) if LONG else (50, 10)
FACTS = 60
# More than the sockets' own buffers hold, in facts of an ordinary size: only so does a reader who
# takes nothing keep the server waiting.
FILLING, FILLING_FACTS = "x" * 1_000, 9_000
FILLED = FILLING_FACTS * len(FILLING)
BATCH = 500
PATIENCE = 180.0
# As in production for the long run; a second of taking nothing is as much nothing as ten.
STALL_SECONDS = 10 if LONG else 1
FOR_EVER = 3600
API_STALLING = """
import sys
import services.api.routes.stream as stream
stream.STALL_SECONDS = float(sys.argv.pop(1))
from services.cli.main import app
app()
"""
# Where nobody is let go, it is waited for three times as long as ours take for it.
NOTICED_SECONDS = 3.0 * STALL_SECONDS
# Of one process, for buffers and what malloc keeps; each slow reader was sent nine megabytes.
MOST_GROWTH_MB = 60
COME_AGAIN_SECONDS = 0.05


@dataclass(slots=True)
class Fan:
    """Listens to cases, and comes back behind the last number it heard, whenever it is cut off."""

    http: httpx.AsyncClient
    last: int | None = None
    heard: list[int] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    connections: int = 0
    listening: bool = False

    async def listen_for_ever(self) -> None:
        while True:
            with suppress(httpx.TransportError):
                await self.listen()
            self.listening = False
            await asyncio.sleep(COME_AGAIN_SECONDS)  # as a browser does, only sooner

    async def listen(self) -> None:
        headers = {} if self.last is None else {"last-event-id": str(self.last)}
        query = {"kinds": "case."}
        async with self.http.stream("GET", "/v1/stream", headers=headers, params=query) as answer:
            if answer.status_code != httpx.codes.OK:
                return
            self.connections += 1
            said: dict[str, str] = {}
            async for line in answer.aiter_lines():
                self.listening = True
                name, _, value = line.partition(": ")
                said[name] = value
                if not line:
                    self.note(said)
                    said = {}

    def note(self, said: dict[str, str]) -> None:
        if "id" in said:
            self.last = int(said["id"])
        if said.get("event") == "gap":
            self.gaps.append(said["data"])
        elif "event" in said:
            self.heard.append(int(said["id"]))


@asynccontextmanager
async def fans(site: Site, key: str) -> AsyncIterator[list[Fan]]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=site.url,
        headers={"authorization": key},
        timeout=httpx.Timeout(30, read=60),
        limits=limits,
        trust_env=False,
    ) as http:
        many = [Fan(http) for _ in range(FAST)]
        tasks = [asyncio.create_task(fan.listen_for_ever()) for fan in many]
        try:
            yield many
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class Sluggard:
    """Asks for everything and takes nothing; its socket has hardly any room."""

    sock: socket.socket

    @classmethod
    def begin(cls, site: Site, key: str) -> "Sluggard":
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(site.door.getsockname())
        request = f"GET /v1/stream HTTP/1.1\r\nhost: warmline.test\r\nauthorization: {key}\r\n\r\n"
        sock.sendall(request.encode())
        return cls(sock)

    async def read_to_the_end(self, most: float = inf) -> int:
        """How much had been on its way, once it is taken after all; ends when the server did.

        Or when so many bytes have come: then nobody had hung up.
        """
        self.sock.settimeout(0)
        taken = 0
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while taken < most and (piece := await loop.sock_recv(self.sock, 1 << 20)):
                taken += len(piece)
        return taken


@dataclass(slots=True)
class Newsroom:
    """Writes and publishes facts as a worker does."""

    database: Database
    workspace_id: UUID
    numbers: list[int] = field(default_factory=list)

    async def tell(self, kind: str, count: int, filling: str = "") -> None:
        async with self.database.unit(self.workspace_id) as uow:
            facts = [Fact(kind, "case", ids.new_id(), {"text": filling}) for _ in range(count)]
            await stream.announce(uow, facts)
        await stream.publish(self.database)

    async def tell_of_cases(self, count: int) -> None:
        """One by one, so that listeners hear them one by one; keeps their numbers."""
        for _ in range(count):
            await self.tell("case.changed", 1)
            async with self.database.read(self.workspace_id) as uow:
                last, _ = await stream.read_head(uow)
            self.numbers.append(last)

    async def fill(self) -> None:
        for _ in range(FILLING_FACTS // BATCH):
            await self.tell("filling", BATCH, FILLING)


async def start_api(site: Site, stall_seconds: float) -> Running:
    """One that lets go of whoever takes nothing for so long."""
    door = str(site.door.fileno())
    command = ("-c", API_STALLING, str(stall_seconds), "api", "--listener", door)
    running = site.launch("api", command)
    await site.wait_until_ready(running)
    return running


def stalled(api: Running) -> int:
    return api.log.read_text(encoding="utf-8").count("stream.stalled")


def resident_mb(running: Running) -> float:
    status = Path(f"/proc/{running.pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


async def test_listeners_miss_nothing_and_who_takes_nothing_is_let_go(
    site: Site, brand: Brand
) -> None:
    """Numbers are heard again after a restart, or not at all missing; nobody's slowness costs."""
    key = brand.http.headers["authorization"]
    database = Database(create_engine(site.database_url, pool_size=2))
    newsroom = Newsroom(database, brand.workspace_id)
    api = await start_api(site, STALL_SECONDS)
    async with fans(site, key) as listeners:
        sluggards = [Sluggard.begin(site, key) for _ in range(SLOW)]
        await wait_until(lambda: all(fan.listening for fan in listeners), PATIENCE)
        await newsroom.tell_of_cases(FACTS)
        before = resident_mb(api)
        await newsroom.fill()
        # So long after the last byte that found room.
        await wait_until(lambda: stalled(api) == SLOW, PATIENCE)
        growth = resident_mb(api) - before
        taken = await asyncio.gather(*[one.read_to_the_end() for one in sluggards])

        restarted = await exchange(site, newsroom, api)
        await newsroom.tell_of_cases(FACTS)
        wanted = set(newsroom.numbers)
        await wait_until(
            lambda: all(wanted <= set(fan.heard) for fan in listeners), PATIENCE, what="all heard"
        )
        assert await restarted.end(PATIENCE) == 0
    await database.close()
    for sluggard in sluggards:
        sluggard.sock.close()
    doubles = sum(len(fan.heard) - len(set(fan.heard)) for fan in listeners)
    print(  # noqa: T201 - the figures
        f"{FAST} listeners, {len(wanted)} facts each, {doubles} heard twice; {SLOW} slow ones took"
        f" at most {max(taken) / 1e6:.1f} of {FILLING_FACTS / 1e3:.0f} MB; grew {growth:.0f} MB"
    )
    assert all(set(fan.heard) == wanted for fan in listeners)
    assert [fan.gaps for fan in listeners if fan.gaps] == []
    assert min(fan.connections for fan in listeners) > 1
    assert max(taken) < FILLED
    assert growth < MOST_GROWTH_MB


async def exchange(site: Site, newsroom: Newsroom, api: Running) -> Running:
    """The old one ends though everybody listens, and more happens until the new one is there."""
    ending = asyncio.create_task(api.end(PATIENCE))
    await newsroom.tell_of_cases(FACTS)
    assert await ending == 0
    await newsroom.tell_of_cases(FACTS)
    return await site.start_api()


async def test_an_api_that_lets_nobody_go_keeps_every_slow_reader(site: Site, brand: Brand) -> None:
    """The protection switched off: a reader who took nothing is still served all there was."""
    key = brand.http.headers["authorization"]
    database = Database(create_engine(site.database_url, pool_size=2))
    api = await start_api(site, FOR_EVER)
    sluggard = Sluggard.begin(site, key)
    sluggard.sock.settimeout(PATIENCE)
    assert sluggard.sock.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
    await Newsroom(database, brand.workspace_id).fill()
    await database.close()
    with pytest.raises(AssertionError):
        await wait_until(lambda: stalled(api), NOTICED_SECONDS, what="it is let go")
    async with asyncio.timeout(PATIENCE):
        assert await sluggard.read_to_the_end(FILLED) >= FILLED
    sluggard.sock.close()
