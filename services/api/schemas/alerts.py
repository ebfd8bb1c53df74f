"""Alerts and where they go: what front ends read, and what people may set up."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import Id, Moment, ReadModel, StrictModel
from services.core.alerts import rules
from services.core.alerts.types import (
    Alert,
    AlertKind,
    AlertState,
    Delivery,
    OutboxState,
    Outcome,
    Purpose,
    Severity,
)
from services.core.alerts.waiting import WaitsFor
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

MOST_MINUTES = 30 * 24 * 60
Note = Annotated[str, Field(min_length=1, max_length=2_000)]


class FrozenLadder(ReadModel):
    """The ladder as it was when the alert was raised, and the channels it chose."""

    id: UUID | None
    name: str
    version: int
    steps: list[dict[str, Any]]
    channel_ids: list[UUID]


class AlertView(ReadModel):
    """`step` is the percent of the promise's time that had gone.

    One of kind `rule` tells of a message instead of a promise: it has no clock, and a case only
    where the message has one. One of kind `budget_burn` tells that the objective's error budget is
    used up too fast, one of kind `detector` what a detector noticed, with figures in `detail`.
    `climb_at` is when its ladder goes on, `resume_at` until when an acknowledgement keeps it quiet.
    `late_by_seconds` counts from the due time to the firing; 0 for a warning given in time.
    `request_id` is of the delivery that brought the message it is about, where that is known.
    """

    id: UUID
    kind: AlertKind
    case_id: UUID | None
    clock_id: UUID | None
    clock_kind: ClockKind | None
    rule_id: UUID | None
    message_id: UUID | None
    burn_id: UUID | None
    detector_firing_id: UUID | None
    detail: dict[str, Any] | None
    step: int
    severity: Severity
    tier: Tier
    state: AlertState
    group_key: str
    fire_at: datetime
    fired_at: datetime
    due_at: datetime
    late_by_seconds: int
    climb_at: datetime | None
    resume_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    request_id: str | None
    ladder: FrozenLadder

    @classmethod
    def of(cls, alert: Alert) -> Self:
        late_by = rules.seconds_late(alert.due_at, alert.fired_at)
        fields = {name: getattr(alert, name) for name in cls.model_fields if hasattr(alert, name)}
        return cls.model_validate({**fields, "late_by_seconds": late_by})


class AcknowledgeBody(StrictModel):
    """Answers for every firing alert of the same case, unless `only_this`.

    For so many `minutes` nobody else is called; then the ladder goes on if it is not over. Left
    out it is 30 minutes for an urgent alert, 2 hours for an important one, 8 hours for a routine
    one; null is until it is over.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"note": "I have it.", "minutes": 60}]}
    )

    note: Note | None = None
    only_this: bool = False
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None = None


class UnacknowledgeBody(StrictModel):
    """Takes back every acknowledgement of the same case, unless `only_this`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "I am off now."}]})

    note: Note | None = None
    only_this: bool = False


class AlertNoteBody(StrictModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Called her back."}]})

    note: Note | None = None


class AttemptView(ReadModel):
    """`in_doubt`: it may have arrived, nobody can know; the next attempt is marked a repeat."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    status_code: int | None
    detail: str | None
    digest_id: UUID | None


class DeliveryView(ReadModel):
    """One thing for one channel; `id` is the `webhook-id` of every attempt, newest first.

    `next_at` says when it is tried next and is null when it will not be. With a `digest_id` it went
    out together with others, under that `webhook-id`; `closes_digest_id` is such a one whose
    incident this closes. `fallback_of` is the delivery that could not be made, `fell_back_at` when
    such a one was told on another channel. A pending one `waits_for` an answer, its channel
    (switched off, paused, or shut after failures), another try, or its turn. `request_id` is of the
    request it came of, and goes along to the channel as `x-request-id`.
    """

    id: UUID
    alert_id: UUID
    case_id: UUID | None
    channel_id: UUID
    channel_name: str
    purpose: Purpose
    sequence: int
    tier: Tier
    state: OutboxState
    next_at: datetime | None
    attempt_count: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    digest_id: UUID | None
    fallback_of: UUID | None
    fell_back_at: datetime | None
    waits_for: WaitsFor | None
    waits_until: datetime | None
    closes_digest_id: UUID | None
    request_id: str | None
    attempts: list[AttemptView]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        fields = {name: getattr(delivery, name) for name in cls.model_fields}
        if delivery.state is not OutboxState.PENDING:
            fields["next_at"] = None
        return cls.model_validate(fields)


class RedriveRequest(StrictModel):
    """Which dead letters: all of them where nothing is said. Times are when they were written."""

    channel_id: Id | None = None
    since: Moment | None = None
    until: Moment | None = None


class RedrivenView(ReadModel):
    """`cancelled` were about alerts that are over by now."""

    queued: int
    cancelled: int
