"""How soon a thousand listeners of the live stream have heard what somebody just did."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import orjson

from services.core.kit.clock import monotonic
from services.core.workspaces.types import Scope
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.place import HOST, Place
from tests.support.client import make_key

LISTENERS = 1_000
WORKSPACES = 4
FACTS = 40
PAUSE_SECONDS = 0.5
LONGEST_P99 = 0.5
PATIENCE_SECONDS = 300.0
CREATED = httpx.codes.CREATED


@dataclass(slots=True)
class Ears:
    """What each listener heard: by the name in the fact, when."""

    began: dict[str, float] = field(default_factory=dict)
    heard: list[float] = field(default_factory=list)
    listening: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, name: str) -> None:
        self.heard.append(monotonic() - self.began[name])
        self.changed.set()

    async def wait_for(self, *, listening: int = 0, heard: int = 0) -> None:
        """Until so many listen and so much was heard. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.listening < listening or len(self.heard) < heard:
                self.changed.clear()
                await self.changed.wait()


def measure(here: Place, share: float) -> Chapter:
    count = max(round(LISTENERS * share), 20)
    facts = max(round(FACTS * share), 8)
    chapter = Chapter(
        "Listeners",
        f"{count:,} connections listen to `GET /v1/stream` in {WORKSPACES} workspaces, on one "
        f"process of the product, with one worker. {facts} times somebody makes a team over HTTP, "
        f"one each {PAUSE_SECONDS:g} s. Time counts from before that call to the arrival of its "
        "fact at each of those who listen there. Listeners and caller share the machine.",
    )
    with here.serving("product") as (port, _), here.working():
        ears = asyncio.run(_listen(here, port, count, facts))
    p99 = quantile(ears.heard, 0.99)
    chapter.add(
        f"A fact at each of {count:,} listeners, p99",
        f"{milliseconds(p99)} (p50 {milliseconds(quantile(ears.heard, 0.5))}, "
        f"{len(ears.heard):,} arrivals)",
        f"≤ {milliseconds(LONGEST_P99)}",
        met=p99 <= LONGEST_P99,
    )
    missing = facts * (count // WORKSPACES) - len(ears.heard)
    chapter.add("Arrivals missing", f"{missing:,}", "0", met=missing == 0)
    return chapter


async def _listen(here: Place, port: int, count: int, facts: int) -> Ears:
    ears = Ears()
    keys = await _keys(here)
    each = count // WORKSPACES
    tasks = [asyncio.create_task(_follow(port, key, ears)) for key in keys for _ in range(each)]
    try:
        await ears.wait_for(listening=each * WORKSPACES)
        # The worker may still be starting: the first fact everywhere is not counted.
        await _act(port, keys, ears, len(keys), "first")
        await ears.wait_for(heard=each * WORKSPACES)
        ears.heard.clear()
        await _act(port, keys, ears, facts, "team")
        with suppress(TimeoutError):
            # What is missing then is a figure of its own.
            await ears.wait_for(heard=facts * each)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return ears


async def _keys(here: Place) -> list[str]:
    sources = [await here.add_source(f"heard-{number}") for number in range(WORKSPACES)]
    database = await here.open()
    try:
        return [
            await make_key(database, UUID(one.workspace_id), Scope.READ, Scope.MANAGE)
            for one in sources
        ]
    finally:
        await database.close()


async def _act(port: int, keys: Sequence[str], ears: Ears, facts: int, mark: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=30) as caller:
        for number in range(facts):
            name = f"{mark}-{number}"
            ears.began[name] = monotonic()
            made = await caller.post(
                "/v1/teams",
                json={"name": name},
                headers={"authorization": f"Bearer {keys[number % len(keys)]}"},
            )
            if made.status_code != CREATED:
                raise RuntimeError(f"No team was made: {made.status_code}.")
            await asyncio.sleep(PAUSE_SECONDS)


async def _follow(port: int, key: str, ears: Ears) -> None:
    """Listen, and come again where so many at once are asked to, as a browser does."""
    while not await _hear(port, key, ears):  # noqa: ASYNC110 - the server says when
        await asyncio.sleep(PAUSE_SECONDS)


async def _hear(port: int, key: str, ears: Ears) -> bool:
    """One listener by hand: a thousand of a library's would be what is measured."""
    reader, writer = await asyncio.open_connection(HOST, port)
    head = f"GET /v1/stream HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {key}\r\n\r\n"
    writer.write(head.encode())
    try:
        if b" 200 " not in await reader.readline():
            return False
        while line := await reader.readline():
            if line.startswith(b": listening"):
                ears.listening += 1
                ears.changed.set()
            elif line.startswith(b"data: ") and b'"team.created"' in line:
                ears.note(orjson.loads(line[6:])["payload"]["name"])
        return True
    finally:
        writer.close()
