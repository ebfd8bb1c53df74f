"""The table of background work: importing this package registers every job."""

from services.worker.jobs import (
    alerts,
    audit,
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
    "audit",
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
