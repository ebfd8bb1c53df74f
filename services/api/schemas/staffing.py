"""When the team looks, what that can keep, and what is likely to come."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import ReadModel, StrictModel
from services.core.staffing.types import (
    Block,
    Feasibility,
    Finding,
    Forecast,
    Look,
    Outlook,
    Plan,
    Workload,
)
from services.core.triage.types import Tier

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_OF_A_DAY = 24 * 60

EXAMPLE: JsonDict = {
    "zone": "Asia/Shanghai",
    "minutes_per_reply": 3,
    "blocks": [
        {"weekdays": list(WEEKDAYS), "start": "09:00", "minutes": 30, "people": 1},
        {"weekdays": list(WEEKDAYS), "start": "20:00", "minutes": 60, "people": 2},
    ],
}

Weekday = Annotated[
    str, Field(pattern="^(" + "|".join(WEEKDAYS) + ")$", description="`monday` to `sunday`.")
]
TimeOfDay = Annotated[
    str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time, as `09:00`.")
]


class BlockBody(StrictModel):
    """A stretch in which so many people answer. It ends on the day it began."""

    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start: TimeOfDay
    minutes: Annotated[int, Field(ge=1, le=MINUTES_OF_A_DAY)]
    people: Annotated[int, Field(ge=1, le=1000)] = 1

    def to_domain(self) -> Block:
        hour, _, minute = self.start.partition(":")
        days = tuple(WEEKDAYS.index(day) for day in self.weekdays)
        return Block(days, int(hour) * 60 + int(minute), self.minutes, self.people)


class PlanBody(StrictModel):
    """The whole week. `minutes_per_reply` is used until enough replies were measured."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    zone: Annotated[str, Field(min_length=1, max_length=64)]
    blocks: Annotated[list[BlockBody], Field(min_length=1, max_length=100)]
    minutes_per_reply: Annotated[float, Field(strict=False, gt=0, le=240)] = 3.0

    def to_domain(self) -> Plan:
        blocks = tuple(block.to_domain() for block in self.blocks)
        return Plan(self.zone, blocks, self.minutes_per_reply)


class BlockView(ReadModel):
    weekdays: list[str]
    start: str
    minutes: int
    people: int

    @classmethod
    def of(cls, block: Block) -> Self:
        return cls(
            weekdays=[WEEKDAYS[day] for day in block.weekdays],
            start=_clock(block.start),
            minutes=block.minutes,
            people=block.people,
        )


class PlanView(ReadModel):
    """Version 0 is the handbook's week, which stands until you save your own."""

    zone: str
    blocks: list[BlockView]
    minutes_per_reply: float
    version: int
    updated_at: datetime | None

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(
            zone=plan.zone,
            blocks=[BlockView.of(block) for block in plan.blocks],
            minutes_per_reply=plan.minutes_per_reply,
            version=plan.version,
            updated_at=plan.updated_at,
        )


class WordsView(ReadModel):
    zh: str
    en: str


class LookView(ReadModel):
    """A further look at this local time, on these days, that would help."""

    at: str
    weekdays: list[str]

    @classmethod
    def of(cls, look: Look) -> Self:
        return cls(at=_clock(look.at), weekdays=[WEEKDAYS[day] for day in look.weekdays])


class GapView(ReadModel):
    """Nobody looks from `start` to `end`."""

    start: datetime
    end: datetime
    seconds: int


