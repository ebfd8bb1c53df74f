"""One simulation from options to report: what `warmline simulate` and the fault tests call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from services.simulator.client import SendPolicy
from services.simulator.corpus import BRAND_IN_TEXTS
from services.simulator.counters import Counters
from services.simulator.ledger import Ledger
from services.simulator.platform import SimulatedPlatform, Weather


@dataclass(frozen=True, slots=True)
class SimulationOptions:
    """What a person asks for. `duration` in seconds, None until stopped; `rate` in events a second.

    `secret` is the source's `whsec_…`; `ledger` a file to append to.
    """

    url: str
    source: str
    secret: str = field(repr=False)
    rate: float = 2.0
    duration: float | None = 60.0
    seed: int = 1
    scenario: str = "mixed"
    ledger: Path | None = None
    is_ledger_durable: bool = False
    cycle_seconds: float | None = None
    own_account: str = BRAND_IN_TEXTS
    weather: Weather = field(default_factory=Weather)
    policy: SendPolicy = field(default_factory=SendPolicy)


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What became of it: counts of deliveries, `accepted` and `duplicates` of events, seconds.

    Percentiles run from the planned moment to the answer, so waiting is never left out.
    """

    seconds: float
    sent: int
    acked: int
    failed: int
    retries: int
    events_acked: int
    accepted: int
    duplicates: int
    worst_lag_seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    slowest_seconds: float
    statuses: dict[str, int]

    @property
    def is_complete(self) -> bool:
        """Whether every delivery of the plan was acknowledged."""
        return self.failed == 0


async def simulate(
    options: SimulationOptions,
    *,
    stop: asyncio.Event | None = None,
    on_progress: Callable[[Counters], None] | None = None,
) -> SimulationReport:
    """Send the traffic the options describe and say what became of it.

    Setting `stop` ends it early with a report. Raises ValueError for options that make no sense
    and OSError when the ledger cannot be written; a server that is down or refuses is no error but
    a number in the report.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    with Ledger(options.ledger, durable=options.is_ledger_durable) as ledger:
        platform = SimulatedPlatform(
            options.url,
            options.source,
            options.secret,
            seed=options.seed,
            rate=options.rate,
            scenario=options.scenario,
            duration=options.duration,
            cycle_seconds=options.cycle_seconds,
            own_account=options.own_account,
            weather=options.weather,
            policy=options.policy,
            ledger=ledger,
        )
        await platform.run(stop or asyncio.Event(), on_progress)
    return report_of(platform.counters, seconds=loop.time() - began)


def report_of(counters: Counters, *, seconds: float) -> SimulationReport:
    return SimulationReport(
        seconds=seconds,
        sent=counters.sent,
        acked=counters.acked,
        failed=counters.failed,
        retries=counters.retries,
        events_acked=counters.events_acked,
        accepted=counters.accepted,
        duplicates=counters.duplicates,
        worst_lag_seconds=counters.worst_lag_seconds,
        p50_seconds=counters.from_plan.percentile(0.50),
        p95_seconds=counters.from_plan.percentile(0.95),
        p99_seconds=counters.from_plan.percentile(0.99),
        slowest_seconds=counters.from_plan.highest,
        statuses=dict(counters.statuses),
    )
