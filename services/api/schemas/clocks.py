"""A promise, and why it is what it is."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.api.schemas.cases import Clock
from services.api.schemas.common import ReadModel
from services.core.calendars.types import DayReason
from services.core.cases.types import ActKind
from services.core.explain.types import Explanation, First, Lang
from services.core.sla.types import ClockKind, ClockState, PauseReason, TimerState
from services.core.triage.types import Tier


class ClockOfCase(Clock):
    """One promise, with the case it is for."""

    case_id: UUID
    thread_id: UUID


class Condition(ReadModel):
    """A condition of a policy: what it wants, and what the opening message had."""

    name: str
    wanted: list[str]
    found: str | None


class PassedOver(ReadModel):
    """A policy tried before. With no failed condition it would fit today: it is newer."""

    id: UUID
    name: str
    failed: list[Condition]


class ChosenPolicy(ReadModel):
    id: UUID
    name: str
    version: int
    is_default: bool
    matched: list[Condition]
    passed_over: list[PassedOver]


class Due(ReadModel):
    """Both due times. Seconds are counted ones, by the policy's hours."""

    due_at: datetime
    first: First
    tier: Tier
    target_due_at: datetime
    target_seconds: int
    promise_due_at: datetime | None
    promised_seconds: int | None
    limit_at: datetime | None
    budget_seconds: int


class Stretch(ReadModel):
    start: datetime
    end: datetime
    seconds: int


class PauseTold(ReadModel):
    """`counted_seconds` is by how much it moved the due time; `until` null: nobody knows."""

    reason: PauseReason
    start: datetime
    until: datetime | None
    counted_seconds: int


class Skipped(ReadModel):
    """Closed time, with the dates in it on which nothing is open."""

    start: datetime
    end: datetime
    seconds: int
    days: list[date]


class NamedDay(ReadModel):
    day: date
    worked: bool
    reason: DayReason
    label: str


class Said(ReadModel):
    id: UUID
    at: datetime
    direction: str
    who: str | None
    excerpt: str | None


class Done(ReadModel):
    kind: ActKind
    at: datetime
    until: datetime | None
    tier: Tier | None
    by: str


class Raised(ReadModel):
    id: UUID
    state: str
    severity: str
    fired_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolution: str | None


class StepTold(ReadModel):
    """A moment on the clock; an offset is named by the percent it comes to."""

    percent: int
    generation: int
    fire_at: datetime
    state: TimerState
    fired_at: datetime | None
    late_seconds: int | None
    note: str | None
    alert: Raised | None


class ClockExplanation(ReadModel):
    """One promise told whole: as data, and in `words` for people.

    `spans` are what counts from the start to the due time, pauses cut out: they sum up to the
    budget. While it stands still for nobody knows how long, they end where it stopped. `skipped`
    is closed time, `pauses` when it stood still, and why. `elapsed_seconds` have counted until it
    ended, or until now. Dates are those of `zone`, the calendar's.
    """

    clock_id: UUID
    case_id: UUID
    kind: ClockKind
    episode: int
    state: ClockState
    tier: Tier
    started_at: datetime
    settled_at: datetime | None
    as_of: datetime
    zone: str
    calendar: str | None
    calendar_version: int | None
    policy: ChosenPolicy
    due: Due
    spans: list[Stretch]
    more_spans: int
    pauses: list[PauseTold]
    skipped: list[Skipped]
    named_days: list[NamedDay]
    elapsed_seconds: int
    started_by: Said | None
    stopped_by: Said | None
    steps: list[StepTold]
    generation: int
    replans: int
    acts: list[Done]
    corrections: list[dict[str, Any]]
    lang: Lang
    words: list[str]

    @classmethod
    def of(cls, told: Explanation, lang: Lang, words: list[str]) -> "ClockExplanation":
        clock = told.clock
        fields = {name: getattr(told, name, None) for name in cls.model_fields}
        own = {
            "clock_id": clock.id,
            "kind": clock.kind,
            "episode": clock.episode,
            "state": clock.shape.state,
            "tier": clock.shape.tier,
            "started_at": clock.shape.started_at,
            "settled_at": clock.shape.settled_at,
            "generation": clock.generation,
            "lang": lang,
            "words": words,
        }
        return cls.model_validate(fields | own)
