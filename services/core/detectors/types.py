"""The nouns of detectors: what is watched, the figures of one look, and what a try would say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.alerts.types import Severity
from services.core.triage.types import Tier


class DetectorKind(StrEnum):
    """What is watched; each has its law in `rules.py`."""

    SENTIMENT_DIP = "sentiment_dip"
    VOLUME_SPIKE = "volume_spike"
    SILENCE = "silence"
    MASS_UNFOLLOW = "mass_unfollow"
    KEYWORD_SURGE = "keyword_surge"
    FAILING_SIGNATURES = "failing_signatures"
    ROTA_GAP = "rota_gap"
    STUCK_STAGE = "stuck_stage"


class Step(StrEnum):
    """What a look changes: nothing, a firing begins, or the one that goes on ends."""

    NOTHING = "nothing"
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True, slots=True)
class DetectorDraft:
    """What somebody wants a detector to be. What `threshold` counts depends on the kind.

    `weeks` is how many weeks back the same hours are compared with. A source or a post narrows
    what is counted; `rule_id` and `words` say what a keyword surge looks for.
    """

    name: str
    kind: DetectorKind
    threshold: float
    window_minutes: int
    minimum: int
    cool_down_minutes: int
    severity: Severity
    tier: Tier
    weeks: int = 4
    source_id: UUID | None = None
    post_id: UUID | None = None
    rule_id: UUID | None = None
    words: tuple[str, ...] = ()
    ladder_id: UUID | None = None
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Detector:
    id: UUID
    version: int
    draft: DetectorDraft
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Figure:
    """One window of time: how much there was, and how much of what is looked for."""

    total: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The window that ends now, and the same window of each week before, the latest first.

    `since` is when the first message was heard: weeks before it say nothing.
    """

    now: Figure
    weeks: tuple[Figure, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the law says of one look; `value` and `usual` are what a person is told."""

    fires: bool
    value: float
    usual: float | None
    total: int
    hits: int


@dataclass(frozen=True, slots=True)
class Due:
    """A detector of some workspace whose turn it is; `tick` is the minute it is judged at.

    `looked_at` is the last minute it was judged at before; `missed` are its turns in between, the
    first first, that nobody took.
    """

    workspace_id: UUID
    detector: Detector
    tick: datetime
    looked_at: datetime | None = None
    missed: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One detector's verdict on one subject (a source, a rota, a stage, or everything: "").

    `label` is what people call it, where the subject itself does not say.
    """

    due: Due
    subject: str
    judged: Judged
    label: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one of many looks in a row changed."""

    step: Step
    tick: datetime
    judged: Judged


@dataclass(frozen=True, slots=True)
class Firing:
    """From when to when the condition held. `figures` are those of the moment it began."""

    id: UUID
    detector_id: UUID
    subject: str
    version: int
    started_at: datetime
    ended_at: datetime | None
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Episode:
    """A firing there would have been."""

    started_at: datetime
    ended_at: datetime | None
    subject: str
    value: float
    usual: float | None
    total: int
    hits: int


@dataclass(frozen=True, slots=True)
class Point:
    """An hour of the series a try is drawn from."""

    at: datetime
    total: int
    hits: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a detector would have done. `judged_from` may be later than asked: history is young.

    `fired` counts all; `episodes` has the latest of them, the last first.
    """

    days: int
    judged_from: datetime
    until: datetime
    fired: int
    episodes: tuple[Episode, ...]
    points: tuple[Point, ...]
