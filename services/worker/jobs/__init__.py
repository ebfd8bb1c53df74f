"""The table of background work: importing this package registers every job."""

from services.worker.jobs import alerts, bursts, intake, sla, stream, triage, upkeep

__all__ = ["alerts", "bursts", "intake", "sla", "stream", "triage", "upkeep"]
