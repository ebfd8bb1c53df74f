"""What a silence may say, and which alert is held by what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from services.core.conversations.types import Channel
from services.core.silences import rules
from services.core.silences.types import (
    Conditions,
    Hold,
    HoldKind,
    Inhibition,
    InhibitionDraft,
    Inhibitor,
    Quiet,
    QuietHours,
    Sameness,
    Silence,
    SilenceDraft,
    SilenceState,
    Source,
    Target,
    Traits,
)
from services.core.triage.types import Category, Tier

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE, TWO, HERE = (UUID(int=n) for n in (1, 2, 3))

ALERT = Traits(
    alert_id=ONE,
    kind="promise",
    tier=Tier.IMPORTANT,
    severity="breach",
    group_key="case:1",
    case_id=UUID(int=11),
    rule_id=UUID(int=12),
    category="complaint",
    source_id=UUID(int=13),
    post_id=UUID(int=14),
    thread_id=UUID(int=15),
    follower_id=UUID(int=16),
    channel="comment",
)
BARE = Traits(ONE, "budget_burn", Tier.URGENT, "breach", "burn:1")


def draft(conditions: Conditions | None = None, **more: Any) -> SilenceDraft:
    values: dict[str, Any] = {
        "conditions": conditions or Conditions(kind="promise"),
        "starts_at": NOON,
        "ends_at": NOON + HOUR,
        "reason": "Stocktaking",
    }
    return SilenceDraft(**(values | more))


def silence(
    conditions: Conditions | None = None, *, silence_id: UUID = ONE, **more: Any
) -> Silence:
    said = draft(conditions, **more)
    return Silence(
        silence_id,
        said.conditions,
        said.starts_at,
        said.ends_at,
        said.reason,
        said.everything,
        said.also_urgent,
        NOON,
        "may",
    )


def inhibition(
    source: Source, target: Target | None = None, *, rule_id: UUID = ONE, **more: Any
) -> Inhibition:
    values: dict[str, Any] = {"same": Sameness.POST, "enabled": True, "is_built_in": False}
    return Inhibition(rule_id, "rule", source, target or Target(), **(values | more))


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        (draft(), []),
        (draft(ends_at=NOON + 30 * DAY), []),
        (draft(ends_at=NOON + 30 * DAY + timedelta(seconds=1)), ["beyond_limit"]),
        (draft(ends_at=NOON), ["inverted", "past"]),
        (draft(starts_at=NOON - HOUR, ends_at=NOON), ["past"]),
        (draft(starts_at=NOON - 2 * HOUR), ["past"]),
        (draft(starts_at=NOON + 91 * DAY, ends_at=NOON + 92 * DAY), ["too_far_ahead"]),
        (draft(Conditions(), also_urgent=True), ["empty"]),
        (draft(Conditions(), everything=True), []),
        (draft(everything=True), ["not_allowed"]),
        (draft(Conditions(tier_at_most=Tier.URGENT)), ["not_allowed"]),
        (draft(Conditions(tier_at_most=Tier.URGENT), also_urgent=True), []),
        (draft(reason=" \n"), ["empty"]),
        (draft(reason="啊" * 500), []),
        (draft(reason="啊" * 501), ["too_long"]),
    ],
)
def test_a_silence_has_an_end_a_reason_and_an_extent(said: SilenceDraft, codes: list[str]) -> None:
    assert [problem.code for problem in rules.problems_of_silence(said, NOON)] == codes


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (NOON - HOUR, SilenceState.UPCOMING),
        (NOON, SilenceState.ACTIVE),
        (NOON + HOUR, SilenceState.EXPIRED),
    ],
)
def test_a_silence_holds_from_its_beginning_up_to_its_end(
    at: datetime, state: SilenceState
) -> None:
    assert rules.state_of(silence(), at) is state


@pytest.mark.parametrize(
    ("conditions", "is_held"),
    [
        (Conditions(kind="promise"), True),
        (Conditions(kind="rule"), False),
        (Conditions(tier_at_most=Tier.IMPORTANT), True),
        (Conditions(tier_at_most=Tier.ROUTINE), False),
        (Conditions(category=Category.COMPLAINT), True),
        (Conditions(category=Category.PRAISE), False),
        (Conditions(channel=Channel.COMMENT), True),
        (Conditions(channel=Channel.DM), False),
        (Conditions(source_id=ALERT.source_id), True),
        (Conditions(source_id=TWO), False),
        (Conditions(post_id=ALERT.post_id), True),
        (Conditions(thread_id=ALERT.thread_id), True),
        (Conditions(follower_id=ALERT.follower_id), True),
        (Conditions(rule_id=ALERT.rule_id), True),
        (Conditions(case_id=ALERT.case_id), True),
        (Conditions(group="case:1"), True),
        (Conditions(group="case:2"), False),
        (Conditions(kind="promise", post_id=TWO), False),
    ],
)
def test_all_conditions_hold_together(conditions: Conditions, is_held: bool) -> None:
    assert rules.holds(silence(conditions), ALERT) is is_held


def test_urgent_is_held_only_where_it_is_said() -> None:
    everything = silence(Conditions(), everything=True)
    assert rules.holds(everything, ALERT)
    assert not rules.holds(everything, BARE)
    assert rules.holds(replace(everything, also_urgent=True), BARE)
    assert not rules.holds(silence(Conditions()), ALERT)


def hold(
    traits: Traits,
    *silences: Silence,
    inhibitions: tuple[Inhibition, ...] = (),
    inhibitors: tuple[Inhibitor, ...] = (),
    hours: QuietHours | None = None,
    now: datetime = NOON,
) -> Hold | None:
    quiet = Quiet(silences, inhibitions, hours or QuietHours())
    return rules.hold_of(traits, quiet, inhibitors, now, own_id=HERE)


def test_of_several_silences_the_one_that_lasts_longest_is_named() -> None:
    short = silence()
    long = silence(silence_id=TWO, ends_at=NOON + 2 * HOUR, reason="Fair")
    over = silence(starts_at=NOON - 2 * HOUR, ends_at=NOON)
    assert hold(ALERT, short, long, over) == Hold(HoldKind.SILENCE, TWO, "Fair", NOON + 2 * HOUR)
    assert hold(ALERT, over) is None


POST_KEY = f"post:{ALERT.post_id}"
CRISIS = inhibition(Source(crisis=True), rule_id=TWO)


def test_a_louder_alert_holds_back_those_that_share_something_with_it() -> None:
    louder = Inhibitor(TWO, POST_KEY, TWO)
    found = hold(ALERT, inhibitions=(CRISIS,), inhibitors=(louder,))
    assert found == Hold(HoldKind.INHIBITION, TWO, "rule", None)
    # Not itself, not under another post, not by another rule, not when switched off.
    assert hold(ALERT, inhibitions=(CRISIS,), inhibitors=(replace(louder, alert_id=ONE),)) is None
    assert hold(ALERT, inhibitions=(CRISIS,), inhibitors=(replace(louder, key="post:x"),)) is None
    assert hold(ALERT, inhibitions=(inhibition(Source(crisis=True)),), inhibitors=(louder,)) is None
    off = replace(CRISIS, enabled=False)
    assert hold(ALERT, inhibitions=(off,), inhibitors=(louder,)) is None
    # A silence says more: it has an end.
    both = hold(ALERT, silence(), inhibitions=(CRISIS,), inhibitors=(louder,))
    assert both
    assert both.kind is HoldKind.SILENCE


def test_who_holds_others_back_is_never_held_back() -> None:
    crisis = replace(ALERT, crisis=True)
    other = inhibition(Source(severity_at_least="breach"), rule_id=ONE)
    assert rules.keys_held(crisis, (CRISIS,)) == []
    assert rules.keys_held(ALERT, (CRISIS, other)) == []
    assert rules.keys_held(ALERT, (CRISIS,)) == [(TWO, POST_KEY)]
    assert rules.keys_holding(crisis, (CRISIS,)) == [(TWO, POST_KEY)]
    assert rules.keys_holding(ALERT, (CRISIS,)) == []


@pytest.mark.parametrize(
    ("same", "key"),
    [
        (Sameness.GROUP, "group:case:1"),
        (Sameness.POST, POST_KEY),
        (Sameness.THREAD, f"thread:{ALERT.thread_id}"),
        (Sameness.FOLLOWER, f"follower:{ALERT.follower_id}"),
    ],
)
def test_two_alerts_share_what_the_rule_names(same: Sameness, key: str) -> None:
    assert rules.shared_key(ALERT, same) == key


def test_what_an_alert_does_not_have_it_shares_with_nobody() -> None:
    assert rules.shared_key(BARE, Sameness.POST) is None


@pytest.mark.parametrize(
    ("source", "is_met"),
    [
        (Source(), False),
        (Source(kind="promise"), True),
        (Source(kind="rule"), False),
        (Source(crisis=True), False),
        (Source(tier_at_least=Tier.IMPORTANT), True),
        (Source(tier_at_least=Tier.URGENT), False),
        (Source(severity_at_least="warning"), True),
        (Source(severity_at_least="escalation"), False),
        (Source(category=Category.COMPLAINT, rule_id=ALERT.rule_id), True),
        (Source(category=Category.PRAISE), False),
    ],
)
def test_a_source_is_what_all_of_it_says(source: Source, is_met: bool) -> None:
    assert rules.is_source(source, ALERT) is is_met


@pytest.mark.parametrize(
    ("target", "is_met"),
    [
        (Target(), True),
        (Target(tier_at_most=Tier.ROUTINE), False),
        (Target(severity_at_most="warning"), False),
        (Target(severity_at_most="breach", tier_at_most=Tier.URGENT), True),
        (Target(kind="rule"), False),
    ],
)
def test_a_target_is_at_most_so_loud(target: Target, is_met: bool) -> None:
    assert rules.is_target(target, ALERT) is is_met


def test_a_rule_says_who_holds_others_back() -> None:
    said = InhibitionDraft("x", Source(kind="rule"), Target(), Sameness.GROUP)
    assert rules.problems_of_inhibition(said) == []
    (problem,) = rules.problems_of_inhibition(replace(said, source=Source()))
    assert (problem.pointer, problem.code) == ("/source", "empty")
    assert rules.built_in(ONE).id != rules.built_in(TWO).id
    assert rules.problems_of_inhibition(said) == []


@pytest.mark.parametrize(
    ("kind", "category", "detail", "is_one"),
    [
        ("promise", "pr_crisis", None, True),
        ("promise", "complaint", None, False),
        ("rule", None, {"crisis": True}, True),
        ("detector", None, {"kind": "sentiment_dip"}, True),
        ("detector", None, {"detector": "sentiment_dip"}, True),
        ("detector", None, {"kind": "silence"}, False),
        ("rule", None, {"kind": "sentiment_dip"}, False),
    ],
)
def test_a_crisis_is_known_by_what_it_is_about(
    kind: str, category: str | None, detail: dict[str, Any] | None, is_one: bool
) -> None:
    assert rules.is_crisis(kind, category, detail) is is_one


NOTHING = dict.fromkeys(("category", "source_id", "post_id", "thread_id", "follower_id", "channel"))


def alert(**values: Any) -> Any:
    defaults: dict[str, Any] = {
        "id": ONE,
        "kind": "detector",
        "tier": "urgent",
        "severity": "breach",
        "group_key": "g",
        "case_id": None,
        "rule_id": None,
        "message_id": None,
        "detail": None,
    }
    return SimpleNamespace(**(defaults | values))


def test_a_detector_names_its_post_itself_and_a_case_knows_better() -> None:
    detail = {"post_id": str(TWO), "source_id": None, "kind": "sentiment_dip"}
    traits = rules.traits_of(alert(detail=detail), NOTHING)
    assert (traits.post_id, traits.source_id, traits.crisis) == (TWO, None, True)
    of_case = rules.traits_of(alert(detail=detail, case_id=HERE), NOTHING | {"post_id": ONE})
    assert of_case.post_id == ONE
    assert rules.traits_of(alert(), NOTHING).post_id is None
    # What somebody else wrote there is no reason to fail.
    assert rules.traits_of(alert(detail={"post_id": "p1"}), NOTHING).post_id is None


def test_it_is_asked_again_at_the_end_or_soon() -> None:
    known = Hold(HoldKind.SILENCE, ONE, "x", NOON + HOUR)
    assert rules.look_again_at(known, NOON) == NOON + HOUR
    assert rules.look_again_at(replace(known, until=None), NOON) == NOON + rules.LOOK_AGAIN
