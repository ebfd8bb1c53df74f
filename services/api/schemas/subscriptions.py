"""Subscriptions as callers see them, without their secrets, and the log of their deliveries."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Moment, Name, ReadModel, Spelled, StrictModel
from services.core.subscriptions import rules
from services.core.subscriptions.types import (
    Attempt,
    Backlog,
    Ordering,
    Outcome,
    Parcel,
    ParcelRange,
    ParcelState,
    PauseReason,
    Result,
    Subscription,
    SubscriptionChange,
    SubscriptionDraft,
    Wish,
)
from services.core.triage.types import Tier

Url = Annotated[str, Field(min_length=1, max_length=2_048)]
Secret = Annotated[str, Field(max_length=200)]
Kind = Annotated[
    str,
    Field(min_length=1, max_length=rules.LONGEST_KIND, description="`case.opened`, `case.*`, `*`."),
]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=rules.MOST_KINDS)]
Tiers = Annotated[list[Spelled[Tier]], Field(max_length=len(Tier))]
Sources = Annotated[list[Id], Field(max_length=rules.MOST_SOURCES)]
Seq = Annotated[int, Field(ge=1, le=2**53)]

EXAMPLE: JsonDict = {
    "name": "warehouse",
    "url": "https://hooks.example.com/warmline",
    "kinds": ["case.*", "alert.raised"],
    "tiers": ["urgent", "important"],
    "ordering": "subject",
}


class SubscriptionBody(StrictModel):
    """Who is told what. Without `secret` one is made.

    Without `tiers` or `source_ids` any will do; with them, facts that name none are left out.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    url: Url
    kinds: Kinds
    tiers: Tiers = Field(default_factory=list)
    source_ids: Sources = Field(default_factory=list)
    ordering: Spelled[Ordering] = Ordering.NONE
    enabled: bool = True
    secret: Secret | None = None

    def to_draft(self) -> SubscriptionDraft:
        wish = Wish(tuple(self.kinds), tuple(self.tiers), tuple(self.source_ids))
        return SubscriptionDraft(
            self.name, self.url, wish, self.ordering, self.enabled, self.secret
        )


class SubscriptionPatch(StrictModel):
    """Only what is named changes; lists are replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    name: Name | None = None
    url: Url | None = None
    kinds: Kinds | None = None
    tiers: Tiers | None = None
    source_ids: Sources | None = None
    ordering: Spelled[Ordering] | None = None
    enabled: bool | None = None

    def to_change(self) -> SubscriptionChange:
        return SubscriptionChange(
            name=self.name,
            url=self.url,
            kinds=None if self.kinds is None else tuple(self.kinds),
            tiers=None if self.tiers is None else tuple(self.tiers),
            source_ids=None if self.source_ids is None else tuple(self.source_ids),
            ordering=self.ordering,
            enabled=self.enabled,
        )


class SubscriptionView(ReadModel):
    """`pending` and `dead` stop counting at 10,000.

    `behind_seconds` is the age of the oldest fact that has not arrived, `position` the number of
    the last fact looked at.
    """

    id: UUID
    name: str
    url: str
    kinds: list[str]
    tiers: list[Tier]
    source_ids: list[UUID]
    ordering: Ordering
    enabled: bool
    paused_at: datetime | None
    pause_reason: PauseReason | None
    failing_since: datetime | None
    position: int
    pending: int
    dead: int
    behind_seconds: float
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Subscription, backlog: Backlog, now: datetime) -> Self:
        return cls(**_fields(one, backlog, now))


class SubscriptionWithSecret(SubscriptionView):
    """The only answer that holds the secret."""

    secret: str

    @classmethod
    def with_secret(cls, one: Subscription, now: datetime, backlog: Backlog) -> Self:
        return cls(**_fields(one, backlog, now), secret=one.secrets[0])


class DeliveryAttemptView(ReadModel):
    """`detail` is a short piece of what the endpoint said, not to be trusted."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    status_code: int | None
    took_ms: int | None
    detail: str | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls.model_validate(attempt)


class SubscriptionDeliveryView(ReadModel):
    """A fact for this subscriber. `waits`: an earlier fact of its subject must arrive first."""

    seq: int
    webhook_id: UUID
    kind: str
    subject_kind: str
    subject_id: UUID
    state: ParcelState
    waits: bool
    next_at: datetime | None
    attempt_count: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    attempts: list[DeliveryAttemptView]

    @classmethod
    def of(cls, parcel: Parcel) -> Self:
        pending = parcel.state is ParcelState.PENDING
        return cls(
            seq=parcel.seq,
            webhook_id=parcel.webhook_id,
            kind=parcel.kind,
            subject_kind=parcel.subject_kind,
            subject_id=parcel.subject_id,
            state=parcel.state,
            waits=pending and parcel.waits,
            next_at=parcel.next_at if pending else None,
            attempt_count=parcel.attempt_count,
            last_error=parcel.last_error,
            created_at=parcel.created_at,
            sent_at=parcel.sent_at,
            attempts=[DeliveryAttemptView.of(attempt) for attempt in parcel.attempts],
        )


class SubscriptionRedriveBody(StrictModel):
    """Which dead deliveries: by number, by when they were queued, or all; `until` is excluded."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first_seq": 1200}]})

    first_seq: Seq | None = None
    last_seq: Seq | None = None
    since: Moment | None = None
    until: Moment | None = None

    def to_range(self) -> ParcelRange:
        return ParcelRange(self.first_seq, self.last_seq, self.since, self.until)


class SubscriptionRedrivenView(ReadModel):
    queued: int


class SubscriptionRotateBody(StrictModel):
    """For how long the old secret signs beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86400}]})

    overlap_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 86_400


class SubscriptionTestView(ReadModel):
    """What the endpoint really said. `detail` is a short piece of it, not to be trusted."""

    delivered: bool
    outcome: Outcome
    status_code: int | None
    detail: str
    took_ms: int

    @classmethod
    def of(cls, result: Result) -> Self:
        return cls(
            delivered=result.outcome is Outcome.SENT,
            outcome=result.outcome,
            status_code=result.status_code,
            detail=result.detail,
            took_ms=result.took_ms,
        )


def _fields(one: Subscription, backlog: Backlog, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "kinds": list(one.wish.kinds),
        "tiers": list(one.wish.tiers),
        "source_ids": list(one.wish.source_ids),
        "ordering": one.ordering,
        "enabled": one.enabled,
        "paused_at": one.paused_at,
        "pause_reason": one.pause_reason,
        "failing_since": one.failing_since,
        "position": one.position,
        "pending": backlog.pending,
        "dead": backlog.dead,
        "behind_seconds": rules.seconds_behind(backlog.oldest_at, now),
        "version": one.version,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }
