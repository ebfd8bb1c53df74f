"""Tells who looks at a view that it changed: one look for all of them, and one a second at most.

A view is looked at again when facts of its workspace are published, and every few seconds besides:
rows also come and go by time alone, and not everything that is listed is a fact. Two looks are
compared row by row, so that what is told is what a reader would see.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from services.api.schemas.views import CaseConditions, MessageConditions, conditions_of
from services.api.stream_hub import Gap, Listener, StreamHub, first_of
from services.core.board import service as board
from services.core.board.types import View
from services.core.kit.clock import monotonic
from services.core.kit.errors import DomainError, UnavailableError
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream
from services.core.stream.types import PublishedFact
from services.core.views import rules
from services.core.views import service as views
from services.core.views.types import SavedView, ViewKind

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
# How long a look holds where nothing was published. Messages that need no answer, and who
# follows, are no facts unless somebody asked for them.
HOLDS: Final[Mapping[ViewKind, float]] = {
    ViewKind.CASES: 15.0,
    ViewKind.MESSAGES: 3.0,
    ViewKind.FOLLOWERS: 3.0,
}
OUTAGE_SECONDS = 1.0
# As many as a page has at most.
ROWS = 200
# Changes that are kept for who reads slowly.
RING = 50
# Looks of one process under way at a time: a storm must leave connections to others.
AT_ONCE = 4
# Who has a case open changes no list.
_NO_NEWS = "presence."


@dataclass(frozen=True, slots=True)
class ViewChange:
    """What came to, changed on and left the first 200 rows of a view, by number `seq`.

    `whole` says that it is not known row by row: read the view again.
    """

    view_id: UUID
    seq: int
    at: datetime
    came: tuple[UUID, ...] = ()
    changed: tuple[UUID, ...] = ()
    left: tuple[UUID, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """A view as it was seen; `rows` by id, in their order."""

    version: int
    at: datetime
    rows: Mapping[UUID, View]


@dataclass(frozen=True, slots=True)
class _Key:
    """Who sees the same: everybody, or one person where the view is theirs."""

    workspace_id: UUID
    view_id: UUID
    person: UUID | None


@dataclass(slots=True)
class _Watch:
    """What all who look at one view in this process share."""

    key: _Key
    seen: _Look
    position: int
    # Whether only facts change it.
    by_facts: bool
    holds: float
    told: int = 0
    changes: deque[ViewChange] = field(default_factory=lambda: deque(maxlen=RING))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    listeners: int = 0
    task: "asyncio.Task[None] | None" = None

    def take_in(self, look: _Look, position: int) -> None:
        """Keep what is different from the look before, and wake who waits."""
        before, self.seen, self.position = self.seen, look, position
        change = _difference(self, before, look)
        if change is not None:
            self.changes.append(change)
            self.told += 1
            self.wake()

    def wake(self) -> None:
        # A new one each time: whoever waited on the old one is woken exactly once.
        self.news.set()
        self.news = asyncio.Event()


class ViewListener:
    """One reader's place beside a view."""

    def __init__(self, hub: StreamHub, watch: _Watch, after: int | None) -> None:
        self._hub = hub
        self._watch = watch
        self._after = after
        # Changes up to here were taken; None before the first.
        self._told: int | None = None

    @property
    def position(self) -> int:
        return self._watch.position

    @property
    def ended(self) -> bool:
        """True when the process ends, and when the view is not there any more for its reader."""
        return self._hub.closing.is_set() or self._watch.gone

    async def take(self, patience: float) -> list[ViewChange]:
        """What changed, in order; empty when nothing did in `patience` seconds.

        The first says that all is to be read, but for a reader who comes back to what it has seen.
        """
        news = self._watch.news
        found = self._ready()
        if not found and not self.ended:
            await first_of(news, self._hub.closing, patience)
            found = self._ready()
        return found

    def _ready(self) -> list[ViewChange]:
        watch = self._watch
        before, self._told = self._told, watch.told
        if before is None:
            known = watch.by_facts and self._after == watch.position
            return [] if known else [_whole(watch, watch.seen)]
        missed = watch.told - before
        if missed > len(watch.changes):
            return [_whole(watch, watch.seen)]
        return list(watch.changes)[len(watch.changes) - missed :]


