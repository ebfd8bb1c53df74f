"""Cases: as a line of the inbox, as a whole, and what people do to them."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.api.schemas.common import Id, Moment, ReadModel, Spelled, StrictModel
from services.api.schemas.messages import Follower, Judgement, Message, PersonRef
from services.core.alerts.types import AlertKind, AlertState, Severity
from services.core.cases.types import ActKind, CaseState
from services.core.conversations.types import Channel
from services.core.sla.types import ClockKind, ClockState, PauseReason
from services.core.triage.types import Category, Sentiment, Tier

Note = Annotated[str, Field(min_length=1, max_length=2_000)]


class FollowerRef(PersonRef):
    followers_count: int | None
    verified: bool | None


class PostRef(ReadModel):
    id: UUID
    external_id: str | None
    title: str | None
    url: str | None


class MemberRef(ReadModel):
    id: UUID
    handle: str | None
    name: str | None


class Clock(ReadModel):
    """One promise. A missed one stays missed; `settled_at` says when it was answered after all.

    It is due with the earlier of `target_due_at`, the tier's target, and `promise_due_at`, what
    the public was told; `limit_at` is the outer limit of a soft target. A paused clock whose
    `paused_until` is null stands still until somebody speaks. Seconds count the policy's hours.
    """

    id: UUID
    kind: ClockKind
    episode: int
    state: ClockState
    tier: Tier
    started_at: datetime
    due_at: datetime
    target_due_at: datetime
    promise_due_at: datetime | None
    limit_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
    settled_at: datetime | None
    paused_until: datetime | None
    pause_reason: PauseReason | None
    paused_seconds: int
    budget_seconds: int
    void_reason: str | None
    trigger_message_id: UUID | None
    settling_message_id: UUID | None
    policy_id: UUID
    policy_version: int
    calendar_version: int | None
    generation: int
    corrections: list[dict[str, Any]]


class CaseAlert(ReadModel):
    """`step` is the percent of the promise's time that had gone when it fired."""

    id: UUID
    state: AlertState
    severity: Severity
    step: int
    tier: Tier
    kind: AlertKind
    clock_id: UUID | None
    clock_kind: ClockKind | None
    rule_id: UUID | None
    message_id: UUID | None
    fire_at: datetime
    fired_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    note: str | None


class Act(ReadModel):
    """What a person did to the case."""

    id: UUID
    kind: ActKind
    at: datetime
    until: datetime | None
    tier: Tier | None
    detail: dict[str, Any]
    actor_kind: str
    actor_id: str


class CaseBase(ReadModel):
    """`next_due_at` is null when nothing is owed; `unanswered` counts waiting messages."""

    id: UUID
    state: CaseState
    tier: Tier
    tier_override: Tier | None
    category: Category
    sentiment: Sentiment
    channel: Channel
    next_due_at: datetime | None
    unanswered: int
    reopened: int
    source_id: UUID
    follower: FollowerRef | None
    post: PostRef | None
    assignee: MemberRef | None
    opened_at: datetime
    last_message_at: datetime
    answered_at: datetime | None
    resolved_at: datetime | None
    snoozed_until: datetime | None
    policy_id: UUID
    policy_version: int
    version: int
    updated_at: datetime


class CaseLine(CaseBase):
    """A case in a list; `excerpt` is the start of the message that opened it."""

    excerpt: str | None


class CaseIncluded(ReadModel):
    """What was not asked for is null, as is what is not there.

    `clocks` are the newest 20 promises in order of time, `last_message` whatever was said last by
    either side.
    """

    clocks: list[Clock] | None = None
    follower: Follower | None = None
    last_message: Message | None = None


class CaseJudgement(Judgement):
    """The decision on the message that made the case as pressing as it is."""

    message_id: UUID


class CaseDetail(CaseBase):
    """A case whole, with its newest messages in order of time, at most 200.

    Older ones are read with `GET /v1/messages?case_id=`. `included` is null unless something was
    asked for with `include`.
    """

    judgement: CaseJudgement | None
    clocks: list[Clock]
    messages: list[Message]
    more_messages: bool
    alerts: list[CaseAlert]
    acts: list[Act]
    included: CaseIncluded | None = None


class ReplyBody(StrictModel):
    """A reply already given on the platform, or agreed outside of it, recorded by hand.

    `occurred_at` is when it was given (default: now) and decides whether the promise was kept.
    `external_id`, the platform's id of it, joins this record with the webhook that tells the
    same reply. `resolves` left out leaves it to the policy.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "抱歉让您久等了，已经为您补发。Sorry for the wait!"}]
        }
    )

    text: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    occurred_at: Moment | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    member_id: Id | None = None
    resolves: bool | None = None


class NoteBody(StrictModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Refunded by phone."}]})

    note: Note | None = None


class SnoozeBody(StrictModel):
    """Promises pause until then, or until the follower writes again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2026-11-22T09:00:00Z"}]})

    until: Moment
    note: Note | None = None


class AssignBody(StrictModel):
    """Null takes the case from everybody."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"member_id": "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11"}]}
    )

    member_id: Id | None


class RetierBody(StrictModel):
    """The time that has gone stays gone: only the budget changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tier": "urgent"}]})

    tier: Spelled[Tier]
    note: Note | None = None

    @model_validator(mode="after")
    def _require_a_promise(self) -> Self:
        if self.tier is Tier.SPAM:
            raise ValueError("Spam is owed nothing: resolve the case instead.")
        return self


class ReplyRecorded(ReadModel):
    message_id: UUID
    case: CaseDetail
