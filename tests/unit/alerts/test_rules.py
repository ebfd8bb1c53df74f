"""How loud, to whom, in which words, and when again."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.alerts import rules
from services.core.alerts.ladder_types import LadderStep
from services.core.alerts.types import (
    Alert,
    AlertState,
    OutboxState,
    Outcome,
    Purpose,
    Severity,
)
from services.core.alerts.wording import describe_span, sentences
from services.core.kit import ids
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier
from tests.support.alerts import HOUR, NOON, fired_timer

A, B, C = ids.new_id(), ids.new_id(), ids.new_id()


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - spreads waits, hides nothing


ALERT = Alert(
    id=ids.new_id(),
    case_id=ids.new_id(),
    clock_id=ids.new_id(),
    clock_kind=ClockKind.FIRST_RESPONSE,
    step=100,
    generation=1,
    severity=Severity.BREACH,
    tier=Tier.URGENT,
    state=AlertState.FIRING,
    group_key="case:1",
    fire_at=NOON,
    fired_at=NOON,
    due_at=NOON,
    ladder={},
)


@pytest.mark.parametrize(
    ("percent", "severity"),
    [
        (1, Severity.HINT),
        (50, Severity.HINT),
        (79, Severity.HINT),
        (80, Severity.WARNING),
        (99, Severity.WARNING),
        (100, Severity.BREACH),
        (101, Severity.ESCALATION),
        (200, Severity.ESCALATION),
    ],
)
def test_severity_follows_the_percent(percent: int, severity: Severity) -> None:
    assert rules.severity_of(percent) is severity


@pytest.mark.parametrize(
    ("percent", "told"), [(50, ()), (80, (A,)), (99, (A,)), (100, (A, B)), (150, (A, B))]
)
def test_the_highest_step_reached_says_who_hears(percent: int, told: tuple[object, ...]) -> None:
    steps = [LadderStep(100, (A, B)), LadderStep(80, (A,))]
    assert rules.channels_for(steps, percent, [A, B, C]) == told


def test_a_step_that_names_nobody_means_everybody() -> None:
    assert rules.channels_for([LadderStep(0)], 50, [A, B]) == (A, B)


def test_a_step_whose_channels_are_all_gone_wakes_everybody_rather_than_nobody() -> None:
    assert rules.channels_for([LadderStep(0, (C,))], 100, [A, B]) == (A, B)
    assert rules.channels_for([LadderStep(0, (C, B))], 100, [A, B]) == (B,)


def test_a_new_alert_carries_its_timer_and_its_ladder() -> None:
    fired = fired_timer(percent=80)
    row = rules.new_alert(fired, alert_id=A, now=NOON, ladder={"name": "x"})
    assert row["severity"] == "warning"
    assert row["state"] == "firing"
    assert row["group_key"] == f"case:{fired.case_id}"
    assert (row["step"], row["generation"], row["ladder"]) == (80, 1, {"name": "x"})


def test_a_message_says_everything_and_repeats_nobody() -> None:
    message = rules.build_message(ALERT, Purpose.FIRING, now=NOON + timedelta(seconds=90))
    assert message["type"] == "alert.firing"
    assert message["late_by_seconds"] == 90
    assert message["due_at"] == NOON.isoformat()
    assert message["links"] == {
        "case": f"/v1/cases/{ALERT.case_id}",
        "alert": f"/v1/alerts/{ALERT.id}",
    }
    assert set(message) == {
        "type",
        "at",
        "alert_id",
        "case_id",
        "clock_id",
        "clock_kind",
        "kind",
        "rule_id",
        "burn_id",
        "detector_firing_id",
        "detail",
        "message_id",
        "percent",
        "severity",
        "tier",
        "group_key",
        "due_at",
        "fired_at",
        "late_by_seconds",
        "told_late_by_seconds",
        "people",
        "resolution",
        "sentence",
        "links",
    }


def test_before_the_due_time_nothing_is_late() -> None:
    message = rules.build_message(ALERT, Purpose.FIRING, now=NOON - HOUR)
    assert message["late_by_seconds"] == 0
    assert "1 h left" in message["sentence"]["en"]


def test_the_greeting_is_told_apart_from_an_alert() -> None:
    greeting = rules.build_greeting("ops", now=NOON)
    assert (greeting["type"], greeting["channel"]) == ("channel.test", "ops")


@pytest.mark.parametrize(
    ("purpose", "late_by", "left", "zh", "en"),
    [
        (
            Purpose.FIRING,
            0,
            3600,
            "紧急：首次回复时限已用 100%，还剩 1 小时。",
            "Urgent: 100 % of the time for the first reply is used, 1 h left.",
        ),
        (
            Purpose.FIRING,
            0,
            0,
            "紧急：首次回复的时限到了，有人还在等。",
            "Urgent: the first reply is due now, somebody is waiting.",
        ),
        (
            Purpose.FIRING,
            125,
            0,
            "紧急：首次回复已超时 2 分钟 5 秒，有人还在等。",
            "Urgent: the first reply is 2 min 5 s overdue, somebody is waiting.",
        ),
        (
            Purpose.RENOTIFY,
            60,
            0,
            "再次提醒 · 紧急：首次回复已超时 1 分钟，有人还在等。",
            "Again: urgent: the first reply is 1 min overdue, somebody is waiting.",
        ),
        (
            Purpose.RESOLVED,
            60,
            0,
            "紧急：首次回复的提醒已解除，谢谢。",
            "Urgent: the alert about the first reply is over, thank you.",
        ),
    ],
)
def test_the_sentence_is_plain_in_both_languages(
    purpose: Purpose, late_by: int, left: int, zh: str, en: str
) -> None:
    assert sentences(ALERT, purpose, late_by=late_by, left=left) == {"zh": zh, "en": en}


def test_an_escalation_asks_somebody_to_step_in() -> None:
    louder = replace(ALERT, severity=Severity.ESCALATION)
    said = sentences(louder, Purpose.FIRING, late_by=60, left=0)
    assert said["zh"].endswith("请马上接手。")
    assert said["en"].endswith("please step in.")


@pytest.mark.parametrize("kind", list(ClockKind))
@pytest.mark.parametrize("tier", list(Tier))
def test_every_promise_and_tier_has_words(kind: ClockKind, tier: Tier) -> None:
    said = sentences(replace(ALERT, clock_kind=kind, tier=tier), Purpose.FIRING, late_by=1, left=0)
    assert said["zh"]
    assert said["en"]


@pytest.mark.parametrize(
    ("seconds", "span"),
    [
        (0, ("0 秒", "0 s")),
        (59, ("59 秒", "59 s")),
        (7500, ("2 小时 5 分钟", "2 h 5 min")),
        (90_061, ("1 天 1 小时", "1 d 1 h")),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: int, span: tuple[str, str]) -> None:
    assert describe_span(seconds) == span


@given(attempt=st.integers(1, 200), seed=st.integers())
def test_waits_are_spread_by_a_fifth_around_the_schedule(attempt: int, seed: int) -> None:
    base = rules.SCHEDULE[min(attempt, len(rules.SCHEDULE)) - 1]
    seconds = rules.delay_after(attempt, dice(seed)).total_seconds()
    assert base * 0.8 - 1e-6 <= seconds <= base * 1.2 + 1e-6


def test_the_same_generator_gives_the_same_wait() -> None:
    first, second = dice(1), dice(1)
    assert rules.delay_after(3, first) == rules.delay_after(3, second)
    assert rules.delay_after(3, dice(2)) != rules.delay_after(3, first)


def test_a_sink_may_ask_for_more_patience_but_not_for_haste_or_silence() -> None:
    rng = dice(1)
    assert rules.delay_after(1, rng, retry_after=600) == timedelta(seconds=600)
    assert rules.delay_after(5, rng, retry_after=1) >= timedelta(seconds=1_440)
    assert rules.delay_after(1, rng, retry_after=10**9) == timedelta(hours=6)


@pytest.mark.parametrize(
    ("outcome", "attempt", "state"),
    [
        (Outcome.SENT, 10, OutboxState.SENT),
        (Outcome.RETRYABLE, 9, OutboxState.PENDING),
        (Outcome.RETRYABLE, 10, OutboxState.DEAD),
        (Outcome.IN_DOUBT, 1, OutboxState.PENDING),
        (Outcome.IN_DOUBT, 10, OutboxState.DEAD),
        (Outcome.PERMANENT, 1, OutboxState.DEAD),
    ],
)
def test_a_row_dies_when_trying_on_is_pointless(
    outcome: Outcome, attempt: int, state: OutboxState
) -> None:
    assert rules.state_after(outcome, attempt, 10) is state
