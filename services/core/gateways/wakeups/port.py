"""The port through which waiting workers are woken: a courtesy, never a promise."""

from collections.abc import Iterable
from typing import Final, Protocol

# The arq queue and the job every wake travels as; its one argument is the queue to look at.
WAKE_QUEUE: Final = "warmline:wakes"
WAKE_JOB: Final = "wake"


class Wakeups(Protocol):
    """Workers look for work every second anyway; a wake only saves them the wait."""

    async def wake(self, queues: Iterable[str]) -> None:
        """Wake the workers of these queues. Never raises and never takes long."""
        ...

    async def answers(self) -> bool:
        """True when a wake would arrive now. Never raises and never takes long."""
        ...

    async def close(self) -> None: ...
