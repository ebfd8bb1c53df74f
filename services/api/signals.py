"""Tells long answers that the process is to end, the moment it is told so itself.

The server waits for open answers before it shuts the application down, so an answer that never
ends would hold the shutdown until its patience is over.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_of_the_end(end: Callable[[], None]) -> Iterator[None]:
    """Run `end` in this loop when SIGINT or SIGTERM comes, before whoever handled it so far.

    Does nothing outside the main thread and where nobody handles the signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _ENDINGS}

    def pass_on(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    taken = [number for number, handler in before.items() if callable(handler)]
    for number in taken:
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number in taken:
            if signal.getsignal(number) is pass_on:
                signal.signal(number, before[number])
