"""The only place that makes ids: time-ordered ones, and ones derived from a platform's own id."""

import hashlib
import os
import threading
import time
from datetime import datetime
from uuid import UUID

_COUNTER_BITS = 12
_VERSION_7 = 0x7 << 76
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << 62
_VERSION_MASK = ~(0xF << 76)
_VARIANT_MASK = ~(0b11 << 62)


class _Ticks:
    """Milliseconds with a counter below them, each higher than the one before.

    Whatever the host's clock does, rows made one after the other in a process sort that way.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """48 bits of milliseconds and 12 of counter; a full counter borrows from the future."""
        with self._lock:
            self._last = max(time.time_ns() // 1_000_000 << _COUNTER_BITS, self._last + 1)
            return self._last


_ticks = _Ticks()


def new_id() -> UUID:
    """A UUIDv7: unique everywhere, and in one process always higher than the one before."""
    milliseconds, counter = divmod(_ticks.next(), 1 << _COUNTER_BITS)
    noise = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return _stamped(milliseconds, counter << 64 | noise)


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond: a partition boundary for tables keyed by time."""
    return _stamped(int(moment.timestamp() * 1000), 0)


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, in every process (UUIDv8 over BLAKE2b).

    Rows that stand for something on a platform get their id from the platform's id, so a
    reply that arrives before its comment already knows the comment's id.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = str(part).encode("utf-8", "surrogatepass")
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(encoded).to_bytes(4))
        digest.update(encoded)
    value = int.from_bytes(digest.digest())
    return UUID(int=(value & _VERSION_MASK & _VARIANT_MASK) | _VERSION_8 | _VARIANT)


def _stamped(milliseconds: int, noise: int) -> UUID:
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | noise
    return UUID(int=(value & _VERSION_MASK & _VARIANT_MASK) | _VERSION_7 | _VARIANT)
