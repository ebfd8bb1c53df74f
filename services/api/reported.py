"""What other processes said of themselves, as Prometheus reads it: workers by their heartbeats.

A worker opens no port: its figures travel in its heartbeat and are told by every API process alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from services.core.health import rules
from services.core.health.types import Alive, LastVerdict

_NOTHING: Final[Mapping[str, Any]] = {}


def worker_metrics(workers: Sequence[Alive]) -> Iterable[Metric]:
    """One series for each worker that was seen lately; a new process counts anew."""
    yield from _stages(workers)
    yield from _claims(workers)
    yield _send_lag(workers)
    lag = HistogramMetricFamily(
        "warmline_timer_lag_seconds", "How late timers fired.", labels=("worker",)
    )
    memory = GaugeMetricFamily(
        "warmline_worker_resident_memory_bytes", "Memory of a worker.", labels=("worker",)
    )
    for worker in workers:
        if spread := worker.report.get("timer_lag"):
            lag.add_metric((worker.place,), _buckets(spread), spread["total"])
        memory.add_metric((worker.place,), worker.report.get("memory_bytes", 0))
    yield lag
    yield memory


def auditor_metrics(last: LastVerdict | None) -> Iterable[Metric]:
    """Without any auditor the families are there and empty: `absent()` tells."""
    looked = GaugeMetricFamily(
        "warmline_auditor_last_look_timestamp_seconds", "When an auditor last looked."
    )
    pinged = GaugeMetricFamily(
        "warmline_auditor_last_ping_timestamp_seconds", "When the heartbeat's address last heard."
    )
    took = GaugeMetricFamily("warmline_auditor_look_seconds", "How long the last look took.")
    stalled = GaugeMetricFamily(
        "warmline_stage_stalled_seconds", "Since when a stage stands still.", labels=("stage",)
    )
    notes = GaugeMetricFamily(
        "warmline_auditor_notes", "What needs a person, up to 1000 each.", labels=("kind",)
    )
    if last is not None:
        looked.add_metric((), last.at.timestamp())
        took.add_metric((), last.look_seconds)
        if last.pinged_at is not None:
            pinged.add_metric((), last.pinged_at)
        for stage, stalls in rules.by_stage(last.stalls).items():
            stalled.add_metric((stage,), max(stall.seconds for stall in stalls))
        for kind, count in last.notes.items():
            notes.add_metric((kind,), count)
    return looked, pinged, took, stalled, notes


def _stages(workers: Sequence[Alive]) -> Iterable[Metric]:
    labels = ("worker", "stage")
    handled = CounterMetricFamily("warmline_stage_handled", "Work done by a stage.", labels=labels)
    still = GaugeMetricFamily(
        "warmline_stage_still_seconds",
        "How long a stage has been in one pass, or past its next look.",
        labels=labels,
    )
    failures = GaugeMetricFamily(
        "warmline_stage_failures", "Passes that failed in a row.", labels=labels
    )
    for worker in workers:
        for stage, told in worker.report.get("stages", _NOTHING).items():
            handled.add_metric((worker.place, stage), told["handled"])
            still.add_metric((worker.place, stage), told.get("still", 0.0))
            failures.add_metric((worker.place, stage), told["failures"])
    return handled, still, failures


def _claims(workers: Sequence[Alive]) -> Iterable[Metric]:
    labels = ("worker", "queue")
    seconds = HistogramMetricFamily(
        "warmline_claim_seconds", "Seconds a claim took, commit included.", labels=labels
    )
    rows = CounterMetricFamily("warmline_claim_rows", "Rows claimed.", labels=labels)
    for worker in workers:
        for queue, spread in worker.report.get("claims", _NOTHING).items():
            seconds.add_metric((worker.place, queue), _buckets(spread), spread["total"])
        for queue, count in worker.report.get("claimed", _NOTHING).items():
            rows.add_metric((worker.place, queue), count)
    return seconds, rows


def _send_lag(workers: Sequence[Alive]) -> Metric:
    lag = HistogramMetricFamily(
        "warmline_send_lag_seconds",
        "Seconds from an alert's queueing to its arrival.",
        labels=("worker", "kind", "tier"),
    )
    for worker in workers:
        for name, spread in worker.report.get("send_lag", _NOTHING).items():
            kind, _, tier = name.partition("/")
            lag.add_metric((worker.place, kind, tier), _buckets(spread), spread["total"])
    return lag


def _buckets(spread: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Prometheus counts each bucket with all below it."""
    ends = [*(str(float(bound)) for bound in spread["bounds"]), "+Inf"]
    return list(zip(ends, accumulate(spread["counts"]), strict=True))
