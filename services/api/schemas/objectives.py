"""How promises were kept: attainment, the promises behind it, the objective and its budget."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from services.api.schemas.common import (
    FIRST_YEAR,
    LAST_YEAR,
    Id,
    Moment,
    ReadModel,
    Spelled,
    StrictModel,
)
from services.core.conversations.types import Channel
from services.core.objectives.sheets import BINS
from services.core.objectives.types import (
    Attainment,
    By,
    Cell,
    Objective,
    Pace,
    Scope,
    Standing,
    Verdict,
)
from services.core.sla.types import PROMISES, ClockKind
from services.core.triage.types import Tier

EXAMPLE: JsonDict = {"percent": 90, "window_days": 28, "tiers": ["urgent", "important"]}
_DATE_CHARACTERS = 10
_moment: TypeAdapter[datetime] = TypeAdapter(Moment)


def _read_when(value: object) -> object:
    """A date, or a moment with an offset."""
    if not isinstance(value, str) or len(value) != _DATE_CHARACTERS:
        return _moment.validate_python(value)
    day = date.fromisoformat(value)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("A day lies in the years 2000 to 2100.")
    return day


def _only_promises(kinds: list[ClockKind]) -> list[ClockKind]:
    if any(kind not in PROMISES for kind in kinds):
        raise ValueError("A platform's reply window is no promise.")
    return kinds


def _one_decimal(percent: float) -> float:
    if round(percent, 1) != percent:
        raise ValueError("A percent has one decimal at most.")
    return percent


When = Annotated[
    datetime | date, BeforeValidator(_read_when, json_schema_input_type=datetime | date)
]


class ShareView(ReadModel):
    """`rate` is met / (met + missed), null when neither happened; `open` ones are in neither."""

    met: int
    missed: int
    open: int
    rate: float | None


class TimesView(ReadModel):
    """Seconds. Median and p90 are times that really happened (nearest rank)."""

    count: int
    mean: float | None
    median: float | None
    p90: float | None


class HistogramView(ReadModel):
    """How many answers took so long, the upper edge included."""

    up_to_1h: int
    up_to_4h: int
    up_to_8h: int
    up_to_24h: int
    over_24h: int


class CellView(ReadModel):
    """The same promises against three due times: `clock` is the earlier of the other two.

    `target` is the tier's own, `promise` what the public was told, where anything was.
    `wall` times run around the clock; `counted` ones in the working time of each promise's
    calendar, pauses left out.
    """

    clock: ShareView
    target: ShareView
    promise: ShareView
    wall: TimesView
    counted: TimesView
    histogram: HistogramView

    @classmethod
    def of(cls, cell: Cell) -> Self:
        bins = dict(zip(BINS, cell.histogram, strict=True))
        names = ("clock", "target", "promise", "wall", "counted")
        parts: dict[str, Any] = {name: getattr(cell, name) for name in names}
        return cls.model_validate({**parts, "histogram": bins})


class ItemView(CellView):
    """`key` is a day, tier, member's handle, source's id, channel or kind."""

    key: str


class AttainmentView(ReadModel):
    """Promises due from `from` to before `to`. `total` and the split are of the responses."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    start: Annotated[datetime, Field(alias="from")]
    end: Annotated[datetime, Field(alias="to")]
    tz: str
    by: By
    as_of: datetime
    items: list[ItemView]
    total: CellView
    resolution: CellView

    @classmethod
    def of(cls, found: Attainment) -> Self:
        items = [
            ItemView.model_validate(CellView.of(cell).model_dump() | {"key": key})
            for key, cell in found.items
        ]
        return cls(
            start=found.range.start,
            end=found.range.end,
            tz=found.range.zone,
            by=found.by,
            as_of=found.as_of,
            items=items,
            total=CellView.of(found.total),
            resolution=CellView.of(found.resolution),
        )


class PromiseView(ReadModel):
    """One promise behind a number. `took_seconds` is null until somebody answered."""

    id: UUID
    case_id: UUID
    kind: ClockKind
    tier: Tier
    channel: Channel
    source_id: UUID
    state: str
    verdict: Verdict
    started_at: datetime
    due_at: datetime
    target_due_at: datetime
    promise_due_at: datetime | None
    settled_at: datetime | None
    settling_message_id: UUID | None
    member: str | None
    took_seconds: float | None