class FindingView(ReadModel):
    """One promise against the week, on the quietest day there could be.

    `wait_seconds` is the longest wait in the hours the policy counts, the reply included, and
    `wall_seconds` the same by the clock on the wall. `asked_at` is the worst moment to write.
    `promises` are `first_response`, `next_response` or `public`. `looks` would keep it; when it is
    not kept and there are none, no few looks would.
    """

    policy_id: UUID
    policy: str
    channel: str
    tiers: list[Tier]
    promises: list[str]
    allowed_seconds: int
    kept: bool
    wait_seconds: int
    wall_seconds: int
    short_by_seconds: int
    asked_at: datetime | None
    looks: list[LookView]
    words: WordsView

    @classmethod
    def of(cls, finding: Finding) -> Self:
        promise = finding.promise
        return cls(
            policy_id=promise.policy_id,
            policy=promise.policy,
            channel=promise.channel,
            tiers=list(promise.tiers),
            promises=list(promise.names),
            allowed_seconds=promise.seconds,
            kept=finding.kept,
            wait_seconds=finding.wait_seconds,
            wall_seconds=finding.wall_seconds,
            short_by_seconds=finding.short_by_seconds,
            asked_at=finding.asked_at,
            looks=[LookView.of(look) for look in finding.looks],
            words=WordsView(**finding.words),
        )


class HandlingView(ReadModel):
    """Minutes one reply takes; `measured` pairs of replies say so, 0 means it is assumed."""

    minutes: float
    measured: int


class WorkloadView(ReadModel):
    """Hours a week. `arrivals` questions worth a reply came in the last `days`."""

    arrivals: int
    days: float
    needed_hours: float
    planned_hours: float
    words: WordsView

    @classmethod
    def of(cls, workload: Workload) -> Self:
        return cls(
            arrivals=workload.arrivals,
            days=workload.days,
            needed_hours=workload.needed_hours,
            planned_hours=workload.planned_hours,
            words=WordsView(**workload.words),
        )


class FeasibilityView(ReadModel):
    """What the week can keep at best. Findings that fail come first, the worst before the others.

    The longest gaps are those of the next two weeks, within a day and over night.
    """

    as_of: datetime
    plan: PlanView
    longest_day_gap: GapView | None
    longest_night_gap: GapView | None
    findings: list[FindingView]
    handling: HandlingView
    workload: WorkloadView

    @classmethod
    def of(cls, found: Feasibility) -> Self:
        return cls(
            as_of=found.as_of,
            plan=PlanView.of(found.plan),
            longest_day_gap=GapView.model_validate(found.day_gap) if found.day_gap else None,
            longest_night_gap=GapView.model_validate(found.night_gap) if found.night_gap else None,
            findings=[FindingView.of(finding) for finding in found.findings],
            handling=HandlingView.model_validate(found.handling),
            workload=WorkloadView.of(found.workload),
        )


class EstimateView(ReadModel):
    """Four out of five cases lie between `low` and `high`."""

    expected: float
    low: float
    high: float


class OutlookView(ReadModel):
    """One stretch ahead. Attainment is the share kept of the promises that are decided in it.

    It is null when none is likely to be decided.
    """

    start: datetime
    end: datetime
    arrivals: EstimateView
    attainment: EstimateView | None

    @classmethod
    def of(cls, outlook: Outlook) -> Self:
        return cls.model_validate(outlook)


class AdviceView(ReadModel):
    """People in every block that reach the goal; null when no number does.

    Then even at `best`, with nobody ever queueing, the gaps between the blocks are too long.
    """

    goal: float
    people: int | None
    best: float


class ForecastView(ReadModel):
    """What is likely. `hour_of_week` has 168 rates of questions an hour, from Monday 00:00."""

    as_of: datetime
    history_days: float
    handling: HandlingView
    waiting: int
    next_shift: OutlookView | None
    ahead: OutlookView
    days: list[OutlookView]
    hour_of_week: list[float]
    advice: AdviceView
    words: WordsView

    @classmethod
    def of(cls, forecast: Forecast) -> Self:
        shift = forecast.next_shift
        return cls(
            as_of=forecast.as_of,
            history_days=forecast.history_days,
            handling=HandlingView.model_validate(forecast.handling),
            waiting=forecast.waiting,
            next_shift=OutlookView.of(shift) if shift else None,
            ahead=OutlookView.of(forecast.ahead),
            days=[OutlookView.of(outlook) for outlook in forecast.days],
            hour_of_week=list(forecast.hour_of_week),
            advice=AdviceView.model_validate(forecast.advice),
            words=WordsView(**forecast.words),
        )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
