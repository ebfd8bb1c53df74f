"""What the product says about itself."""

from collections.abc import Mapping
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
class Alive:
    """A process that was seen lately: its place (`host:pid`), and what it reported."""

    place: str
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ages:
    """In seconds, 0 when nothing waits: since an event was accepted, a timer due, a row written."""

    delivery: float
    timer: float
    outbox: float
    # Since a fact that has not reached its subscriber was queued.
    parcel: float


@dataclass(frozen=True, slots=True)
class OpenPromises:
    """How many are unsettled, and of those: due within the hour, and broken already."""

    unsettled: int = 0
    due_soon: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What waits in all workspaces together."""

    journal_pending: int
    journal_quarantined: int
    cases_open: dict[str, int]
    # By tier.
    promises: dict[str, OpenPromises]
    timers_pending: int
    outbox_pending: int
    outbox_dead: int
    parcels_dead: int
    alerts_firing: int
    conflicting_bodies: int
    # Of sums of days: how old the oldest change is that they do not know of, and what is wrong.
    rollup_lag_seconds: float
    rollup_mismatches: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long work that could be done has been left alone, by stage; and the ages of all work."""

    ages: Ages
    overdue: Mapping[str, float]


# Seconds a look takes at most while the database is well.
LONGEST_LOOK = 2.0


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """In seconds. A stage stands still after `stall`; an auditor is silent after `silence`.

    `stall` is above the longest pass of a stage in health: sendings to channels that answer
    slowly take up to 35 s. It is noticed a heartbeat and an `interval` later, 5 s each.
    """

    interval: float = 5.0
    stall: float = 40.0

    @property
    def silence(self) -> float:
        return 3 * self.interval + LONGEST_LOOK


@dataclass(frozen=True, slots=True)
class Stall:
    """A stage that stands still: for how many seconds, and in which process when one is to blame.

    Without a place nobody does its work: it has waited, due, for that long.
    """

    stage: str
    seconds: float
    place: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an auditor found. `notes` need a person, but nothing stands still for them."""

    stalls: tuple[Stall, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    look_seconds: float = 0.0
    # What other auditors had not announced yet.
    begun: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        return not self.stalls


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The latest look of any auditor, as the others find it."""

    at: datetime
    age_seconds: float
    silence_seconds: float
    stalls: tuple[Stall, ...]
    notes: Mapping[str, int]
    look_seconds: float
    pinged_at: float | None

    @property
    def silent(self) -> bool:
        return self.age_seconds > self.silence_seconds


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings together; `ages` is None while the database cannot say."""

    state: ReadyState
    checks: tuple[Check, ...]
    ages: Ages | None
