"""Decide how loud an alert is, who hears of it, what it says, and when to try again."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.core.alerts.burn_wording import burn_sentences
from services.core.alerts.climbing import channels_of, steps_for
from services.core.alerts.detector_wording import detector_sentences
from services.core.alerts.ladder_types import LadderStep
from services.core.alerts.types import (
    Alert,
    AlertKind,
    BurnNotice,
    DetectorNotice,
    OutboxState,
    Outcome,
    Purpose,
    RuleMatch,
    Severity,
)
from services.core.alerts.wording import sentences, with_lateness
from services.core.rotas.types import Person
from services.core.sla.types import FiredTimer
from services.core.triage.types import Tier

WARNING_PERCENT: Final = 80
BREACH_PERCENT: Final = 100

# Seconds before the second, third, … attempt: the schedule Standard Webhooks suggests, with one
# step more in the first hour, since what is sent is a warning with a deadline behind it.
SCHEDULE: Final = (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 36_000)
# Attempts that failed together must not come back together.
JITTER: Final = 0.2
# A sink may ask for patience, not for silence.
LONGEST_RETRY_AFTER: Final = 6 * 3600

# Where on a ladder what has no promise stands, by how loud it is.
_PERCENT_OF: Final = {
    Severity.HINT: 50,
    Severity.WARNING: WARNING_PERCENT,
    Severity.BREACH: BREACH_PERCENT,
    Severity.ESCALATION: 150,
}


def severity_of(percent: int) -> Severity:
    if percent > BREACH_PERCENT:
        return Severity.ESCALATION
    if percent == BREACH_PERCENT:
        return Severity.BREACH
    return Severity.WARNING if percent >= WARNING_PERCENT else Severity.HINT


def group_key_of(case_id: UUID | None, message_id: UUID | None = None) -> str:
    """Alerts of one case stand together; without a case, those of one message."""
    return f"case:{case_id}" if case_id else f"message:{message_id}"


def seconds_late(due_at: datetime, at: datetime) -> int:
    """Whole seconds past the due time; 0 while there is time left."""
    return max(0, int((at - due_at).total_seconds()))


def channels_for(
    steps: Sequence[LadderStep], percent: int, enabled: Sequence[UUID]
) -> tuple[UUID, ...]:
    """The enabled channels of the highest percent reached; nobody when none is reached yet.

    A step that names no channel means all of them. So does one whose channels are all gone or
    switched off: a warning that wakes the wrong person is better than one that wakes nobody.
    """
    reached = steps_for(steps, percent)
    wanted = {one for step in reached for one in channels_of(step, enabled)}
    return tuple(channel_id for channel_id in enabled if channel_id in wanted)


def new_alert(
    fired: FiredTimer, *, alert_id: UUID, now: datetime, ladder: dict[str, Any]
) -> dict[str, Any]:
    """The row of an alert; the ladder goes in as it is now and never changes again."""
    return {
        "id": alert_id,
        "clock_id": fired.clock_id,
        "case_id": fired.case_id,
        "group_key": group_key_of(fired.case_id),
        "step": fired.percent,
        "generation": fired.generation,
        "severity": severity_of(fired.percent).value,
        "tier": fired.tier.value,
        "clock_kind": fired.kind.value,
        "state": "firing",
        "fire_at": fired.fire_at,
        "fired_at": now,
        "due_at": fired.due_at,
        "request_id": fired.request_id,
        "ladder": ladder,
    }


def new_rule_alert(
    match: RuleMatch,
    *,
    alert_id: UUID,
    now: datetime,
    ladder: dict[str, Any],
    request_id: str | None = None,
) -> dict[str, Any]:
    """The row of a rule's alert. There is nothing left to wait for: it counts as a breach."""
    return {
        "id": alert_id,
        "kind": AlertKind.RULE.value,
        "clock_id": None,
        "case_id": match.case_id,
        "rule_id": match.rule_id,
        "message_id": match.message_id,
        "group_key": group_key_of(match.case_id, match.message_id),
        "step": BREACH_PERCENT,
        "generation": 1,
        "severity": Severity.BREACH.value,
        "tier": match.tier.value,
        "clock_kind": None,
        "state": "firing",
        "fire_at": now,
        "fired_at": now,
        "due_at": now,
        "request_id": request_id,
        "ladder": ladder,
    }


def new_burn_alert(
    notice: BurnNotice, *, alert_id: UUID, now: datetime, ladder: dict[str, Any]
) -> dict[str, Any]:
    """The row of a burning budget's alert: a breach when it is gone in hours, else a warning."""
    step = burn_step(notice)
    return {
        "id": alert_id,
        "kind": AlertKind.BUDGET_BURN.value,
        "clock_id": None,
        "case_id": None,
        "burn_id": notice.burn_id,
        "group_key": f"burn:{notice.burn_id}",
        "step": step,
        "generation": 1,
        "severity": severity_of(step).value,
        "tier": (Tier.URGENT if notice.is_fast else Tier.IMPORTANT).value,
        "clock_kind": None,
        "state": "firing",
        "fire_at": now,
        "fired_at": now,
        "due_at": now,
        "ladder": ladder,
        "detail": dict(notice.detail),
    }


