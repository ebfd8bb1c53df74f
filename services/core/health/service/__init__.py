"""Say how the product is: which processes live, what waits and how late, what stands still."""

from services.core.health.service.auditing import look, note_ping, read_verdict
from services.core.health.service.processes import (
    BEAT_SECONDS,
    SILENCE,
    WORKER,
    beat,
    count_alive,
    farewell,
    list_workers,
)
from services.core.health.service.readiness import examine, expected_revision
from services.core.health.service.waiting import read_totals, read_waiting, read_waiting_in

__all__ = [
    "BEAT_SECONDS",
    "SILENCE",
    "WORKER",
    "beat",
    "count_alive",
    "examine",
    "expected_revision",
    "farewell",
    "list_workers",
    "look",
    "note_ping",
    "read_totals",
    "read_verdict",
    "read_waiting",
    "read_waiting_in",
]
