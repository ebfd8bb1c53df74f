"""The nouns of ladders: their steps, whom and when those tell, and what became of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.core.rotas.types import Audience
from services.core.triage.types import Tier


class StepOutcome(StrEnum):
    """`explained`: nobody was told, and the step says why."""

    TOLD = "told"
    EXPLAINED = "explained"


class StepClock(StrEnum):
    """What a wait is counted in: plain time, or the working time of the policy's calendar."""

    WALL = "wall"
    WORKING = "working"


class GroupBy(StrEnum):
    """What alerts have in common that are told together."""

    CASE = "case"
    POST = "post"
    THREAD = "thread"
    FOLLOWER = "follower"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class LadderStep:
    """From this percent of the budget on, tell these people by these channels.

    An empty tuple of channels is all of them; without an audience nobody in particular is named.
    `wait_seconds` count from the raising of the alert; the step is told once and then
    `repeat_times` more, `repeat_seconds` apart. With `only_in_hours` it is for working time alone,
    with `min_tier` for that tier and more pressing ones.
    """

    percent: int
    channel_ids: tuple[UUID, ...] = ()
    wait_seconds: int = 0
    clock: StepClock = StepClock.WALL
    audience: tuple[Audience, ...] = ()
    repeat_times: int = 0
    repeat_seconds: int = 0
    only_in_hours: bool = False
    min_tier: Tier | None = None
    fallback_channel_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LadderDraft:
    """What somebody wants a ladder to be."""

    name: str
    steps: tuple[LadderStep, ...]
    group_by: GroupBy | None = None
    group_window_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class LadderWarning:
    """Something that can be saved and was perhaps not meant; the pointer is into the body."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who hears of what. An alert keeps the ladder it was raised under."""

    id: UUID
    name: str
    version: int
    steps: tuple[LadderStep, ...]
    created_at: datetime
    updated_at: datetime
    group_by: GroupBy | None = None
    group_window_seconds: int | None = None
