"""What an endpoint's answer means, and when it is asked again."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.core.gateways.channels.port import Answer, Failure
from services.core.subscriptions import rules
from services.core.subscriptions.types import Outcome, ParcelState

ID = UUID(int=7)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(status_code=200), Outcome.SENT),
        (Answer(status_code=299), Outcome.SENT),
        (Answer(status_code=301), Outcome.FAILED),
        (Answer(status_code=401), Outcome.FAILED),
        (Answer(status_code=410), Outcome.GONE),
        (Answer(status_code=500), Outcome.FAILED),
        (Answer(failure=Failure.TIMEOUT), Outcome.IN_DOUBT),
        (Answer(failure=Failure.LOST), Outcome.IN_DOUBT),
        (Answer(failure=Failure.UNREACHABLE), Outcome.FAILED),
        (Answer(failure=Failure.BLOCKED), Outcome.FAILED),
        (Answer(), Outcome.IN_DOUBT),
    ],
)
def test_only_a_2xx_is_a_success_and_no_answer_a_doubt(answer: Answer, outcome: Outcome) -> None:
    assert rules.judge(answer).outcome is outcome


def test_what_the_endpoint_said_is_kept() -> None:
    judged = rules.judge(Answer(status_code=503, detail="busy", retry_after=9.0, took_ms=12))
    assert (judged.detail, judged.retry_after, judged.took_ms) == ("busy", 9.0, 12)
    silent = rules.judge(Answer(failure=Failure.TIMEOUT, detail="No answer."))
    assert silent.detail == "timeout: No answer."


def test_the_last_attempt_and_a_410_end_it() -> None:
    last = rules.MAX_ATTEMPTS
    assert rules.state_after(Outcome.SENT, last) is ParcelState.SENT
    assert rules.state_after(Outcome.FAILED, last - 1) is ParcelState.PENDING
    assert rules.state_after(Outcome.IN_DOUBT, last) is ParcelState.DEAD
    assert rules.state_after(Outcome.GONE, 1) is ParcelState.DEAD


def test_delays_grow_from_five_seconds_to_a_day_and_patience_asked_for_only_lengthens() -> None:
    rng = random.Random(1)  # noqa: S311 - the same spread every time
    first = rules.delay_after(1, rng)
    assert timedelta(seconds=4) <= first <= timedelta(seconds=6)
    assert timedelta(hours=19) <= rules.delay_after(99, rng) <= timedelta(hours=29)
    assert rules.delay_after(1, rng, retry_after=60) == timedelta(seconds=60)
    assert rules.delay_after(5, rng, retry_after=1) > timedelta(minutes=20)
    assert rules.delay_after(1, rng, retry_after=1e9) == timedelta(days=1)


def test_the_webhook_id_is_the_same_for_every_attempt_and_another_for_every_fact() -> None:
    assert rules.webhook_id_of(ID, 1) == rules.webhook_id_of(ID, 1)
    assert rules.webhook_id_of(ID, 1) != rules.webhook_id_of(ID, 2)


def test_kinds_that_mean_nothing_are_named_by_their_place() -> None:
    wrong = rules.check_kinds(["*", "case.*", "case.opened", "case.opend", "ca*", "*.opened", ""])
    assert [problem.pointer for problem in wrong] == [f"/kinds/{place}" for place in (3, 4, 5, 6)]
    assert {problem.code for problem in wrong} == {"unknown_kind"}


def test_a_greeting_looks_like_a_fact_and_is_none() -> None:
    greeting = rules.build_greeting(ID, NOON)
    assert (greeting["type"], greeting["seq"]) == ("subscription.test", 0)
    assert greeting["subject_id"] == str(ID)


def test_a_backlog_is_as_old_as_its_oldest_fact() -> None:
    assert rules.seconds_behind(None, NOON) == 0
    assert rules.seconds_behind(NOON, NOON + timedelta(minutes=1)) == 60
    assert rules.seconds_behind(NOON + timedelta(minutes=1), NOON) == 0
