"""The table of background work: importing this package registers every job."""

from services.worker.jobs import alerts, intake, sla, stream, upkeep

__all__ = ["alerts", "intake", "sla", "stream", "upkeep"]
