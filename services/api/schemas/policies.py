"""Promise policies: what is owed to which tier, when to warn, and for which messages."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Name, ReadModel, Spelled, StrictModel
from services.core.conversations.types import Channel, FollowerTier
from services.core.sla.checking import LAST_PERCENT, MINUTE
from services.core.sla.types import (
    PolicyDraft,
    PolicyMatch,
    Step,
    Target,
    Targets,
)
from services.core.triage.types import Category, Language, Tier

YEAR_SECONDS = 366 * 24 * 3600
YEAR_MINUTES = YEAR_SECONDS // MINUTE
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
    "promised": {"dm": 43200},
    "response_steps": [50, {"offset_minutes": -15}, 100, 150, 200],
    "match": {"channels": ["dm"], "tiers": ["urgent", "important"]},
}


class OffsetStep(ReadModel):
    """So many minutes from the due time, in time that counts; below 0 is before it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    offset_minutes: Annotated[int, Field(ge=-YEAR_MINUTES, le=YEAR_MINUTES)]


def _read_step(value: object) -> Step:
    """One place for one fault: a union would point at each of its halves."""
    match value:
        case Step():
            return value
        case bool():
            pass
        case int() if 1 <= value <= LAST_PERCENT:
            return Step(value)
        case {"offset_minutes": int(minutes), **rest} if not rest and not isinstance(minutes, bool):
            if abs(minutes) <= YEAR_MINUTES:
                return Step(offset_seconds=minutes * MINUTE)
    raise ValueError(
        "A step is a percent from 1 to 1,000, or offset_minutes of at most a year,"
        " which is before the due time when it is below 0."
    )


def _require_rising(steps: list[Step]) -> list[Step]:
    percents = [step.percent for step in steps if step.percent is not None]
    offsets = [step.offset_seconds for step in steps if step.offset_seconds is not None]
    if any(later <= earlier for each in (percents, offsets) for earlier, later in pairwise(each)):
        raise ValueError("Steps rise from one to the next.")
    if MISS_PERCENT not in percents and 0 not in offsets:
        raise ValueError("100 must be among the steps: it is the moment a promise is broken.")
    return steps


Seconds = Annotated[int, Field(gt=0, le=YEAR_SECONDS)]
StepInput = Annotated[int, Field(ge=1, le=LAST_PERCENT)] | OffsetStep
StepBody = Annotated[Step, PlainValidator(_read_step, json_schema_input_type=StepInput)]
Steps = Annotated[
    list[StepBody],
    Field(
        min_length=1,
        max_length=10,
        description="Percents of the time allowed, or minutes from the due time.",
    ),
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

    def to_domain(self) -> Targets:
        return {
            Tier.URGENT: self.urgent.to_domain(),
            Tier.IMPORTANT: self.important.to_domain(),
            Tier.ROUTINE: self.routine.to_domain(),
        }


class SomeTargetsBody(StrictModel):
    """What differs on one channel; a tier left out keeps the policy's own target."""

    urgent: TargetBody | None = None
    important: TargetBody | None = None
    routine: TargetBody | None = None

    def to_domain(self) -> Targets:
        told = {
            Tier.URGENT: self.urgent,
            Tier.IMPORTANT: self.important,
            Tier.ROUTINE: self.routine,
        }
        return {tier: target.to_domain() for tier, target in told.items() if target is not None}


class ChannelTargetsBody(StrictModel):
    comment: SomeTargetsBody | None = None
    dm: SomeTargetsBody | None = None
    mention: SomeTargetsBody | None = None

    def to_domain(self) -> dict[str, Targets]:
        told = {"comment": self.comment, "dm": self.dm, "mention": self.mention}
        return {
            channel: targets.to_domain() for channel, targets in told.items() if targets is not None
        }


class ChannelSecondsBody(StrictModel):
    """Seconds by channel; a channel left out has none."""

    comment: Seconds | None = None
    dm: Seconds | None = None
    mention: Seconds | None = None

    def to_domain(self) -> dict[str, int]:
        told = {"comment": self.comment, "dm": self.dm, "mention": self.mention}
        return {channel: seconds for channel, seconds in told.items() if seconds is not None}


class MatchBody(StrictModel):
    """Which cases a policy is for, by their opening message; an empty list means any.

    All conditions must hold. `channels` says what kind of message it was.
    """

    channels: Annotated[list[Spelled[Channel]], Field(max_length=10)] = Field(default_factory=list)
    source_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)
    tiers: Annotated[list[Spelled[Tier]], Field(max_length=10)] = Field(default_factory=list)
    categories: Annotated[list[Spelled[Category]], Field(max_length=20)] = Field(
        default_factory=list
    )
    languages: Annotated[list[Spelled[Language]], Field(max_length=10)] = Field(
        default_factory=list
    )
    post_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)
    follower_tiers: Annotated[list[Spelled[FollowerTier]], Field(max_length=10)] = Field(
        default_factory=list
    )

    def to_domain(self) -> PolicyMatch:
        return PolicyMatch(
            channels=tuple(channel.value for channel in self.channels),
            source_ids=tuple(self.source_ids),
            tiers=tuple(self.tiers),
            categories=tuple(category.value for category in self.categories),
            languages=tuple(language.value for language in self.languages),
            post_ids=tuple(self.post_ids),
            follower_tiers=tuple(tier.value for tier in self.follower_tiers),
        )


