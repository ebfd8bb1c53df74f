"""From probabilities to decisions: least expected cost, the forced hand, and when to hide.

Whole batches are decided at once: every field is an array with one row a message.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.core.triage.types import Category, Sentiment, Tier

RULES_VERSION = "2"
TIERS = tuple(Tier)
CATEGORIES = tuple(Category)
SENTIMENTS = tuple(Sentiment)

Shares = NDArray[np.floating]
Flags = NDArray[np.bool_]
Choices = NDArray[np.int64]

# Cues of law, harm, press, recall and fraud: whatever the rest says, a person looks at once.
FORCING = frozenset({"legal", "harm", "journalist", "boycott", "privacy", "exposure"})
# A message that speaks of these is never hidden, only suspected.
SHIELDING = FORCING | {"refund", "counterfeit", "fraud", "safety", "discrimination", "order"}
# The word alone does not force where everything else speaks against it: of thirty such messages
# in the corpus ("hospital bag packed!", a documentary that asks for an interview) one was urgent.
_FORCED_FROM = 0.05
HIDE_FROM = 0.82
# A missed answer is dearer than one too many.
REPLY_FROM = 0.4
UNSURE_BELOW = 0.6
UNSURE = "unsure"
SUSPECTED = "suspected_spam"
FORCED = "forced"

TIER = {
    Category.COMPLAINT: Tier.URGENT,
    Category.PRODUCT_QUESTION: Tier.URGENT,
    Category.NEGATIVE_FEEDBACK: Tier.URGENT,
    Category.PR_CRISIS: Tier.URGENT,
    Category.FOLLOWER_QUESTION: Tier.IMPORTANT,
    Category.PARTNERSHIP: Tier.IMPORTANT,
    Category.FEEDBACK: Tier.IMPORTANT,
    Category.MENTION: Tier.IMPORTANT,
    Category.GENERAL: Tier.ROUTINE,
    Category.PRAISE: Tier.ROUTINE,
    Category.CASUAL: Tier.ROUTINE,
    Category.SPAM: Tier.SPAM,
}
SUBTYPED = frozenset({Category.COMPLAINT, Category.NEGATIVE_FEEDBACK, Category.PR_CRISIS})

Costs = Mapping[Tier, Mapping[Tier, float]]


@dataclass(frozen=True, slots=True)
class CostTable:
    """What it costs to treat a message of one tier (first key) as another (second key).

    Only the relations matter. `name` and its version are kept with every decision.
    """

    name: str
    costs: Costs


DEFAULT_COSTS = CostTable(
    "default-1",
    {
        Tier.URGENT: {Tier.IMPORTANT: 2.0, Tier.ROUTINE: 2.6, Tier.SPAM: 12.0},
        Tier.IMPORTANT: {Tier.URGENT: 1.2, Tier.ROUTINE: 2.0, Tier.SPAM: 8.0},
        Tier.ROUTINE: {Tier.URGENT: 1.2, Tier.IMPORTANT: 1.0, Tier.SPAM: 5.0},
        Tier.SPAM: {Tier.URGENT: 1.5, Tier.IMPORTANT: 1.5, Tier.ROUTINE: 1.5},
    },
)


@dataclass(frozen=True, slots=True)
class Readings:
    """All that decisions rest on: the model's probabilities, and what the cues said for certain.

    Columns follow `CATEGORIES`, `TIERS` and `SENTIMENTS`. `forcing` and `shielded` messages hold
    a cue with such a flag that is said, not denied or supposed. `quiet` messages are thanks,
    laughter, goodbyes, names and signs alone, behind which nobody waits.
    """

    category: Shares
    tier: Shares
    sentiment: Shares
    reply: Shares
    mention: Flags
    forcing: Flags
    shielded: Flags
    spam_cue: Flags
    quiet: Flags


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was decided: `tier`, `category` and `sentiment` are numbers in those tuples."""

    tier: Choices
    category: Choices
    sentiment: Choices
    needs_reply: Flags
    spam_score: Shares
    hide: Flags
    confidence: Shares
    forced: Flags
    suspected: Flags
    unsure: Flags


