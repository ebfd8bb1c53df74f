"""Waiting for a condition instead of for time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 180.0  # seconds; far more than anything here takes, so that a slow machine only waits
_POLL_SECONDS = 0.02


async def wait_until(
    condition: Callable[[], T | Awaitable[T]], patience: float = PATIENCE, *, what: str = ""
) -> T:
    """Ask again and again until the answer is true; returns it.

    Raises AssertionError with the last answer when it never was.
    """
    answer: T | None = None
    try:
        async with asyncio.timeout(patience):
            while True:
                asked = condition()
                answer = await asked if inspect.isawaitable(asked) else asked
                if answer:
                    return answer
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(
            f"Not within {patience:g} s: {what or condition}; {answer!r}"
        ) from None
