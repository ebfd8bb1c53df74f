"""An answer is taken at its word, and no answer is no "no"."""

import pytest

from services.core.alerts.answers import judge
from services.core.alerts.types import Outcome
from services.core.gateways.channels.port import Answer, Failure, Verdict


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT),
        (204, Outcome.SENT),
        (299, Outcome.SENT),
        (301, Outcome.PERMANENT),
        (302, Outcome.PERMANENT),
        (400, Outcome.PERMANENT),
        (401, Outcome.PERMANENT),
        (404, Outcome.PERMANENT),
        (410, Outcome.PERMANENT),
        (408, Outcome.RETRYABLE),
        (429, Outcome.RETRYABLE),
        (500, Outcome.RETRYABLE),
        (503, Outcome.RETRYABLE),
        (599, Outcome.RETRYABLE),
        (199, Outcome.PERMANENT),
    ],
)
def test_a_status_is_taken_at_its_word(status: int, outcome: Outcome) -> None:
    result = judge(Answer(status_code=status, retry_after=7.0, detail="x", took_ms=3))
    assert (result.outcome, result.status_code, result.detail) == (outcome, status, "x")
    assert (result.retry_after, result.took_ms) == (7.0, 3)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (Failure.TIMEOUT, Outcome.IN_DOUBT),
        (Failure.LOST, Outcome.IN_DOUBT),
        (Failure.UNREACHABLE, Outcome.RETRYABLE),
        (Failure.BLOCKED, Outcome.PERMANENT),
        (Failure.MISCONFIGURED, Outcome.PERMANENT),
        (None, Outcome.IN_DOUBT),
    ],
)
def test_no_answer_is_in_doubt_only_if_the_request_left(
    failure: Failure | None, outcome: Outcome
) -> None:
    assert judge(Answer(failure=failure)).outcome is outcome


def test_the_reason_of_a_failure_is_kept() -> None:
    result = judge(Answer(failure=Failure.BLOCKED, detail="no"))
    assert result.detail == "blocked_address: no"


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.ACCEPTED, Outcome.SENT),
        (Verdict.AGAIN, Outcome.RETRYABLE),
        (Verdict.NEVER, Outcome.PERMANENT),
    ],
)
@pytest.mark.parametrize("status", [200, 250, 400, 429, 450, 500, 550])
def test_what_the_platform_says_goes_before_its_status(
    status: int, verdict: Verdict, outcome: Outcome
) -> None:
    assert judge(Answer(status, verdict=verdict)).outcome is outcome


def test_a_lost_answer_is_in_doubt_whatever_was_made_of_it() -> None:
    lost = Answer(failure=Failure.LOST, verdict=Verdict.ACCEPTED)
    assert judge(lost).outcome is Outcome.IN_DOUBT