def decide(readings: Readings, costs: Costs) -> Verdicts:
    """Choose the tier that costs least to be wrong about, then what fits into it."""
    chances = tier_chances(readings)
    forcing = readings.forcing & (chances[:, _URGENT] >= _FORCED_FROM)
    free = cheapest(chances, costs)
    tier = np.where(forcing, _URGENT, free)
    category = category_in(readings, tier)
    spam = chances[:, _SPAM]
    hide = (tier == _SPAM) & may_hide(readings, spam)
    sure = np.take_along_axis(chances, tier[:, None], axis=1)[:, 0]
    return Verdicts(
        tier=tier,
        category=category,
        sentiment=sentiment_of(readings, category),
        needs_reply=needs_reply(readings, tier),
        spam_score=spam,
        hide=hide,
        confidence=np.where(forcing, np.maximum(sure, UNSURE_BELOW), sure),
        forced=forcing & (free != _URGENT),
        suspected=((tier == _SPAM) | (spam >= UNSURE_BELOW)) & ~hide,
        unsure=(sure < UNSURE_BELOW) & ~forcing,
    )


def tier_chances(readings: Readings) -> Shares:
    """Weigh both ways to the tier alike: its own head, and the categories that belong to it.

    What the platform calls a mention is at least important: routine is not possible there.
    """
    chances: Shares = (readings.tier + readings.category @ _TIER_OF_CATEGORY) / 2
    chances[:, _IMPORTANT] += chances[:, _ROUTINE] * readings.mention
    chances[:, _ROUTINE] *= ~readings.mention
    return chances


def cheapest(chances: Shares, costs: Costs) -> Choices:
    """Give the tier with the least expected cost; of equals the more urgent one."""
    table = np.array([[costs[true].get(chosen, 0.0) for chosen in TIERS] for true in TIERS])
    chosen: Choices = (chances @ table).argmin(axis=1)
    return chosen


def category_in(readings: Readings, tier: Choices) -> Choices:
    """Give the likeliest category of each tier; a passing opinion is feedback in routine."""
    fits = _TIER_OF_CATEGORY.T[tier] > 0
    likeliest = readings.category.argmax(axis=1)
    fits[:, _FEEDBACK] |= (tier == _ROUTINE) & (likeliest == _FEEDBACK)
    category = np.where(fits, readings.category, -1.0).argmax(axis=1)
    named = readings.mention & (tier == _IMPORTANT)
    return np.where(named, CATEGORIES.index(Category.MENTION), category)


def may_hide(readings: Readings, spam: Shares) -> Flags:
    """Hide only what is surely spam, was caught by a spam cue, and speaks of no case or harm."""
    hidden: Flags = readings.spam_cue & (spam >= HIDE_FROM) & ~readings.shielded
    return hidden


def sentiment_of(readings: Readings, category: Choices) -> Choices:
    """The attitude to the brand: accusers are negative, proposals and spam neutral.

    A category that was only chosen because the other mistake is dearer settles nothing.
    """
    likeliest = readings.category.argmax(axis=1) == category
    settled = np.where(likeliest, _SENTIMENT_OF_CATEGORY[category], -1)
    return np.where(settled >= 0, settled, readings.sentiment.argmax(axis=1))


def needs_reply(readings: Readings, tier: Choices) -> Flags:
    """Urgent and important messages are owed an answer; of the rest, those that invite one."""
    invited = (tier == _ROUTINE) & (readings.reply >= REPLY_FROM) & ~readings.quiet
    owed: Flags = (tier == _URGENT) | (tier == _IMPORTANT) | invited
    return owed


_URGENT, _IMPORTANT, _ROUTINE, _SPAM = (
    TIERS.index(tier) for tier in (Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE, Tier.SPAM)
)
_FEEDBACK = CATEGORIES.index(Category.FEEDBACK)
_TIER_OF_CATEGORY = np.array(
    [[float(TIER[category] is tier) for tier in TIERS] for category in CATEGORIES]
)
_SETTLED = {
    Category.PARTNERSHIP: Sentiment.NEUTRAL,
    Category.SPAM: Sentiment.NEUTRAL,
    Category.COMPLAINT: Sentiment.NEGATIVE,
    Category.NEGATIVE_FEEDBACK: Sentiment.NEGATIVE,
    Category.PRAISE: Sentiment.POSITIVE,
}
_SENTIMENT_OF_CATEGORY = np.array(
    [SENTIMENTS.index(_SETTLED[each]) if each in _SETTLED else -1 for each in CATEGORIES]
)
