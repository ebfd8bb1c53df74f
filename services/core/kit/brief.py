"""Remembers answers for at most a second: a revocation elsewhere is obeyed that soon, untold."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from services.core.kit.clock import monotonic

MAX_AGE_SECONDS = 1.0
MAX_ENTRIES = 10_000

_Key = TypeVar("_Key", bound=Hashable)
_Answer = TypeVar("_Answer")


@dataclass(slots=True, weakref_slot=True)
class _Turn:
    """One lookup of a key at a time, and how the last one of a row failed, if it did."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    failures: int = 0
    error: Exception | None = None


class BriefMemory(Generic[_Key, _Answer]):
    """A bounded memory of lookups. Many who ask for one key at once wait for one lookup.

    They share its error too: each trying for itself, one after the other, the last of them would
    wait for as many timeouts as there are others.
    """

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
        self._turns: WeakValueDictionary[_Key, _Turn] = WeakValueDictionary()

    async def ask(self, key: _Key, look_up: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Return what is remembered, or what `look_up` finds; its errors are not remembered."""
        known = self._fresh(key)
        if known is not None:
            return known[1]
        turn = self._turns.get(key)
        if turn is None:
            self._turns[key] = turn = _Turn()
        failures = turn.failures
        async with turn.lock:
            known = self._fresh(key)
            if known is not None:
                return known[1]
            if turn.error is not None and turn.failures != failures:
                raise turn.error
            # The age counts from before the lookup: what it saw may be that old.
            asked_at = self._read_seconds()
            try:
                answer = await look_up()
            except Exception as error:
                turn.failures, turn.error = turn.failures + 1, error
                raise
            self._remember(key, asked_at, answer)
            return answer

    def forget(self, key: _Key) -> None:
        """Have the next who asks look anew."""
        self._answers.pop(key, None)

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
