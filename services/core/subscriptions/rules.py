"""Decide what an endpoint's answer means, when to try again, and when to stop trying."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.core.gateways.channels.port import Answer, Failure
from services.core.kit import ids
from services.core.kit.errors import FieldProblem
from services.core.stream.catalogue import is_known
from services.core.subscriptions.types import Outcome, ParcelState, Result

MOST_SUBSCRIPTIONS: Final = 50
MOST_KINDS: Final = 50
MOST_SOURCES: Final = 50
LONGEST_KIND: Final = 64

# Seconds before the second, third, … attempt: from 5 s to a day, two and a half days in all.
SCHEDULE: Final = (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 86_400)
MAX_ATTEMPTS: Final = len(SCHEDULE) + 1
# Attempts that failed together must not come back together.
JITTER: Final = 0.2
# An endpoint may ask for patience, not for silence.
LONGEST_RETRY_AFTER: Final = 24 * 3600
# Nothing arrived for so long: somebody has to look, and knocking on does not help.
FAILING_BEFORE_PAUSE: Final = timedelta(days=3)
# What arrived is kept for a look back, what did not for somebody to bring it back.
SENT_KEPT: Final = timedelta(days=7)
KEPT: Final = timedelta(days=30)

_GONE: Final = 410
_DOUBTFUL: Final = frozenset({Failure.TIMEOUT, Failure.LOST})


def check_kinds(kinds: Sequence[str]) -> list[FieldProblem]:
    """What is wrong with the kinds asked for: each must mean something that is announced."""
    return [
        FieldProblem(f"/kinds/{place}", "unknown_kind", "No fact of this kind is announced.")
        for place, kind in enumerate(kinds)
        if not is_known(kind)
    ]


def webhook_id_of(subscription_id: UUID, seq: int) -> UUID:
    """The same for every attempt, after a redrive too: it is how a receiver tells a repeat."""
    return ids.derived_id("subscription", subscription_id, seq)


def build_message(
    seq: int, kind: str, subject: tuple[str, UUID], payload: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """A fact as the live stream has it; `type` is its kind, for the envelope."""
    return {
        "type": kind,
        "seq": seq,
        "kind": kind,
        "subject_kind": subject[0],
        "subject_id": str(subject[1]),
        "payload": payload,
        "at": at.isoformat(),
    }


def build_greeting(subscription_id: UUID, now: datetime) -> dict[str, Any]:
    """What an endpoint is sent when somebody tries it out: a fact's shape, and no fact."""
    subject = ("subscription", subscription_id)
    return build_message(0, "subscription.test", subject, {}, now)


def judge(answer: Answer) -> Result:
    """Only a 2xx is a success. All else may be mended and is tried again, but for 410."""
    detail = answer.detail
    status = answer.status_code
    if status is not None:
        outcome = _judge_status(status)
    else:
        failure = answer.failure or Failure.LOST
        outcome = Outcome.IN_DOUBT if failure in _DOUBTFUL else Outcome.FAILED
        detail = f"{failure.value}: {detail}"
    return Result(outcome, status, detail, answer.retry_after, answer.took_ms)


def _judge_status(status: int) -> Outcome:
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return Outcome.SENT
    return Outcome.GONE if status == _GONE else Outcome.FAILED


def state_after(outcome: Outcome, attempt: int) -> ParcelState:
    if outcome is Outcome.SENT:
        return ParcelState.SENT
    over = outcome is Outcome.GONE or attempt >= MAX_ATTEMPTS
    return ParcelState.DEAD if over else ParcelState.PENDING


def delay_after(attempt: int, rng: random.Random, *, retry_after: float | None = None) -> timedelta:
    """How long to wait after this failed attempt (1 is the first), spread by 20 % either way.

    A `retry_after` in seconds can only lengthen it.
    """
    base = SCHEDULE[min(attempt, len(SCHEDULE)) - 1]
    spread = base * rng.uniform(1 - JITTER, 1 + JITTER)
    asked = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
    return timedelta(seconds=max(spread, asked))


def seconds_behind(oldest_at: datetime | None, now: datetime) -> float:
    """For how long the oldest fact has been under way; 0 when none is."""
    return max(0.0, (now - oldest_at).total_seconds()) if oldest_at else 0.0
