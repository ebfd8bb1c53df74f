"""Slow hashes of passwords, in threads of their own: signing in must not starve the rest."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.core.kit.errors import UnavailableError

# What OWASP asks of argon2id at least: 19 MiB and two passes; some 30 ms of one core.
MEMORY_KIB: Final = 19_456
PASSES: Final = 2
LANES: Final = 1
# More waiting than this would wait longer than anybody looks at a sign-in page.
MAX_WAITING: Final = 50

_Answer = TypeVar("_Answer")


class Hashing:
    """Hashes and checks passwords, `at_once` at a time; the others wait, too many are refused."""

    def __init__(self, *, at_once: int = 1, max_waiting: int = MAX_WAITING) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords")
        self._limit = at_once + max_waiting
        self._busy = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def fits(self, stored: str | None, password: str) -> bool:
        """True when the password is the right one. For nobody's it takes just as long."""
        return await self._run(lambda: self._check(stored, password))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, stored: str | None, password: str) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash("nobody's")
        try:
            self._hasher.verify(stored or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _run(self, work: Callable[[], _Answer]) -> _Answer:
        if self._busy >= self._limit:
            raise UnavailableError("Too many people are signing in; try again in a moment.")
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._busy -= 1
