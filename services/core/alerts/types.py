"""The nouns of escalation: alerts, ladders, channels, and what became of each sending."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.alerts.waiting import WaitsFor
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    EXPIRED = "expired"  # nobody ended it and nobody asked: too old to wake anybody


class Severity(StrEnum):
    """How loud. 50 % is a hint, 80 % a warning, 100 % a breach, beyond it an escalation."""

    HINT = "hint"
    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"


class AlertKind(StrEnum):
    """What raised it: a moment of a promise, a rule, too many misses, or a detector."""

    PROMISE = "promise"
    RULE = "rule"
    BUDGET_BURN = "budget_burn"
    DETECTOR = "detector"


class ChannelKind(StrEnum):
    WEBHOOK = "webhook"
    CONSOLE = "console"
    FEISHU = "feishu"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    EMAIL = "email"
    ALERTMANAGER = "alertmanager"
    APPRISE = "apprise"


class Purpose(StrEnum):
    """Why something is sent: the alert, its repetition, a later step, and how it ended."""

    FIRING = "firing"
    RENOTIFY = "renotify"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    CORRECTED = "corrected"


class OutboxState(StrEnum):
    """`pending` covers a leased row too: its `next_at` is then the end of the lease."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What one attempt came to.

    `in_doubt`: nobody can know whether it arrived, since the process died before the answer or the
    answer was lost on its way. It is sent again, under the same id and marked.
    """

    STARTED = "started"
    SENT = "sent"
    RETRYABLE = "retryable"
    PERMANENT = "permanent"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go. `secrets` sign outgoing webhooks, the newest first.

    A paused one gets nothing until somebody takes it up again; what is for it is kept.
    """

    id: UUID
    name: str
    kind: ChannelKind
    config: Mapping[str, Any]
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime
    secrets: tuple[str, ...] = field(default=(), repr=False)
    paused_at: datetime | None = None
    paused_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """What somebody wants a channel to be. Without a `secret` a webhook gets a new one.

    `config` holds what the kind needs; `url` is another way to say `config["url"]`.
    """

    name: str
    kind: ChannelKind
    url: str | None = None
    secret: str | None = field(default=None, repr=False)
    enabled: bool = True
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """What somebody wants to be different; None leaves a thing as it is.

    In `config` what is not named stays, and None takes a thing away.
    """

    name: str | None = None
    url: str | None = None
    enabled: bool | None = None
    config: Mapping[str, Any] | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Alert:
    """What was raised, as it stands now. `step` is the percent of the budget that fired it.

    A rule's alert has a rule and a message instead of a clock, and a case only where there is one;
    its step is 100 and it is due when it was raised. So it is with the alert of a burning error
    budget, which has a burn instead, and of a detector's; `detail` holds their figures.

    `climb_at` is when its ladder goes on, at `climb_position` and `climb_round` there; None when
    nothing is left to do. `resume_at` is until when an acknowledgement keeps it at rest.
    `request_id` is of the request that brought the message it is about, where that is known.
    """

    id: UUID
    case_id: UUID | None
    clock_id: UUID | None
    clock_kind: ClockKind | None
    step: int
    generation: int
    severity: Severity
    tier: Tier
    state: AlertState
    group_key: str
    fire_at: datetime
    fired_at: datetime
    due_at: datetime
    ladder: Mapping[str, Any]
    kind: AlertKind = AlertKind.PROMISE
    rule_id: UUID | None = None
    message_id: UUID | None = None
    burn_id: UUID | None = None
    detector_firing_id: UUID | None = None
    detail: Mapping[str, Any] | None = None
    climb_at: datetime | None = None
    climb_from: datetime | None = None
    climb_position: int = 0
    climb_round: int = 0
    resume_at: datetime | None = None
    told_group: str | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that wants somebody told of a message."""

    rule_id: UUID
    message_id: UUID
    case_id: UUID | None
    tier: Tier


@dataclass(frozen=True, slots=True)
class BurnNotice:
    """Misses that use up the error budget too fast: within hours (`is_fast`) or within weeks.

    `detail` has the figures a person wants to see: `times` as fast as allowed, `missed` of
    `decided` in `hours`.
    """

    burn_id: UUID
    is_fast: bool
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DetectorNotice:
    """A detector that went off: `firing_id` is this one time, which is told of once.

    `detail` has the figures a person wants to see; `sentence` in it, by language, is said as it is.
    Without a ladder of its own, or when that one is gone, the default one holds.
    """

    detector_id: UUID
    kind: str
    firing_id: UUID
    severity: Severity
    tier: Tier
    detail: Mapping[str, Any]
    ladder_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to list; None is any."""

    state: AlertState | None = None
    case_id: UUID | None = None
    tier: Tier | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    status_code: int | None
    detail: str | None
    digest_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox with everything that was tried; `next_at` counts while pending.

    `digest_id` is the message that carried it with others, `closes_digest_id` one whose incident it
    closes; `fallback_of` the row whose channel could not be reached, `fell_back_at` when such a row
    asked another channel. A pending one `waits_for` something, until `waits_until` where that is
    known. `request_id` is of the request it came of, where it was one.
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
    next_at: datetime
    attempt_count: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    attempts: tuple[Attempt, ...] = ()
    digest_id: UUID | None = None
    fallback_of: UUID | None = None
    fell_back_at: datetime | None = None
    waits_for: WaitsFor | None = None
    waits_until: datetime | None = None
    closes_digest_id: UUID | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One thing to send, claimed: the message, where to, and the token that proves the claim.

    `attempt` counts since it was queued or redriven, from 1; `in_doubt` says that an earlier
    attempt may have arrived. All of one `digest_id` are one message.
    """

    workspace_id: UUID
    outbox_id: UUID
    alert_id: UUID
    channel_id: UUID
    token: int
    attempt: int
    in_doubt: bool
    channel_kind: ChannelKind
    channel_config: Mapping[str, Any]
    message: Mapping[str, Any]
    channel_secrets: tuple[str, ...] = field(default=(), repr=False)
    digest_id: UUID | None = None
    queued_at: datetime | None = None
    # At a door that is shut, to hear whether anybody is there again.
    knocks: bool = False
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What an attempt came to, bounded; `retry_after` in seconds when the other side named one."""

    outcome: Outcome
    status_code: int | None = None
    detail: str = ""
    retry_after: float | None = None
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of one claimed row; one that is pending again is due after `delay`."""

    dispatch: Dispatch
    result: SendResult
    state: OutboxState
    delay: timedelta


@dataclass(frozen=True, slots=True)
class LetterRange:
    """Dead letters of one channel or of all, written in [since, until)."""

    channel_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Redriven:
    """`cancelled` were about alerts that are over by now."""

    queued: int
    cancelled: int
