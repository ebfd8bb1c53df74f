"""Ends a worker whose loop stands still, so that one entry without end does not hold the others."""

import asyncio
import faulthandler
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Of computing time. The longest honest computation, one long body or twenty long messages, takes
# half a second; what an entry without end holds up must not wait much longer than this.
LIMIT_SECONDS = 3.0
TURNS = 6  # in that time; a loop that is busy comes round late
STDERR = 2


@asynccontextmanager
async def watched(limit_seconds: float = LIMIT_SECONDS) -> AsyncIterator[None]:
    """Have the kernel end this process when its loop computes `limit_seconds` without a pause.

    The loop winds up a timer again and again. The timer counts the process's own computing time:
    one that was frozen or starved has done nothing wrong. When it runs out, every thread's stack
    goes to stderr (names of functions, no values) and SIGPROF ends the process; no lock of Python's
    is needed for either.

    Linux and macOS; main thread only.
    """
    faulthandler.register(signal.SIGPROF, file=STDERR, chain=True)
    winding = asyncio.create_task(_wind(limit_seconds))
    try:
        yield
    finally:
        winding.cancel()
        await asyncio.gather(winding, return_exceptions=True)
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)


async def _wind(limit_seconds: float) -> None:
    while True:
        signal.setitimer(signal.ITIMER_PROF, limit_seconds)
        await asyncio.sleep(limit_seconds / TURNS)
