import numpy as np
import pytest

from services.core.triage.rules import (
    CATEGORIES,
    DEFAULT_COSTS,
    SENTIMENTS,
    TIER,
    TIERS,
    Costs,
    Readings,
    Verdicts,
    decide,
)
from services.core.triage.types import Category, Sentiment, Tier

FLAT: Costs = {true: {other: 1.0 for other in Tier if other is not true} for true in Tier}


def reading(
    chances: dict[Category, float],
    *,
    sentiment: Sentiment = Sentiment.NEUTRAL,
    reply: float = 0.0,
    mention: bool = False,
    forcing: bool = False,
    shielded: bool = False,
    spam_cue: bool = False,
    quiet: bool = False,
) -> Readings:
    """One message whose tier head agrees with its categories."""
    category = np.array([[chances.get(each, 0.0) for each in CATEGORIES]])
    tier = np.zeros((1, len(TIERS)))
    for each, chance in chances.items():
        tier[0, TIERS.index(TIER[each])] += chance
    return Readings(
        category=category,
        tier=tier,
        sentiment=np.array([[float(each is sentiment) for each in SENTIMENTS]]),
        reply=np.array([reply]),
        mention=np.array([mention]),
        forcing=np.array([forcing]),
        shielded=np.array([shielded or forcing]),
        spam_cue=np.array([spam_cue]),
        quiet=np.array([quiet]),
    )


def tier_of(verdicts: Verdicts) -> Tier:
    return TIERS[int(verdicts.tier[0])]


def category_of(verdicts: Verdicts) -> Category:
    return CATEGORIES[int(verdicts.category[0])]


@pytest.mark.parametrize("category", list(Category))
def test_each_category_has_its_tier(category: Category) -> None:
    verdicts = decide(reading({category: 1.0}), DEFAULT_COSTS.costs)
    assert (category_of(verdicts), tier_of(verdicts)) == (category, TIER[category])


def test_a_likely_complaint_is_urgent_even_when_praise_is_likelier() -> None:
    mixed = reading({Category.PRAISE: 0.55, Category.COMPLAINT: 0.45})
    assert tier_of(decide(mixed, FLAT)) is Tier.ROUTINE
    assert tier_of(decide(mixed, DEFAULT_COSTS.costs)) is Tier.URGENT


def test_a_workspace_that_fears_false_alarms_gets_fewer() -> None:
    mixed = reading({Category.PRAISE: 0.55, Category.COMPLAINT: 0.45})
    calm = {true: dict(row) for true, row in DEFAULT_COSTS.costs.items()}
    calm[Tier.ROUTINE][Tier.URGENT] = 9.0
    assert tier_of(decide(mixed, calm)) is not Tier.URGENT


def test_missing_an_urgent_message_is_the_dearest_mistake_but_for_hiding_one() -> None:
    costs = DEFAULT_COSTS.costs
    dearest = max(cost for true in Tier for cost in costs[true].values())
    assert costs[Tier.URGENT][Tier.SPAM] == dearest
    assert costs[Tier.URGENT][Tier.ROUTINE] == max(
        cost for true in Tier for chosen, cost in costs[true].items() if chosen is not Tier.SPAM
    )


def test_a_word_of_law_or_harm_forces_the_hand() -> None:
    calm = reading({Category.CASUAL: 0.9, Category.PR_CRISIS: 0.1}, forcing=True)
    verdicts = decide(calm, DEFAULT_COSTS.costs)
    assert (tier_of(verdicts), bool(verdicts.forced[0])) == (Tier.URGENT, True)
    assert category_of(verdicts) is Category.PR_CRISIS


def test_the_word_alone_forces_nothing_where_everything_speaks_against_it() -> None:
    packed = reading({Category.MENTION: 0.99, Category.PR_CRISIS: 0.01}, forcing=True)
    assert tier_of(decide(packed, DEFAULT_COSTS.costs)) is Tier.IMPORTANT


def test_what_was_urgent_anyway_was_not_forced() -> None:
    verdicts = decide(reading({Category.PR_CRISIS: 0.9}, forcing=True), DEFAULT_COSTS.costs)
    assert not verdicts.forced[0]


