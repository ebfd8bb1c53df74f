from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.core.learning.types import Labels
from services.core.rulebook import rules
from services.core.rulebook.patterns import prepare
from services.core.rulebook.types import (
    Author,
    Conditions,
    Effects,
    Rule,
    RuleDraft,
    RunOutcome,
    Subject,
    TimeWindow,
)
from services.core.triage.types import Category, Language, MessageKind, Sentiment, Tier

FRIDAY_NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
PRAISE = Labels(Tier.ROUTINE, Category.PRAISE, Sentiment.POSITIVE, needs_reply=False)
SUBJECT = Subject(
    message_id=uuid4(),
    content_rank="1",
    text="這瓶防曬真的辣眼睛",
    kind=MessageKind.COMMENT,
    language=Language.ZH,
    labels=PRAISE,
    spam_score=0.2,
    confidence=0.6,
    occurred_at=FRIDAY_NIGHT,
    cues=frozenset({"zh.verdict.feel"}),
    flags=frozenset({"refund"}),
    post="p1",
    author=Author("u-1", "Lily", 1200, verified=True, following=None),
)
URGENT = Effects(tier=Tier.URGENT)


def rule(effects: Effects = URGENT, **conditions: Any) -> Rule:
    draft = RuleDraft("rule", Conditions(**conditions), effects)
    return Rule(uuid4(), 1, draft, FRIDAY_NIGHT, FRIDAY_NIGHT)


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({"patterns": ("防晒.{0,9}辣",)}, True),
        ({"patterns": ("粉底", "辣眼")}, True),
        ({"patterns": ("粉底",)}, False),
        ({"kinds": (MessageKind.DM,)}, False),
        ({"kinds": (MessageKind.DM, MessageKind.COMMENT), "languages": (Language.ZH,)}, True),
        ({"cues": ("zh.verdict.",)}, True),
        ({"cues": ("zh.verdict",)}, False),
        ({"flags": ("refund", "legal")}, True),
        ({"categories": (Category.COMPLAINT,)}, False),
        ({"posts": ("p1",)}, True),
        ({"posts": ("p2",)}, False),
        ({"authors": ("lily",)}, True),
        ({"authors": ("u-1",)}, True),
        ({"authors": ("mia",)}, False),
        ({"min_followers": 1000, "verified": True}, True),
        ({"min_followers": 1201}, False),
        ({"following": False}, False),
        ({"min_spam_score": 0.3}, False),
        ({"max_confidence": 0.6}, True),
        ({"max_confidence": 0.5}, False),
    ],
    ids=str,
)
def test_all_conditions_given_hold_together(conditions: dict[str, Any], *, met: bool) -> None:
    ruled = rules.apply([rule(**conditions)], SUBJECT)
    assert (ruled.labels.tier is Tier.URGENT) is met


def test_what_is_not_known_of_an_author_fulfils_no_condition() -> None:
    assert not rules.apply([rule(min_followers=0)], replace(SUBJECT, author=None)).runs


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        (TimeWindow("UTC", (), 22 * 60, 8 * 60), True),
        (TimeWindow("UTC", (4,), 22 * 60, 8 * 60), True),
        (TimeWindow("UTC", (5,), 22 * 60, 8 * 60), False),
        # Half past seven on Saturday there, which still belongs to Friday's night.
        (TimeWindow("Asia/Shanghai", (4,), 22 * 60, 8 * 60), True),
        (TimeWindow("Asia/Shanghai", (5,), 7 * 60, 8 * 60), True),
        (TimeWindow("UTC", (), 9 * 60, 18 * 60), False),
    ],
)
def test_a_night_belongs_to_the_day_it_began_on(window: TimeWindow, *, inside: bool) -> None:
    assert bool(rules.apply([rule(window=window)], SUBJECT).runs) is inside


def test_a_later_rule_sees_what_an_earlier_one_made_of_the_message() -> None:
    first = rule(Effects(category=Category.COMPLAINT), patterns=("辣眼",))
    second = rule(Effects(tags=("case",)), categories=(Category.COMPLAINT,))
    assert rules.apply([first, second], SUBJECT).tags == ("case",)
    assert rules.apply([second, first], SUBJECT).tags == ()


def test_a_rule_can_end_the_book() -> None:
    first = rule(Effects(tags=("vip",), stop=True), authors=("lily",))
    ruled = rules.apply([first, rule(kinds=(MessageKind.COMMENT,))], SUBJECT)
    assert (ruled.tags, ruled.labels) == (("vip",), PRAISE)


def test_two_rules_that_undo_each_other_each_run_once() -> None:
    up = rule(URGENT, tiers=(Tier.ROUTINE,))
    down = rule(Effects(tier=Tier.ROUTINE), tiers=(Tier.URGENT,))
    ruled = rules.apply([up, down], SUBJECT)
    assert len(ruled.runs) == 2
    assert ruled.labels.tier is Tier.ROUTINE


@pytest.mark.parametrize("effects", [Effects(tier=Tier.ROUTINE), Effects(hide=True)])
def test_no_rule_lowers_or_hides_a_crisis(effects: Effects) -> None:
    crisis = Labels(Tier.URGENT, Category.PR_CRISIS, Sentiment.NEGATIVE, needs_reply=True)
    for subject in (
        replace(SUBJECT, labels=crisis),
        replace(SUBJECT, labels=replace(crisis, category=Category.COMPLAINT), flags={"harm"}),
    ):
        ruled = rules.apply([rule(effects, kinds=(MessageKind.COMMENT,))], subject)
        assert (ruled.labels, ruled.hide) == (subject.labels, False)
        assert [run.outcome for run in ruled.runs] == [RunOutcome.HELD]


def test_a_pattern_knows_where_it_stands_in_the_original() -> None:
    (run,) = rules.apply([rule(patterns=("防晒",))], SUBJECT).runs
    assert SUBJECT.text[slice(*run.span)] == "防曬"


def test_a_book_that_costs_too_much_stops_and_says_where() -> None:
    book = [rule(patterns=("[买卖]{1,90}(贵|便宜){1,9}",)) for _ in range(rules.MOST_RULES)]
    ruled = rules.apply(book, replace(SUBJECT, text="好" * 10_000))
    assert ruled.work <= rules.BUDGET
    assert [run.outcome for run in ruled.runs] == [RunOutcome.STOPPED]


def test_two_hundred_keywords_fit_the_budget_of_an_ordinary_message() -> None:
    book = [rule(patterns=(f"关键词{number}",)) for number in range(rules.MOST_RULES)]
    assert not rules.apply(book, replace(SUBJECT, text="好" * 300)).runs


def test_nothing_behind_the_first_two_thousand_characters_is_looked_at() -> None:
    assert len(prepare("好" * 9_000).data) == 6_000
