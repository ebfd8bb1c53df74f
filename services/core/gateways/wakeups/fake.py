"""Wakes nobody and remembers whom it was asked to wake: for tests and for running without Redis."""

from collections import deque
from collections.abc import Iterable

from typing_extensions import override

from services.core.gateways.wakeups.port import Wakeups

REMEMBERED = 1_000


class RecordedWakeups(Wakeups):
    """`woken` holds the latest queues, oldest first."""

    def __init__(self) -> None:
        self.woken: deque[str] = deque(maxlen=REMEMBERED)

    @override
    async def wake(self, queues: Iterable[str]) -> None:
        self.woken.extend(sorted(queues))

    @override
    async def answers(self) -> bool:
        return True

    @override
    async def close(self) -> None:
        return
