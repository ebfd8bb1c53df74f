"""What a simulated platform can say about itself while it runs: counts, lag and latencies."""

import math
from collections import Counter
from dataclasses import dataclass, field

# Buckets 5 % apart keep any percentile within 5 % in a few hundred numbers, however long it runs.
_GROWTH = math.log(1.05)
_SMALLEST_SECONDS = 0.000_1


class Latencies:
    """Durations in seconds, kept as a histogram of logarithmic buckets."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.highest = 0.0

    def record(self, seconds: float) -> None:
        self.highest = max(self.highest, seconds)
        self._buckets[round(math.log(max(seconds, _SMALLEST_SECONDS)) / _GROWTH)] += 1

    def percentile(self, share: float) -> float:
        """Seconds that this share (0 to 1) of all durations stayed below; 0 without any."""
        wanted = share * self._buckets.total()
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(math.exp(bucket * _GROWTH), self.highest)
        return 0.0


@dataclass(slots=True)
class Counters:
    """Live numbers, written by the sender alone and safe to read at any time.

    `sent` counts deliveries whose first attempt began, `acked` and `failed` those that came to an
    end, `retries` the attempts beyond the first. `accepted` and `duplicates` are what the answers
    said, in events. `lag_seconds` is how far behind the plan the latest first attempt began.
    """

    sent: int = 0
    acked: int = 0
    failed: int = 0
    retries: int = 0
    waiting: int = 0
    events_acked: int = 0
    accepted: int = 0
    duplicates: int = 0
    lag_seconds: float = 0.0
    worst_lag_seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    # From the planned moment to the answer: a stalled sender cannot make them look better.
    from_plan: Latencies = field(default_factory=Latencies)
    # From the start of the answered attempt to its answer.
    from_send: Latencies = field(default_factory=Latencies)

    def note_lag(self, seconds: float) -> None:
        self.lag_seconds = max(seconds, 0.0)
        self.worst_lag_seconds = max(self.worst_lag_seconds, self.lag_seconds)
