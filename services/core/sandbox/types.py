"""The nouns of a test clock: what time it is in a sandbox, and where somebody wants it to be."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """`now` is the sandbox's, `real_now` everybody else's; the first is never behind the second.

    `next_moment_at` is the next moment of a promise in it, when one is planned: where to move to.
    """

    now: datetime
    real_now: datetime
    ahead: timedelta
    next_moment_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Where to: a moment, or so much further from where the clock stands. One of the two."""

    to: datetime | None = None
    by: timedelta | None = None
