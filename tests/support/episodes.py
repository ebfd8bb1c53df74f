"""Short words for tests of promises: a policy, a question at noon, and what its clock is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.core.sla import rules
from services.core.sla.types import (
    ClockKind,
    ClockShape,
    EpisodeSpec,
    Pause,
    Policy,
    Step,
)
from services.core.triage.types import Tier

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def steps(*percents: int) -> tuple[Step, ...]:
    return tuple(Step(percent) for percent in percents)


POLICY = Policy(
    id=UUID(int=1),
    version=1,
    name="default",
    targets=rules.DEFAULT_TARGETS,
    response_steps=steps(50, 80, 100, 150, 200),
    resolution_steps=steps(100),
    resolve_on_reply=True,
    reopen_within_seconds=3600,
    is_default=True,
)


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


def episode(
    *asks: tuple[datetime, Tier],
    kind: ClockKind = ClockKind.FIRST_RESPONSE,
    pauses: tuple[Pause, ...] = (),
    override: Tier | None = None,
    settled: datetime | None = None,
    void: str | None = None,
) -> EpisodeSpec:
    questions = asks or ((NOON, Tier.URGENT),)
    return EpisodeSpec(
        kind=kind,
        number=1,
        started_at=questions[0][0],
        asks=questions,
        pauses=pauses,
        tier_override=override,
        settled_at=settled,
        void_reason=void,
    )


def shape(spec: EpisodeSpec, now: datetime = NOON) -> ClockShape:
    return rules.shape_clock(spec, POLICY, now, channel="comment")
