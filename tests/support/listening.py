"""The live stream as a front end reads it, in the background of a test."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Heard:
    """One fact as it came: its number, its kind and what it says."""

    number: int
    kind: str
    data: dict[str, Any]


@dataclass(slots=True)
class Listener:
    """What came so far; `last` is what a browser would send as Last-Event-ID."""

    heard: list[Heard] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.heard]

    @property
    def numbers(self) -> list[int]:
        return [one.number for one in self.heard]

    @property
    def last(self) -> int:
        return self.heard[-1].number if self.heard else 0

    async def follow(self, lines: AsyncIterator[str]) -> None:
        said: dict[str, str] = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            if line:
                said[name] = value
            elif "data" in said:
                heard = Heard(int(said["id"]), said["event"], json.loads(said["data"]))
                self.heard.append(heard)
                said = {}


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, *, after: int | None = None, **query: str
) -> AsyncIterator[Listener]:
    """Listen from now on, or behind a number, until the block ends; then hang up."""
    headers = {} if after is None else {"last-event-id": str(after)}
    listener = Listener()
    stream = http.stream("GET", "/v1/stream", headers=headers, params=query, timeout=60)
    async with stream as answer:
        assert answer.status_code == httpx.codes.OK, await answer.aread()
        lines = answer.aiter_lines()
        # The first line is said when nothing can be missed any more.
        assert (await anext(lines)).startswith(":")
        following = asyncio.create_task(listener.follow(lines))
        try:
            yield listener
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
