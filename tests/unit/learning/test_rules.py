from datetime import UTC, date, datetime

import pytest

from services.core.kit.errors import InvalidInputError
from services.core.learning import rules
from services.core.learning.types import Correction, Labels
from services.core.triage.types import Category, Sentiment, Tier

PRAISE = Labels(Tier.ROUTINE, Category.PRAISE, Sentiment.POSITIVE, needs_reply=False)
SPAM = Labels(Tier.SPAM, Category.SPAM, Sentiment.NEUTRAL, needs_reply=False)


def test_a_category_brings_its_tier_and_a_pressing_tier_brings_a_reply() -> None:
    labels = rules.settle(PRAISE, Correction(category=Category.COMPLAINT))
    assert labels == Labels(Tier.URGENT, Category.COMPLAINT, Sentiment.POSITIVE, needs_reply=True)


def test_what_a_person_says_of_the_reply_holds() -> None:
    labels = rules.settle(PRAISE, Correction(tier=Tier.URGENT, needs_reply=False))
    assert (labels.tier, labels.needs_reply) == (Tier.URGENT, False)


def test_passing_feedback_stays_routine_when_a_person_says_so() -> None:
    said = Correction(category=Category.FEEDBACK, tier=Tier.ROUTINE)
    assert rules.settle(PRAISE, said).tier is Tier.ROUTINE


@pytest.mark.parametrize(
    "said",
    [Correction(spam=True), Correction(tier=Tier.SPAM), Correction(category=Category.SPAM)],
)
def test_spam_said_in_any_way_is_spam_in_every_way(said: Correction) -> None:
    assert rules.settle(PRAISE, said) == SPAM


def test_who_is_no_spam_is_a_follower_somebody_should_answer() -> None:
    labels = rules.settle(SPAM, Correction(spam=False))
    assert (labels.tier, labels.category) == (Tier.ROUTINE, Category.GENERAL)
    assert labels.needs_reply


def test_confirming_changes_nothing() -> None:
    assert rules.settle(PRAISE, Correction(tier=Tier.ROUTINE)) == PRAISE


@pytest.mark.parametrize(
    "said",
    [
        Correction(),
        Correction(note="only a note"),
        Correction(spam=True, tier=Tier.URGENT),
        Correction(spam=False, category=Category.SPAM),
        Correction(tier=Tier.SPAM, category=Category.PRAISE),
        Correction(spam=True, needs_reply=True),
    ],
)
def test_saying_nothing_or_two_things_is_refused_with_a_reason(said: Correction) -> None:
    with pytest.raises(InvalidInputError) as refused:
        rules.settle(PRAISE, said)
    assert refused.value.errors


def test_none_of_fifty_still_leaves_room_for_seven_percent() -> None:
    rate = rules.wilson(0, 50)
    assert (rate.rate, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(0.0713, abs=1e-4)


def test_an_interval_is_that_of_the_textbook() -> None:
    rate = rules.wilson(10, 100)
    assert (rate.low, rate.high) == (
        pytest.approx(0.0552, abs=1e-4),
        pytest.approx(0.1744, abs=1e-4),
    )
    assert rules.wilson(5, 5).high == 1.0
    assert rules.wilson(0, 0).rate is None


def test_a_confusion_names_every_tier_and_knows_its_agreement() -> None:
    table = rules.confusion([("routine", "urgent", 1), ("urgent", "urgent", 3)])
    assert table["routine"] == {"urgent": 1, "important": 0, "routine": 0, "spam": 0}
    assert rules.agreement(table) == 0.75
    assert rules.agreement(rules.confusion([])) is None


def test_the_week_to_check_is_the_last_whole_one() -> None:
    assert rules.week_of(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == date(2026, 11, 9)
    assert rules.week_of(datetime(2026, 11, 23, 0, 0, tzinfo=UTC)) == date(2026, 11, 16)