def new_detector_alert(
    notice: DetectorNotice, *, alert_id: UUID, now: datetime, ladder: dict[str, Any]
) -> dict[str, Any]:
    """The row of a detector's alert: as loud as the detector says, and due at once."""
    return {
        "id": alert_id,
        "kind": AlertKind.DETECTOR.value,
        "clock_id": None,
        "case_id": None,
        "detector_firing_id": notice.firing_id,
        "group_key": f"detector:{notice.detector_id}",
        "step": detector_step(notice),
        "generation": 1,
        "severity": notice.severity.value,
        "tier": notice.tier.value,
        "clock_kind": None,
        "state": "firing",
        "fire_at": now,
        "fired_at": now,
        "due_at": now,
        "ladder": ladder,
        "detail": {
            **notice.detail,
            "detector_id": str(notice.detector_id),
            "detector": notice.kind,
        },
    }


def detector_step(notice: DetectorNotice) -> int:
    """Where on a ladder an alert of this severity stands."""
    return _PERCENT_OF[notice.severity]


def burn_step(notice: BurnNotice) -> int:
    """Where on a ladder a burn stands."""
    return BREACH_PERCENT if notice.is_fast else WARNING_PERCENT


def build_message(
    alert: Alert,
    purpose: Purpose,
    *,
    now: datetime,
    resolution: str | None = None,
    people: Sequence[Person] = (),
    told_late_by: int = 0,
) -> dict[str, Any]:
    """What a channel is given: facts and one sentence in two languages, never a follower's words.

    `at` is when this was said; `late_by_seconds` is counted up to then. Links are paths below the
    address of the installation, which the sender does not know. `people` are those it is meant for;
    `told_late_by` is by how many seconds this telling itself comes late.
    """
    late_by = seconds_late(alert.due_at, now)
    left = max(0, int((alert.due_at - now).total_seconds()))
    return {
        "type": f"alert.{purpose.value}",
        "at": now.isoformat(),
        "alert_id": str(alert.id),
        "kind": alert.kind.value,
        "case_id": _spelled(alert.case_id),
        "clock_id": _spelled(alert.clock_id),
        "clock_kind": alert.clock_kind.value if alert.clock_kind else None,
        "rule_id": _spelled(alert.rule_id),
        "message_id": _spelled(alert.message_id),
        "burn_id": _spelled(alert.burn_id),
        "detector_firing_id": _spelled(alert.detector_firing_id),
        "detail": alert.detail,
        "percent": alert.step,
        "severity": alert.severity.value,
        "tier": alert.tier.value,
        "group_key": alert.group_key,
        "due_at": alert.due_at.isoformat(),
        "fired_at": alert.fired_at.isoformat(),
        "late_by_seconds": late_by,
        "resolution": resolution,
        "told_late_by_seconds": told_late_by,
        "people": [
            {
                "id": str(person.member_id),
                "name": person.name,
                "contacts": dict(person.contacts),
                "because": person.because,
            }
            for person in people
        ],
        "sentence": with_lateness(
            _sentences(alert, purpose, late_by=late_by, left=left), told_late_by
        ),
        "links": _links(alert),
    }


def _spelled(value: UUID | None) -> str | None:
    return str(value) if value else None


def _sentences(alert: Alert, purpose: Purpose, *, late_by: int, left: int) -> dict[str, str]:
    if alert.kind is AlertKind.BUDGET_BURN:
        return burn_sentences(alert, purpose)
    if alert.kind is AlertKind.DETECTOR:
        return detector_sentences(alert, purpose)
    return sentences(alert, purpose, late_by=late_by, left=left)


def _links(alert: Alert) -> dict[str, str]:
    links = {"alert": f"/v1/alerts/{alert.id}"}
    links |= {"objective": "/v1/objectives"} if alert.burn_id else {}
    links |= {"case": f"/v1/cases/{alert.case_id}"} if alert.case_id else {}
    return links | ({"message": f"/v1/messages/{alert.message_id}"} if alert.message_id else {})


def build_greeting(channel_name: str, *, now: datetime) -> dict[str, Any]:
    """What a channel is given when somebody tries it out."""
    return {
        "type": "channel.test",
        "at": now.isoformat(),
        "channel": channel_name,
        "sentence": {
            "zh": "这是一条测试消息，渠道已连通。",
            "en": "This is a test: the channel works.",
        },
    }


def delay_after(attempt: int, rng: random.Random, *, retry_after: float | None = None) -> timedelta:
    """How long to wait after this failed attempt (1 is the first); spread by 20 % either way.

    A `retry_after` in seconds can only lengthen it.
    """
    base = SCHEDULE[min(attempt, len(SCHEDULE)) - 1]
    spread = base * rng.uniform(1 - JITTER, 1 + JITTER)
    asked = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
    return timedelta(seconds=max(spread, asked))


def state_after(outcome: Outcome, attempt: int, max_attempts: int) -> OutboxState:
    """What becomes of the row: sent, due again later, or dead since trying on is pointless."""
    if outcome is Outcome.SENT:
        return OutboxState.SENT
    spent = outcome is Outcome.PERMANENT or attempt >= max_attempts
    return OutboxState.DEAD if spent else OutboxState.PENDING
