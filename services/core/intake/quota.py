"""How much each workspace may send, kept in this process: a token bucket each."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.core.intake.errors import OverQuotaError
from services.core.intake.rules import full_bucket, take
from services.core.intake.types import Bucket, Wait

MAX_BUCKETS = 10_000
# History has no hurry: one call at a time for each workspace, the next may ask again after this.
BACKFILL_RETRY_SECONDS = 5.0


class Quotas:
    """Buckets by workspace. Each process grants the whole quota: it guards it, it bills nobody."""

    def __init__(self, *, events_per_minute: int, burst_events: int) -> None:
        self._events_per_minute = events_per_minute
        self._burst_events = burst_events
        self._buckets: OrderedDict[UUID, Bucket] = OrderedDict()
        self._backfilling: set[UUID] = set()

    def admit(
        self, workspace_id: UUID, events: int, *, override: int | None, now: datetime
    ) -> None:
        """Take `events` from the bucket, or raise OverQuotaError with the seconds to wait.

        `override` is the workspace's own number of events a minute.
        """
        per_minute = self._events_per_minute if override is None else override
        capacity = float(self._burst_events if override is None else override)
        bucket = self._buckets.get(workspace_id)
        if bucket is None:
            bucket = full_bucket(capacity=capacity, refill_per_second=per_minute / 60, now=now)
        else:
            bucket = replace(bucket, capacity=capacity, refill_per_second=per_minute / 60)
        taken = take(bucket, events, now)
        if isinstance(taken, Wait):
            raise OverQuotaError(taken.seconds)
        self._buckets[workspace_id] = taken
        self._buckets.move_to_end(workspace_id)
        while len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)

    @contextmanager
    def backfill(self, workspace_id: UUID) -> Iterator[None]:
        """Let one backfill of a workspace run here; raises OverQuotaError for a second one.

        History is not counted: a long one would never fit the quota, and a retry of it less still.
        """
        if workspace_id in self._backfilling:
            raise OverQuotaError(BACKFILL_RETRY_SECONDS)
        self._backfilling.add(workspace_id)
        try:
            yield
        finally:
            self._backfilling.discard(workspace_id)
