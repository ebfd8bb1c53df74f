"""Fans a workspace's facts out to whoever listens: one reader of the database a workspace.

Facts are read by their number, while somebody listens, and kept in a short ring. A listener is
only a number: who falls behind the ring reads pages from the database by themselves, so nobody's
slowness costs memory, and no connection is held while something is sent.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import dropwhile
from uuid import UUID

import structlog

from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.types import PublishedFact

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
OUTAGE_SECONDS = 1.0
PAGE = 200
RING = 1_000
# Listeners of one workspace in one process; each is a socket and a task.
MOST_LISTENERS = 500


@dataclass(frozen=True, slots=True)
class Gap:
    """Facts `first` to `last` will not come: they are forgotten, or were never this stream's.

    The stream goes on behind number `resume`.
    """

    first: int
    last: int
    resume: int


@dataclass(slots=True)
class _Feed:
    """What the listeners of one workspace share."""

    workspace_id: UUID
    position: int
    ring: deque[PublishedFact] = field(default_factory=lambda: deque(maxlen=RING))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: int = 0
    reader: asyncio.Task[None] | None = None

    def add(self, facts: Sequence[PublishedFact]) -> None:
        self.ring.extend(facts)
        self.position = facts[-1].seq
        # A new one each time: whoever waited on the old one is woken exactly once.
        self.news.set()
        self.news = asyncio.Event()

    def reaches_back_to(self, seq: int) -> bool:
        """True when everything after `seq` is in the ring."""
        return seq >= (self.ring[0].seq - 1 if self.ring else self.position)


class Listener:
    """One reader's place in the stream."""

    def __init__(self, hub: "StreamHub", feed: _Feed, position: int, missing: Gap | None) -> None:
        self._hub = hub
        self._feed = feed
        self._missing = missing
        self.position = position

    @property
    def ended(self) -> bool:
        """True when the process ends; nothing comes any more."""
        return self._hub.closing.is_set()

    async def take(self, patience: float) -> list[PublishedFact | Gap]:
        """What comes next, in order; empty when nothing came in `patience` seconds.

        Raises UnavailableError when it must catch up and the database is away.
        """
        if self._missing is not None:
            missing, self._missing = self._missing, None
            return [missing]
        if self.ended:
            return []
        news = self._feed.news
        facts = await self._ready()
        if not facts:
            # One timer and no task: a thousand wait here at once. The end of the process is news.
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await news.wait()
            facts = await self._ready()
        return self._in_order(facts)

    async def _ready(self) -> list[PublishedFact]:
        if self.position >= self._feed.position:
            return []
        if self._feed.reaches_back_to(self.position):
            return list(dropwhile(lambda fact: fact.seq <= self.position, self._feed.ring))[:PAGE]
        return await self._hub.read(self._feed.workspace_id, self.position)

    def _in_order(self, facts: list[PublishedFact]) -> list[PublishedFact | Gap]:
        taken: list[PublishedFact | Gap] = []
        for fact in facts:
            if fact.seq > self.position + 1:
                # Numbers are dense: what is missing was forgotten while we read.
                taken.append(Gap(self.position + 1, fact.seq - 1, fact.seq - 1))
            taken.append(fact)
            self.position = fact.seq
        return taken


class StreamHub:
    """One a process. `close` ends all listening at once; nothing starts after it."""

    def __init__(self, database: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._poll_seconds = poll_seconds
        self._feeds: dict[UUID, _Feed] = {}
        self.closing = asyncio.Event()

    @property
    def listeners(self) -> int:
        return sum(feed.listeners for feed in self._feeds.values())

    @asynccontextmanager
    async def listen(
        self, workspace_id: UUID, after: int | None, *, always: bool = False
    ) -> AsyncIterator[Listener]:
        """Listen from behind number `after`, or from now on.

        `always` is for what listens in the place of others, who were counted themselves.
        Raises UnavailableError when too many listen already or the database is away.
        """
        last, first_kept = await self._head(workspace_id)
        position, missing = _start(after, last, first_kept)
        feed = self._feeds.setdefault(workspace_id, _Feed(workspace_id, last))
        if feed.listeners >= MOST_LISTENERS and not always:
            raise UnavailableError("Too many listen to this workspace's stream already.")
        feed.listeners += 1
        reader = feed.reader = feed.reader or asyncio.create_task(self._follow(feed))
        try:
            yield Listener(self, feed, position, missing)
        finally:
            feed.listeners -= 1
            if feed.listeners == 0:
                self._feeds.pop(workspace_id, None)
                reader.cancel()

    async def read(self, workspace_id: UUID, after: int) -> list[PublishedFact]:
        async with self._database.read(workspace_id) as uow:
            return await stream.read_after(uow, after, PAGE)

    def close(self) -> None:
        """Let every listener end. May be called from a signal handler's loop callback."""
        self.closing.set()
        for feed in self._feeds.values():
            feed.news.set()

    async def _head(self, workspace_id: UUID) -> tuple[int, int]:
        async with self._database.read(workspace_id) as uow:
            return await stream.read_head(uow)

    async def _follow(self, feed: _Feed) -> None:
        """Read what is new until cancelled; an outage only makes it late."""
        while True:
            facts: list[PublishedFact] = []
            pause = self._poll_seconds
            try:
                facts = await self.read(feed.workspace_id, feed.position)
            except UnavailableError:
                pause = OUTAGE_SECONDS
            except Exception:
                # A listener would wait forever on a reader that died of a mistake of ours.
                log.exception("stream.reader_failed")
                pause = OUTAGE_SECONDS
            if facts:
                feed.add(facts)
            if len(facts) < PAGE:
                await asyncio.sleep(pause)


def _start(after: int | None, last: int, first_kept: int) -> tuple[int, Gap | None]:
    """Where to start, and what was asked for and cannot be had."""
    if after is None:
        return last, None
    if after > last:
        # A number of another stream, or of a database restored since.
        return last, Gap(last + 1, after, last)
    if after + 1 < first_kept:
        return first_kept - 1, Gap(after + 1, first_kept - 1, first_kept - 1)
    return after, None


async def first_of(one: asyncio.Event, other: asyncio.Event, patience: float) -> None:
    """Wait for either, `patience` seconds at most."""
    waits = [asyncio.ensure_future(one.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
