"""What Prometheus reads: requests counted here, totals read from the database when it asks."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from services.api.reported import auditor_metrics, worker_metrics
from services.api.vitals import Vitals
from services.core.health import service as health
from services.core.health.types import Alive, LastVerdict, Totals, Waiting
from services.core.kit.clock import monotonic
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database

# However often and from how many places it is asked.
FRESH_SECONDS: Final = 5.0
# After a count as many times as long without one.
COUNT_SHARE: Final = 20.0
BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED: Final = "unmatched"


class Meters:
    """The instruments of one application; a registry of its own, so that two do not meet."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.totals = TotalsReader(database)
        self.vitals = Vitals(database)
        self.requests = Counter(
            "warmline_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "warmline_http_request_seconds",
            "Seconds until the answer began.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.refusals = Counter(
            "warmline_refusals",
            "Requests refused, by the problem's code.",
            ("route", "code"),
            registry=self.registry,
        )
        self.accepted = Counter(
            "warmline_intake_accepted_events",
            "Events of webhooks made durable.",
            registry=self.registry,
        )
        self.duplicates = Counter(
            "warmline_intake_duplicate_events",
            "Events of webhooks that had been seen before.",
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(self.totals)

    def count_receipt(self, *, accepted: int, duplicates: int) -> None:
        """Count what one accepted delivery brought."""
        self.accepted.inc(accepted)
        self.duplicates.inc(duplicates)


@dataclass(frozen=True, slots=True)
class _State:
    """One reading: what waits, who works, what an auditor found."""

    waiting: Waiting
    workers: Sequence[Alive]
    verdict: LastVerdict | None


class TotalsReader(Collector):
    """The installation's state, read when it is asked for; none while the database is away.

    Ages cost next to nothing. Counts cost what they count: they are read so seldom that a
    twentieth of the time goes into them at most, and are left out when they take too long.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state: _State | None = None
        self._totals: Totals | None = None
        self._read_at: float | None = None
        self._count_at = 0.0
        self._reading = asyncio.Lock()

    async def refresh(self) -> None:
        """Read what is older than FRESH_SECONDS; many callers at once cause one reading."""
        async with self._reading:
            if self._read_at is not None and monotonic() - self._read_at < FRESH_SECONDS:
                return
            try:
                self._state = _State(
                    await health.read_waiting(self._database),
                    await health.list_workers(self._database),
                    await health.read_verdict(self._database),
                )
            except UnavailableError:
                self._state = None
            else:
                await self._count()
            self._read_at = monotonic()

    async def _count(self) -> None:
        started = monotonic()
        if started < self._count_at:
            return
        try:
            self._totals = await health.read_totals(self._database)
        except UnavailableError:
            self._totals = None
        self._count_at = started + COUNT_SHARE * (monotonic() - started)

    @override
    def collect(self) -> Iterable[Metric]:
        state = self._state
        yield _gauge("up", "1 when the database answered the last reading.", int(state is not None))
        if state is not None:
            yield from _ages(state)
            yield from worker_metrics(state.workers)
            yield from auditor_metrics(state.verdict)
            if self._totals is not None:
                yield from _counts(self._totals)


class MeasureRequests:
    """Counts and times every answer by the route's template; the time is until it began."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = monotonic()

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._measure(scope, message["status"], monotonic() - started)
            await send(message)

        await self._app(scope, receive, send_measured)

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        # The template, never the path: ids would make a new series each.
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._meters.requests.labels(method, route, str(status)).inc()
        self._meters.seconds.labels(method, route).observe(seconds)
        if code := scope.get("warmline.problem_code"):
            self._meters.refusals.labels(route, code).inc()


def _ages(state: _State) -> Iterable[Metric]:
    ages = state.waiting.ages
    yield _gauge("journal_oldest_age_seconds", "Age of the oldest event waiting.", ages.delivery)
    yield _gauge("timers_lag_seconds", "How late the most overdue moment is.", ages.timer)
    yield _gauge("outbox_oldest_age_seconds", "Age of the oldest unsent message.", ages.outbox)
    yield _gauge(
        "subscriptions_lag_seconds",
        "Age of the oldest fact on its way to a subscriber.",
        ages.parcel,
    )
    overdue = GaugeMetricFamily(
        "warmline_stage_overdue_seconds",
        "How long the oldest work a stage could do has been left alone.",
        labels=("stage",),
    )
    for stage, seconds in state.waiting.overdue.items():
        overdue.add_metric((stage,), seconds)
    yield overdue
    yield _gauge("workers_alive", "Workers seen lately.", len(state.workers))


def _counts(totals: Totals) -> Iterable[Metric]:
    yield _gauge("journal_pending", "Accepted events not processed yet.", totals.journal_pending)
    yield _gauge("journal_quarantined", "Events given up on.", totals.journal_quarantined)
    yield _gauge(
        "intake_conflicting_bodies",
        "Bodies that came under an id known with another one, in 90 days.",
        totals.conflicting_bodies,
    )
    cases = GaugeMetricFamily("warmline_cases_open", "Cases not resolved.", labels=("tier",))
    for tier, count in totals.cases_open.items():
        cases.add_metric((tier,), count)
    yield cases
    yield from _promises(totals)
    yield _gauge("timers_pending", "Moments still to come.", totals.timers_pending)
    yield _gauge("outbox_pending", "Messages waiting to be sent.", totals.outbox_pending)
    yield _gauge("outbox_dead", "Messages given up on, until redriven.", totals.outbox_dead)
    yield _gauge(
        "subscriptions_dead",
        "Facts given up on for a subscriber, until redriven.",
        totals.parcels_dead,
    )
    yield _gauge("alerts_firing", "Alerts nobody acknowledged.", totals.alerts_firing)
    yield _gauge(
        "rollup_lag_seconds",
        "Age of the oldest change that sums of days do not know of.",
        totals.rollup_lag_seconds,
    )
    yield _gauge(
        "rollup_mismatches",
        "Sums of days that the last recounts found wrong.",
        totals.rollup_mismatches,
    )


def _promises(totals: Totals) -> Iterable[Metric]:
    told = totals.promises
    unsettled = sum(each.unsettled for each in told.values())
    broken = sum(each.broken for each in told.values())
    yield _gauge("clocks_unsettled", "Promises still open.", unsettled)
    yield _gauge("clocks_missed_unsettled", "Promises broken and still unanswered.", broken)
    family = GaugeMetricFamily(
        "warmline_promises",
        "Open promises by tier: all, those due within the hour, those broken already.",
        labels=("tier", "state"),
    )
    for tier, each in told.items():
        family.add_metric((tier, "open"), each.unsettled)
        family.add_metric((tier, "due_soon"), each.due_soon)
        family.add_metric((tier, "broken"), each.broken)
    yield family


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"warmline_{name}", meaning, value=value)