class AtRiskView(ReadModel):
    """A promise nobody has kept yet, and for how long it can still be kept."""

    id: UUID
    case_id: UUID
    kind: ClockKind
    tier: Tier
    channel: Channel
    source_id: UUID
    state: str
    due_at: datetime
    seconds_left: int
    paused_until: datetime | None
    assignee_id: UUID | None
    assignee_handle: str | None


class SentimentCounts(ReadModel):
    positive: int
    neutral: int
    negative: int


class BandView(ReadModel):
    """Cases by how long their first answer took, and what their followers did next.

    `followed_up` asked something more that needed an answer; `reopened` were done and were not.
    `next_sentiment` is of the follower's next message within seven days, for those who wrote one.
    """

    name: str
    cases: int
    followed_up: int
    reopened: int
    next_sentiment: SentimentCounts


class BandsView(ReadModel):
    """A correlation, not a cause: what is asked late is not what is asked early."""

    bands: list[BandView]


class ObjectiveBody(StrictModel):
    """Empty lists restrict nothing, but for `kinds`: then first and next response count."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    percent: Annotated[float, Field(ge=50, le=99.9), AfterValidator(_one_decimal)] = 90
    window_days: Annotated[int, Field(ge=1, le=90)] = 28
    kinds: Annotated[
        list[Spelled[ClockKind]], Field(max_length=3), AfterValidator(_only_promises)
    ] = Field(default_factory=list)
    tiers: Annotated[list[Spelled[Tier]], Field(max_length=4)] = Field(default_factory=list)
    channels: Annotated[list[Spelled[Channel]], Field(max_length=3)] = Field(default_factory=list)
    source_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)

    def to_objective(self) -> Objective:
        scope = Scope(
            tuple(self.kinds), tuple(self.tiers), tuple(self.channels), tuple(self.source_ids)
        )
        return Objective(Decimal(str(self.percent)), self.window_days, scope)


class CountsView(ReadModel):
    met: int
    missed: int


class BudgetView(ReadModel):
    """How many misses the objective leaves room for, in its window up to now.

    `allowed` is rounded down; `left` and `share_left` fall below 0 when more was missed. `ends_at`
    is when nothing is left if the last three days go on; null when they leave room.
    """

    met: int
    missed: int
    rate: float | None
    allowed: int
    used: int
    left: int
    share_left: float | None
    ends_at: datetime | None


class BurningView(ReadModel):
    """How many times faster than allowed misses come, over a long window and a short one."""

    pace: Pace
    long: CountsView
    short: CountsView
    long_rate: float | None
    short_rate: float | None
    threshold: float
    burns: bool


class BurnView(ReadModel):
    """One episode, one alert."""

    id: UUID
    pace: Pace
    started_at: datetime
    ended_at: datetime | None


class ObjectiveView(ReadModel):
    """`saved` is false while the default is shown; burns are told of once one is saved."""

    percent: float
    window_days: int
    kinds: list[ClockKind]
    tiers: list[Tier]
    channels: list[Channel]
    source_ids: list[UUID]
    saved: bool
    updated_at: datetime | None
    as_of: datetime
    budget: BudgetView
    burning: list[BurningView]
    burns: list[BurnView]

    @classmethod
    def of(cls, found: Standing) -> Self:
        objective, budget = found.objective, found.budget
        fields = ("rate", "allowed", "used", "left", "share_left", "ends_at")
        counts = {"met": budget.counts.met, "missed": budget.counts.missed}
        return cls(
            percent=float(objective.percent),
            window_days=objective.window_days,
            kinds=list(objective.scope.kinds),
            tiers=list(objective.scope.tiers),
            channels=list(objective.scope.channels),
            source_ids=list(objective.scope.source_ids),
            saved=found.saved,
            updated_at=objective.updated_at,
            as_of=found.as_of,
            budget=BudgetView.model_validate(
                counts | {name: getattr(budget, name) for name in fields}
            ),
            burning=[BurningView.model_validate(each) for each in found.burning],
            burns=[BurnView.model_validate(each) for each in found.burns],
        )
