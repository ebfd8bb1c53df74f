"""Promise policies: what is owed to which tier, when to warn, and for which messages."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Name, ReadModel, Spelled, StrictModel
from services.core.conversations.types import Channel
from services.core.sla.types import Policy, PolicyDraft, PolicyMatch, Step, Target
from services.core.triage.types import Tier

YEAR_SECONDS = 366 * 24 * 3600
MISS_PERCENT = 100

EXAMPLE: JsonDict = {
    "name": "Launch week",
    "targets": {
        "urgent": {
            "first_response_seconds": 1800,
            "next_response_seconds": 1800,
            "resolution_seconds": 14400,
        },
        "important": {
            "first_response_seconds": 7200,
            "next_response_seconds": 7200,
            "resolution_seconds": 86400,
        },
        "routine": {
            "first_response_seconds": 43200,
            "next_response_seconds": 43200,
            "resolution_seconds": 172800,
            "limit_seconds": 86400,
        },
    },
    "response_steps": [50, 80, 100, 150, 200],
    "match": {"channels": ["dm"]},
}


def _require_rising(steps: list[int]) -> list[int]:
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError("Steps rise from one to the next.")
    if MISS_PERCENT not in steps:
        raise ValueError("100 must be among the steps: it is the moment a promise is broken.")
    return steps


Seconds = Annotated[int, Field(gt=0, le=YEAR_SECONDS)]
Steps = Annotated[
    list[Annotated[int, Field(ge=1, le=1000)]],
    Field(min_length=1, max_length=10, description="Percent of the time allowed."),
    AfterValidator(_require_rising),
]


class TargetBody(StrictModel):
    """Seconds allowed; `limit_seconds` is the outer limit of a soft first-response target."""

    first_response_seconds: Seconds
    next_response_seconds: Seconds
    resolution_seconds: Seconds
    limit_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _require_order(self) -> Self:
        if self.limit_seconds is not None and self.limit_seconds < self.first_response_seconds:
            raise ValueError("The limit lies at or behind the target.")
        return self

    def to_domain(self) -> Target:
        return Target(
            first_response=self.first_response_seconds,
            next_response=self.next_response_seconds,
            resolution=self.resolution_seconds,
            limit=self.limit_seconds,
        )


class TargetsBody(StrictModel):
    """Every tier that is owed an answer; spam is owed none."""

    urgent: TargetBody
    important: TargetBody
    routine: TargetBody


class MatchBody(StrictModel):
    """Which messages a policy is for; an empty list means any."""

    channels: Annotated[list[Spelled[Channel]], Field(max_length=10, default_factory=list)]
    source_ids: Annotated[list[Id], Field(max_length=200, default_factory=list)]


class PolicyBody(StrictModel):
    """The whole policy; what is left out takes its default. Saving makes the next version.

    Policies are tried by `position`, lowest first; the default one takes what none matches.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    targets: TargetsBody
    response_steps: Steps = Field(default_factory=lambda: [50, 80, 100, 150, 200])
    resolution_steps: Steps = Field(default_factory=lambda: [100])
    resolve_on_reply: bool = True
    reopen_within_seconds: Annotated[int, Field(ge=0, le=YEAR_SECONDS)] = 7 * 24 * 3600
    ladder_id: Id | None = None
    match: MatchBody = MatchBody(channels=[], source_ids=[])
    position: Annotated[int, Field(ge=0, le=10_000)] = 100

    def to_draft(self) -> PolicyDraft:
        return PolicyDraft(
            name=self.name,
            targets={
                Tier.URGENT: self.targets.urgent.to_domain(),
                Tier.IMPORTANT: self.targets.important.to_domain(),
                Tier.ROUTINE: self.targets.routine.to_domain(),
            },
            response_steps=tuple(Step(percent) for percent in self.response_steps),
            resolution_steps=tuple(Step(percent) for percent in self.resolution_steps),
            resolve_on_reply=self.resolve_on_reply,
            reopen_within_seconds=self.reopen_within_seconds,
            ladder_id=self.ladder_id,
            match=PolicyMatch(
                channels=tuple(channel.value for channel in self.match.channels),
                source_ids=tuple(self.match.source_ids),
            ),
            position=self.position,
        )


class TargetView(ReadModel):
    first_response_seconds: int
    next_response_seconds: int
    resolution_seconds: int
    limit_seconds: int | None

    @classmethod
    def of(cls, target: Target) -> Self:
        return cls(
            first_response_seconds=target.first_response,
            next_response_seconds=target.next_response,
            resolution_seconds=target.resolution,
            limit_seconds=target.limit,
        )


class MatchView(ReadModel):
    channels: list[str]
    source_ids: list[UUID]


class PolicyView(ReadModel):
    """One version of a policy. Open promises keep the version they started under."""

    id: UUID
    version: int
    name: str
    is_default: bool
    position: int
    targets: dict[Tier, TargetView]
    response_steps: list[int]
    resolution_steps: list[int]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: UUID | None
    match: MatchView
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        return cls(
            id=policy.id,
            version=policy.version,
            name=policy.name,
            is_default=policy.is_default,
            position=policy.position,
            targets={tier: TargetView.of(target) for tier, target in policy.targets.items()},
            response_steps=[step.percent or 0 for step in policy.response_steps],
            resolution_steps=[step.percent or 0 for step in policy.resolution_steps],
            resolve_on_reply=policy.resolve_on_reply,
            reopen_within_seconds=policy.reopen_within_seconds,
            ladder_id=policy.ladder_id,
            match=MatchView.model_validate(policy.match),
            created_at=policy.created_at,
            updated_at=policy.updated_at,
        )