class PolicyBody(StrictModel):
    """The whole policy; what is left out takes its default. Saving makes the next version.

    Policies are tried by `position`, lowest first; the default one takes what none matches.
    `channel_targets` replace `targets` on one channel. `promised` is what the public was told: an
    answer is due with the earlier of the two. `reply_window_seconds` say how long a platform takes
    replies after the newest message, where its own `reply_window_until` does not. With a
    `calendar_id`, all but that is working time. In the tiers of `advocates_answer` an advocate's
    comment below a question keeps the promise of an answer; the case stays yours to close.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    targets: TargetsBody
    channel_targets: ChannelTargetsBody = ChannelTargetsBody()
    promised: ChannelSecondsBody = ChannelSecondsBody()
    reply_window_seconds: ChannelSecondsBody = ChannelSecondsBody()
    calendar_id: Id | None = None
    pause_while_waiting: bool = True
    advocates_answer: Annotated[list[Spelled[Tier]], Field(max_length=4)] = Field(
        default_factory=list
    )
    response_steps: Steps = Field(
        default_factory=lambda: [Step(percent) for percent in (50, 80, 100, 150, 200)]
    )
    resolution_steps: Steps = Field(default_factory=lambda: [Step(100)])
    reply_window_steps: Steps = Field(default_factory=lambda: [Step(80), Step(100)])
    resolve_on_reply: bool = True
    reopen_within_seconds: Annotated[int, Field(ge=0, le=YEAR_SECONDS)] = 7 * 24 * 3600
    ladder_id: Id | None = None
    match: MatchBody = MatchBody()
    position: Annotated[int, Field(ge=0, le=10_000)] = 100

    def to_draft(self) -> PolicyDraft:
        return PolicyDraft(
            name=self.name,
            targets=self.targets.to_domain(),
            channel_targets=self.channel_targets.to_domain(),
            promised=self.promised.to_domain(),
            reply_windows=self.reply_window_seconds.to_domain(),
            window_steps=tuple(self.reply_window_steps),
            calendar_id=self.calendar_id,
            pause_while_waiting=self.pause_while_waiting,
            advocates_answer=tuple(self.advocates_answer),
            response_steps=tuple(self.response_steps),
            resolution_steps=tuple(self.resolution_steps),
            resolve_on_reply=self.resolve_on_reply,
            reopen_within_seconds=self.reopen_within_seconds,
            ladder_id=self.ladder_id,
            match=self.match.to_domain(),
            position=self.position,
        )
