"""What the product says about itself."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class CheckState(StrEnum):
    """`degraded`: every promise is still kept, only slower or with less warning."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


class ReadyState(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"
    UNREADY = "unready"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `detail` says what to do about it when it is not ok."""

    name: str
    state: CheckState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process by its own word. `report` holds numbers, never texts or secrets."""

    id: UUID
    kind: str
    host: str
    pid: int
    started_at: datetime
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """What waits in all workspaces together. Ages and lags in seconds, 0 when nothing waits."""

    journal_pending: int
    journal_oldest_age: float
    journal_quarantined: int
    cases_open: dict[str, int]
    clocks_unsettled: int
    clocks_missed: int
    timers_pending: int
    timers_lag: float
    outbox_pending: int
    outbox_oldest_age: float
    outbox_dead: int
    alerts_firing: int
    workers_alive: int
