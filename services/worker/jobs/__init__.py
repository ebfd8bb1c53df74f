"""The table of background work: importing this package registers every job."""

from services.worker.jobs import (
    alerts,
    bursts,
    calendars,
    climbing,
    detectors,
    intake,
    metrics,
    objectives,
    replans,
    silences,
    sla,
    stream,
    subscriptions,
    triage,
    upkeep,
)

__all__ = [
    "alerts",
    "bursts",
    "calendars",
    "climbing",
    "detectors",
    "intake",
    "metrics",
    "objectives",
    "replans",
    "silences",
    "sla",
    "stream",
    "subscriptions",
    "triage",
    "upkeep",
]
