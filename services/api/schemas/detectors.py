"""Detectors: what is watched, what a try says, and when they fired."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Name, ReadModel, Spelled, StrictModel
from services.core.alerts.types import Severity
from services.core.detectors import rules
from services.core.detectors.types import Backtest, Detector, DetectorDraft, DetectorKind, Firing
from services.core.triage.types import Tier

EXAMPLE: JsonDict = {
    "name": "Negative messages rise",
    "kind": "sentiment_dip",
    "threshold": 20,
    "window_minutes": 60,
    "minimum": 20,
    "cool_down_minutes": 180,
    "weeks": 4,
    "severity": "warning",
    "tier": "urgent",
}
TRY_EXAMPLE: JsonDict = {"days": 30, "detector": EXAMPLE}

Word = Annotated[str, Field(min_length=1, max_length=rules.LONGEST_WORD)]


class DetectorBody(StrictModel):
    """The whole detector; saving makes its next version.

    What `threshold` counts is the `unit` of its kind (`GET /v1/detectors/presets`): points above
    the usual share, times the usual number, percent of it, or plain messages, refusals, minutes of
    a gap, seconds of standing still. `minimum` is the volume below which nothing is judged.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    kind: Spelled[DetectorKind]
    threshold: Annotated[float, Field(ge=0, le=100_000)]
    window_minutes: Annotated[int, Field(ge=rules.SHORTEST_WINDOW, le=rules.LONGEST_WINDOW)] = 60
    minimum: Annotated[int, Field(ge=0, le=rules.MOST_MINIMUM)] = 20
    cool_down_minutes: Annotated[int, Field(ge=0, le=rules.LONGEST_COOL_DOWN)] = 180
    weeks: Annotated[int, Field(ge=rules.FEWEST_WEEKS, le=rules.MOST_WEEKS)] = 4
    source_id: Id | None = None
    post_id: Id | None = None
    rule_id: Id | None = None
    ladder_id: Id | None = None
    words: Annotated[list[Word], Field(max_length=rules.MOST_WORDS)] = Field(default_factory=list)
    severity: Spelled[Severity] = Severity.WARNING
    tier: Spelled[Tier] = Tier.IMPORTANT
    enabled: Annotated[
        bool, Field(description="Say `true` once you have seen what it would have done.")
    ] = False

    def to_draft(self) -> DetectorDraft:
        given: dict[str, Any] = dict(self)
        return DetectorDraft(**(given | {"words": tuple(dict.fromkeys(self.words))}))


class TryBody(StrictModel):
    """A draft, and how many days back to try it on."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRY_EXAMPLE]})

    detector: DetectorBody
    days: Annotated[int, Field(ge=1, le=30)] = 30


class DraftView(ReadModel):
    name: str
    kind: DetectorKind
    threshold: float
    window_minutes: int
    minimum: int
    cool_down_minutes: int
    weeks: int
    source_id: UUID | None
    post_id: UUID | None
    rule_id: UUID | None
    words: list[str]
    ladder_id: UUID | None
    severity: Severity
    tier: Tier
    enabled: bool


class DetectorView(DraftView):
    """`unit` is what its threshold counts."""

    id: UUID
    version: int
    unit: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, detector: Detector) -> Self:
        named = {name: getattr(detector.draft, name) for name in DraftView.model_fields}
        return cls(
            **named | {"words": list(detector.draft.words)},
            id=detector.id,
            version=detector.version,
            unit=rules.LAWS[detector.draft.kind].unit,
            created_at=detector.created_at,
            updated_at=detector.updated_at,
        )


class BuiltInView(ReadModel):
    """Something that always watches; it is set elsewhere and cannot be changed here."""

    name: str
    watches: str
    set_at: str


class DetectorsView(ReadModel):
    """Every detector, and what watches besides."""

    items: list[DetectorView]
    built_in: list[BuiltInView]
    next_cursor: str | None = None


BUILT_IN = [
    BuiltInView(
        name="promises",
        watches="Every promise at 50, 80, 100, 150 and 200 % of its time, or as its policy says.",
        set_at="/v1/policies",
    ),
    BuiltInView(
        name="error_budget",
        watches="Misses that use up the objective's error budget too fast.",
        set_at="/v1/objectives",
    ),
    BuiltInView(
        name="rules",
        watches="Each message that meets a rule with the effect `alert`.",
        set_at="/v1/rules",
    ),
]


class PresetView(ReadModel):
    """A kind, what its threshold counts and may be, and sensible values to begin with.

    `replays` is false where the present only is looked at: such a kind cannot be tried.
    """

    kind: DetectorKind
    unit: str
    least: float
    most: float
    compares_with_weeks: bool
    replays: bool
    takes: list[str]
    preset: DraftView


def presets() -> list[PresetView]:
    found = []
    for draft in (*rules.DEFAULTS, rules.SURGE):
        law = rules.LAWS[draft.kind]
        found.append(
            PresetView(
                kind=draft.kind,
                unit=law.unit,
                least=law.least,
                most=law.most,
                compares_with_weeks=law.compares,
                replays=law.replays,
                takes=sorted(law.takes),
                preset=DraftView.model_validate(draft),
            )
        )
    return found


class EpisodeView(ReadModel):
    """One time it would have fired. `subject` is a source, where each is looked at by itself."""

    started_at: datetime
    ended_at: datetime | None
    subject: str | None
    value: float
    usual: float | None
    total: int
    hits: int


class PointView(ReadModel):
    """An hour: how much there was, and how much of what is looked for."""

    at: datetime
    total: int
    hits: int


class BacktestView(ReadModel):
    """What it would have done, had it looked every minute. Nothing was changed or sent.

    `judged_from` is later than asked for while the weeks before are not all known. `episodes` has
    the latest hundred, the last first; `points` are hours, to draw.
    """

    judged_from: datetime
    until: datetime
    days: int
    fired: int
    sentence: str
    episodes: list[EpisodeView]
    points: list[PointView]

    @classmethod
    def of(cls, found: Backtest) -> Self:
        times = "once" if found.fired == 1 else f"{found.fired} times"
        since = f"{found.judged_from:%Y-%m-%d %H:%M}"
        return cls(
            judged_from=found.judged_from,
            until=found.until,
            days=found.days,
            fired=found.fired,
            sentence=f"It would have fired {times} since {since} UTC.",
            episodes=[
                EpisodeView(
                    started_at=one.started_at,
                    ended_at=one.ended_at,
                    subject=one.subject or None,
                    value=one.value,
                    usual=one.usual,
                    total=one.total,
                    hits=one.hits,
                )
                for one in found.episodes
            ],
            points=[PointView.model_validate(point) for point in found.points],
        )


class FiringView(ReadModel):
    """A time it fired; `ended_at` is null while it goes on. Figures are those of the beginning."""

    id: UUID
    detector_id: UUID
    version: int
    subject: str | None
    started_at: datetime
    ended_at: datetime | None
    figures: dict[str, Any]

    @classmethod
    def of(cls, firing: Firing) -> Self:
        return cls(
            id=firing.id,
            detector_id=firing.detector_id,
            version=firing.version,
            subject=firing.subject or None,
            started_at=firing.started_at,
            ended_at=firing.ended_at,
            figures=dict(firing.figures),
        )
