"""What this process has measured so far, for whoever asks: sums and spreads, never texts.

Core measures where things happen and knows no Prometheus; the doors read it out.
"""

import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.core.kit.clock import monotonic

# Upper ends in seconds; what is above the last one is counted beyond it.
CLAIM_BOUNDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# A timer is never early, and a second late at most while a worker looks once a second.
LAG_BOUNDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 3.0, 10.0, 30.0, 60.0, 300.0, 3600.0)


@dataclass(slots=True)
class Spread:
    """How often which values came: a count for each bound, and one for what lies beyond."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def report(self) -> dict[str, Any]:
        return {"bounds": list(self.bounds), "counts": list(self.counts), "total": self.total}


@dataclass(slots=True)
class Figures:
    """One a process. `claims` is kept by queue."""

    claims: dict[str, Spread] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)
    timer_lag: Spread = field(default_factory=lambda: Spread(LAG_BOUNDS))
    # By kind of channel and tier, with a slash between them.
    send_lag: dict[str, Spread] = field(default_factory=dict)

    def note_claim(self, queue: str, *, rows: int, seconds: float) -> None:
        """A claim was made: how many rows it took, and how long it needed for that."""
        self.claims.setdefault(queue, Spread(CLAIM_BOUNDS)).add(seconds)
        self.claimed[queue] = self.claimed.get(queue, 0) + rows

    @contextmanager
    def claiming(self, queue: str) -> Iterator[list[int]]:
        """Time a claim, its commit included when it is inside; append how many rows it took."""
        started, took = monotonic(), list[int]()
        yield took
        self.note_claim(queue, rows=sum(took), seconds=monotonic() - started)

    def note_lags(self, seconds: Sequence[float]) -> None:
        """Timers fired: how late each was by the database's clock."""
        for lag in seconds:
            self.timer_lag.add(max(0.0, lag))

    def note_sent(self, kind: str, tier: str, seconds: Sequence[float]) -> None:
        """Alerts arrived: how long after they were queued for a channel of this kind."""
        spread = self.send_lag.setdefault(f"{kind}/{tier}", Spread(LAG_BOUNDS))
        for lag in seconds:
            spread.add(max(0.0, lag))

    def report(self) -> dict[str, Any]:
        """Plain JSON, for the process's heartbeat."""
        return {
            "claims": {queue: spread.report() for queue, spread in self.claims.items()},
            "claimed": dict(self.claimed),
            "timer_lag": self.timer_lag.report(),
            "send_lag": {name: spread.report() for name, spread in self.send_lag.items()},
            "memory_bytes": memory_bytes(),
        }


def memory_bytes() -> int:
    """What this process holds in memory; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


FIGURES: Final = Figures()
