"""A platform with a brand's followers on it: its plan, its sender and its numbers in one object."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.core.kit.clock import host_now
from services.simulator.client import DeliveryClient, SendPolicy
from services.simulator.corpus import BRAND_IN_TEXTS
from services.simulator.counters import Counters
from services.simulator.deliveries import PlannedDelivery, disturb, pack
from services.simulator.ledger import Ledger
from services.simulator.traffic import plan

_PROGRESS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Weather:
    """How the deliveries travel (see `pack` and `disturb`); by default one by one, in order."""

    batch_size: int = 1
    batch_window_seconds: float = 0.25
    duplicates: float = 0.0
    shuffle_seconds: float = 0.0


class SimulatedPlatform:
    """Sends one source's traffic to a running product, over HTTP and nothing else.

    `duration` in seconds ends the plan, None runs until stopped. `own_account` is the brand's
    account as registered with the source: it is what mentions tag. Every id of a run begins with
    the time it started, so a second run of a seed brings new messages from the same people.
    `counters` may be read at any time.
    """

    def __init__(
        self,
        base_url: str,
        source_id: str,
        secret: str,
        *,
        seed: int = 1,
        rate: float = 2.0,
        scenario: str = "mixed",
        duration: float | None = None,
        cycle_seconds: float | None = None,
        own_account: str = BRAND_IN_TEXTS,
        weather: Weather | None = None,
        policy: SendPolicy | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], datetime] = host_now,
    ) -> None:
        """Raises ValueError, with a sentence, for a plan that makes no sense."""
        self.counters = Counters()
        self._base_url = base_url
        self._source_id = source_id
        self._secret = secret
        self._seed = seed
        self._rate = rate
        self._scenario = scenario
        self._duration = duration
        self._cycle_seconds = cycle_seconds
        self._own_account = own_account
        self._weather = weather or Weather()
        self._policy = policy
        self._ledger = ledger
        self._now = now
        self._deliveries(now())  # a wrong number should be told now and not when traffic starts

    async def run(
        self, stop: asyncio.Event, on_progress: Callable[[Counters], None] | None = None
    ) -> None:
        """Send until the plan ends or `stop` is set, and all that was sent came to an end.

        `on_progress` is called twice a second and once at the end, from the event loop. Cancelling
        ends at once and leaves requests under way in doubt.
        """
        report = on_progress or (lambda _: None)
        async with (
            DeliveryClient(
                self._base_url,
                self._source_id,
                self._secret,
                policy=self._policy,
                ledger=self._ledger,
                counters=self.counters,
                seed=self._seed,
                now=self._now,
            ) as client,
            asyncio.TaskGroup() as both,
        ):
            reporting = both.create_task(_report(self.counters, report))
            try:
                await client.run(self._deliveries(self._now()), stop)
            finally:
                reporting.cancel()
        report(self.counters)

    def _deliveries(self, start: datetime) -> Iterator[PlannedDelivery]:
        run = f"s{self._seed}-{start:%Y%m%d%H%M%S%f}"
        events = plan(
            self._seed,
            self._rate,
            self._duration,
            self._scenario,
            start=start,
            run=run,
            cycle_seconds=self._cycle_seconds,
            own_account=self._own_account,
        )
        packed = pack(
            events,
            run=run,
            batch_size=self._weather.batch_size,
            batch_window_seconds=self._weather.batch_window_seconds,
        )
        return disturb(
            packed,
            seed=self._seed,
            duplicates=self._weather.duplicates,
            shuffle_seconds=self._weather.shuffle_seconds,
        )


async def _report(counters: Counters, report: Callable[[Counters], None]) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        report(counters)
