"""Decide what an answer means for an alert: it arrived, try again, give up, or nobody can know."""

from collections.abc import Mapping
from typing import Final

from services.core.alerts.types import Outcome, SendResult
from services.core.gateways.channels.port import Answer, Failure, Verdict

_AGAIN_STATUS: Final = frozenset({408, 425, 429})
# The request left, or may have, and no answer came back.
_DOUBTFUL: Final = frozenset({Failure.TIMEOUT, Failure.LOST})
# A name that fails to resolve may do so tomorrow; an address that is refused stays refused.
_HOPELESS: Final = frozenset({Failure.BLOCKED, Failure.MISCONFIGURED})
_VERDICTS: Final[Mapping[Verdict, Outcome]] = {
    Verdict.ACCEPTED: Outcome.SENT,
    Verdict.AGAIN: Outcome.RETRYABLE,
    Verdict.NEVER: Outcome.PERMANENT,
}


def judge(answer: Answer) -> SendResult:
    """What an answer means. A redirect is a refusal: it would lead where nobody looked.

    What the platform said inside goes before the status it said it with.
    """
    if answer.status_code is None:
        failure = answer.failure or Failure.LOST
        outcome, detail = _of_failure(failure), f"{failure.value}: {answer.detail}"
    elif answer.verdict is not None:
        outcome, detail = _VERDICTS[answer.verdict], answer.detail
    else:
        outcome, detail = _of_status(answer.status_code), answer.detail
    return SendResult(
        outcome=outcome,
        status_code=answer.status_code,
        detail=detail,
        retry_after=answer.retry_after,
        took_ms=answer.took_ms,
    )


def _of_status(status: int) -> Outcome:
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return Outcome.SENT
    return Outcome.RETRYABLE if status in _AGAIN_STATUS or status >= 500 else Outcome.PERMANENT  # noqa: PLR2004 - the class of server errors


def _of_failure(failure: Failure) -> Outcome:
    if failure in _HOPELESS:
        return Outcome.PERMANENT
    return Outcome.IN_DOUBT if failure in _DOUBTFUL else Outcome.RETRYABLE