@pytest.mark.parametrize(
    ("chance", "cue", "shielded", "hidden"),
    [
        (0.95, True, False, True),
        (0.95, False, False, False),
        (0.95, True, True, False),
        (0.8, True, False, False),
    ],
)
def test_only_sure_spam_with_a_spam_cue_and_no_case_in_it_is_hidden(
    *, chance: float, cue: bool, shielded: bool, hidden: bool
) -> None:
    chances = {Category.SPAM: chance, Category.PRAISE: 1 - chance}
    verdicts = decide(reading(chances, spam_cue=cue, shielded=shielded), DEFAULT_COSTS.costs)
    assert bool(verdicts.hide[0]) is hidden
    assert bool(verdicts.suspected[0]) is not hidden


def test_hidden_is_only_what_was_called_spam() -> None:
    likely = reading({Category.SPAM: 0.85, Category.COMPLAINT: 0.15}, spam_cue=True)
    verdicts = decide(likely, DEFAULT_COSTS.costs)
    assert tier_of(verdicts) is not Tier.SPAM
    assert not verdicts.hide[0]
    assert verdicts.suspected[0]


def test_a_mention_is_at_least_important_and_called_one() -> None:
    verdicts = decide(reading({Category.PRAISE: 1.0}, mention=True), DEFAULT_COSTS.costs)
    assert (tier_of(verdicts), category_of(verdicts)) == (Tier.IMPORTANT, Category.MENTION)


def test_a_mention_with_something_urgent_inside_is_urgent() -> None:
    verdicts = decide(reading({Category.COMPLAINT: 1.0}, mention=True), DEFAULT_COSTS.costs)
    assert tier_of(verdicts) is Tier.URGENT


def test_a_passing_opinion_is_feedback_in_routine() -> None:
    routine = {Category.GENERAL: 0.25, Category.CASUAL: 0.25, Category.PRAISE: 0.2}
    passing = reading(routine | {Category.FEEDBACK: 0.3})
    verdicts = decide(passing, DEFAULT_COSTS.costs)
    assert (tier_of(verdicts), category_of(verdicts)) == (Tier.ROUTINE, Category.FEEDBACK)


@pytest.mark.parametrize(
    ("category", "read", "sentiment"),
    [
        (Category.SPAM, Sentiment.POSITIVE, Sentiment.NEUTRAL),
        (Category.PARTNERSHIP, Sentiment.POSITIVE, Sentiment.NEUTRAL),
        (Category.COMPLAINT, Sentiment.NEUTRAL, Sentiment.NEGATIVE),
        (Category.PRAISE, Sentiment.NEUTRAL, Sentiment.POSITIVE),
        (Category.PR_CRISIS, Sentiment.NEUTRAL, Sentiment.NEUTRAL),
        (Category.MENTION, Sentiment.POSITIVE, Sentiment.POSITIVE),
    ],
)
def test_some_categories_settle_the_sentiment(
    category: Category, read: Sentiment, sentiment: Sentiment
) -> None:
    verdicts = decide(reading({category: 1.0}, sentiment=read), DEFAULT_COSTS.costs)
    assert SENTIMENTS[int(verdicts.sentiment[0])] is sentiment


def test_a_category_chosen_for_safety_does_not_settle_the_sentiment() -> None:
    torn = reading({Category.PRAISE: 0.6, Category.COMPLAINT: 0.4}, sentiment=Sentiment.POSITIVE)
    verdicts = decide(torn, DEFAULT_COSTS.costs)
    assert category_of(verdicts) is Category.COMPLAINT
    assert SENTIMENTS[int(verdicts.sentiment[0])] is Sentiment.POSITIVE


@pytest.mark.parametrize(
    ("category", "reply", "quiet", "owed"),
    [
        (Category.COMPLAINT, 0.0, True, True),
        (Category.FEEDBACK, 0.0, False, True),
        (Category.SPAM, 1.0, False, False),
        (Category.PRAISE, 0.9, False, True),
        (Category.PRAISE, 0.1, False, False),
        (Category.PRAISE, 0.9, True, False),
    ],
)
def test_who_is_owed_an_answer(
    *, category: Category, reply: float, quiet: bool, owed: bool
) -> None:
    verdicts = decide(reading({category: 1.0}, reply=reply, quiet=quiet), DEFAULT_COSTS.costs)
    assert bool(verdicts.needs_reply[0]) is owed


def test_an_unsure_decision_says_so() -> None:
    torn = reading({Category.FEEDBACK: 0.5, Category.PRAISE: 0.5})
    assert decide(torn, DEFAULT_COSTS.costs).unsure[0]
    assert not decide(reading({Category.PRAISE: 0.9}), DEFAULT_COSTS.costs).unsure[0]
