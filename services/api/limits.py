"""How many calls each key and each session may make: one that runs wild harms nobody else."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Final
from uuid import UUID

from services.core.kit.clock import monotonic
from services.core.workspaces.types import Caller

# The least recent of more are forgotten, and begin with all their calls again.
MOST_CALLERS: Final = 10_000
# Where a request keeps how its caller stands, for the headers of the answer.
STANDING: Final = "warmline.standing"
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller has left, and the seconds until everything is there again.

    `wait_seconds` are until the next call: 0 when this one is let through.
    """

    limit: int
    remaining: int
    reset_seconds: int
    wait_seconds: float

    def headers(self) -> Iterator[tuple[str, str]]:
        """As the IETF's draft of RateLimit headers spelled them, and most clients read them."""
        yield "ratelimit-limit", str(self.limit)
        yield "ratelimit-remaining", str(self.remaining)
        yield "ratelimit-reset", str(self.reset_seconds)
        yield "ratelimit-policy", f"{self.limit};w={_MINUTE}"


class CallLimits:
    """A bucket for each caller, filled evenly: a minute's calls at once, then as they come back.

    Each process grants the whole limit: it guards the process, it bills nobody.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[UUID, tuple[float, float]] = OrderedDict()

    def take(self, caller: Caller, now: float | None = None) -> Standing | None:
        """Count one call, if there is one left; None where nothing is limited.

        `now` is in seconds of a clock that never jumps.
        """
        named = caller.session_id or caller.key_id
        if not self._per_minute or named is None:
            return None
        moment, most = monotonic() if now is None else now, float(self._per_minute)
        left, since = self._buckets.pop(named, (most, moment))
        left = min(most, left + (moment - since) * most / _MINUTE)
        wait = max(0.0, (1 - left) * _MINUTE / most)
        left -= 0 if wait else 1
        self._buckets[named] = (left, moment)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        reset = ceil((most - left) * _MINUTE / most)
        return Standing(self._per_minute, floor(left), reset, wait)
