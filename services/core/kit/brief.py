"""Remembers answers for at most a second: a revocation elsewhere is obeyed that soon, untold."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from services.core.kit.clock import monotonic

MAX_AGE_SECONDS = 1.0
MAX_ENTRIES = 10_000

_Key = TypeVar("_Key", bound=Hashable)
_Answer = TypeVar("_Answer")


class BriefMemory(Generic[_Key, _Answer]):
    """A bounded memory of lookups. Many who ask for one key at once wait for one lookup."""

    def __init__(
        self,
        *,
        max_age_seconds: float = MAX_AGE_SECONDS,
        max_entries: int = MAX_ENTRIES,
        read_seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._max_age = max_age_seconds
        self._max_entries = max_entries
        self._read_seconds = read_seconds
        self._answers: OrderedDict[_Key, tuple[float, _Answer]] = OrderedDict()
        self._locks: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, key: _Key, look_up: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Return what is remembered, or what `look_up` finds; its errors are not remembered."""
        known = self._fresh(key)
        if known is not None:
            return known[1]
        lock = self._locks.get(key)
        if lock is None:
            self._locks[key] = lock = asyncio.Lock()
        async with lock:
            known = self._fresh(key)
            if known is not None:
                return known[1]
            # The age counts from before the lookup: what it saw may be that old.
            asked_at = self._read_seconds()
            answer = await look_up()
            self._remember(key, asked_at, answer)
            return answer

    def _fresh(self, key: _Key) -> tuple[float, _Answer] | None:
        known = self._answers.get(key)
        if known is None or self._read_seconds() - known[0] >= self._max_age:
            return None
        return known

    def _remember(self, key: _Key, asked_at: float, answer: _Answer) -> None:
        self._answers[key] = (asked_at, answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._max_entries:
            self._answers.popitem(last=False)