class ViewHub:
    """One a process, beside the stream whose facts it goes by."""

    def __init__(self, database: Database, hub: StreamHub) -> None:
        self._database = database
        self._hub = hub
        self._watches: dict[_Key, _Watch] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def watched(self) -> int:
        return len(self._watches)

    @asynccontextmanager
    async def listen(
        self, workspace_id: UUID, place: str, person: UUID | None, after: int | None
    ) -> AsyncIterator[ViewListener]:
        """Listen to a view, by its id or the short name of one that is built in.

        Raises NotFoundError, NotSignedInError, NothingToLookForError, UnavailableError.
        """
        # A place among those who listen to the workspace; its facts are taken by the watch.
        async with self._hub.listen(workspace_id, None):
            watch = await self._open(workspace_id, place, person)
            watch.listeners += 1
            task = watch.task = watch.task or asyncio.create_task(self._follow(watch))
            try:
                yield ViewListener(self._hub, watch, after)
            finally:
                watch.listeners -= 1
                if watch.listeners == 0:
                    if self._watches.get(watch.key) is watch:
                        del self._watches[watch.key]
                    task.cancel()

    async def _open(self, workspace_id: UUID, place: str, person: UUID | None) -> _Watch:
        """The watch there is, or a new one that has looked once."""
        async with self._turns, self._database.read(workspace_id) as uow:
            view = await views.find_view(uow, place, person)
            filters = view.draft.filters
            is_theirs = view.draft.owner_id is not None or filters.get("assignee_id") == rules.ME
            key = _Key(workspace_id, view.id, person if is_theirs else None)
            if known := self._find(key):
                return known
            # In this order: the look knows of everything up to the number, and perhaps of more.
            position, _ = await stream.read_head(uow)
            look = await _see(uow, view, person)
        by_facts = view.draft.kind is ViewKind.CASES and "due_within_minutes" not in filters
        watch = self._find(key) or _Watch(key, look, position, by_facts, HOLDS[view.draft.kind])
        self._watches[key] = watch
        return watch

    def _find(self, key: _Key) -> _Watch | None:
        known = self._watches.get(key)
        return None if known is None or known.gone else known

    async def _follow(self, watch: _Watch) -> None:
        """Look again and again until cancelled, or until the view is gone."""
        while not watch.gone:
            try:
                await self._stay(watch)
            except UnavailableError:
                await asyncio.sleep(OUTAGE_SECONDS)
            except Exception:
                # A listener would wait forever on a watch that died of a mistake of ours.
                log.exception("views.watch_failed")
                await asyncio.sleep(OUTAGE_SECONDS)
            if self._hub.closing.is_set():
                return

    async def _stay(self, watch: _Watch) -> None:
        async with self._hub.listen(watch.key.workspace_id, None, always=True) as facts:
            while await self._look(watch, facts.position):
                await _wait_for_news(facts, watch.holds)

    async def _look(self, watch: _Watch, position: int) -> bool:
        """Whether there is more to look at."""
        key = watch.key
        try:
            async with self._turns, self._database.read(key.workspace_id) as uow:
                view = await views.get_view(uow, key.view_id, key.person)
                look = await _see(uow, view, key.person)
        except UnavailableError:
            raise
        except DomainError:
            # Deleted, made somebody's own, or changed to what this reader cannot see.
            watch.gone = True
            watch.wake()
            return False
        watch.take_in(look, position)
        return not self._hub.closing.is_set()


async def _wait_for_news(facts: Listener, holds: float) -> None:
    """Until something may have changed, and a second has passed since the last look."""
    since = monotonic()
    while not facts.ended and (left := since + holds - monotonic()) > 0:
        if any(_is_news(each) for each in await facts.take(left)):
            break
    pause = since + LOOK_SECONDS - monotonic()
    if pause > 0:
        await asyncio.sleep(pause)
    # What came meanwhile is seen by the same look.
    while await facts.take(0):
        pass


def _is_news(taken: PublishedFact | Gap) -> bool:
    return isinstance(taken, Gap) or not taken.fact.kind.startswith(_NO_NEWS)


async def _see(uow: UnitOfWork, view: SavedView, person: UUID | None) -> _Look:
    rows = {row["id"]: row for row in await _rows(uow, view, person)}
    return _Look(view.version, uow.now, rows)


async def _rows(uow: UnitOfWork, view: SavedView, person: UUID | None) -> list[View]:
    wanted = conditions_of(view)
    if isinstance(wanted, CaseConditions):
        conditions = wanted.to_filter(uow.now, person)
        return (await board.list_cases(uow, conditions, limit=ROWS)).items
    if isinstance(wanted, MessageConditions):
        return (await board.list_messages(uow, wanted.to_filter(), limit=ROWS)).items
    followers = await board.list_followers(
        uow, source_id=wanted.source_id, handle=wanted.handle, limit=ROWS
    )
    return followers.items


def _difference(watch: _Watch, before: _Look, now: _Look) -> ViewChange | None:
    if before.version != now.version:
        return _whole(watch, now)
    came = tuple(each for each in now.rows if each not in before.rows)
    left = tuple(each for each in before.rows if each not in now.rows)
    stayed = (each for each in now.rows if each in before.rows)
    changed = tuple(each for each in stayed if now.rows[each] != before.rows[each])
    if not (came or changed or left):
        return None
    return ViewChange(watch.key.view_id, watch.position, now.at, came, changed, left)


def _whole(watch: _Watch, look: _Look) -> ViewChange:
    return ViewChange(watch.key.view_id, watch.position, look.at, whole=True)
