"""Decide what a person's correction makes of a judgement, and how sure a small sample can be."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import sqrt

from services.core.kit.errors import FieldProblem, InvalidInputError
from services.core.learning.types import Correction, Labels, Rate
from services.core.triage.types import Category, Sentiment, Tier

# The label rules' own table; feedback may also be routine, which a person says by the tier.
TIER_OF: Mapping[Category, Tier] = {
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
_PRESSING = {Tier.URGENT, Tier.IMPORTANT}
# 97.5 % point of the normal distribution: a two-sided interval of 95 %.
_Z = 1.959964


def settle(was: Labels, said: Correction) -> Labels:
    """What holds once a person has spoken; what they left open follows from what they said.

    A category brings its tier, a pressing tier brings a reply, spam brings neither. Raises
    InvalidInputError for a correction that says nothing, or two things at once.
    """
    _check(said)
    if said.spam or Tier.SPAM is said.tier or Category.SPAM is said.category:
        return Labels(
            Tier.SPAM, Category.SPAM, said.sentiment or Sentiment.NEUTRAL, needs_reply=False
        )
    labels = was
    if was.tier is Tier.SPAM:
        # Somebody was taken for spam: they are a follower, and somebody should look.
        labels = Labels(Tier.ROUTINE, Category.GENERAL, was.sentiment, needs_reply=True)
    if said.category is not None:
        labels = replace(labels, category=said.category, tier=TIER_OF[said.category])
    if said.tier is not None:
        labels = replace(labels, tier=said.tier)
    if said.needs_reply is not None:
        labels = replace(labels, needs_reply=said.needs_reply)
    elif labels.tier in _PRESSING and labels.tier is not was.tier:
        labels = replace(labels, needs_reply=True)
    return replace(labels, sentiment=said.sentiment or labels.sentiment)


def _check(said: Correction) -> None:
    values = (said.tier, said.category, said.sentiment, said.needs_reply, said.spam)
    if all(value is None for value in values):
        raise InvalidInputError(
            "Say at least one thing the message is.",
            errors=[FieldProblem("", "empty", "Give a tier, category, sentiment, reply or spam.")],
        )
    spam = {said.spam}
    spam |= {said.tier is Tier.SPAM} if said.tier else set()
    spam |= {said.category is Category.SPAM} if said.category else set()
    spam |= {False} if said.needs_reply else set()
    if len(spam - {None}) > 1:
        raise InvalidInputError(
            "A message is spam or it is not.",
            errors=[FieldProblem("/spam", "contradiction", "Tier, category and reply disagree.")],
        )


def wilson(hits: int, checked: int) -> Rate:
    """A share with its 95 % interval (Wilson's, which holds for few and for none)."""
    if not checked:
        return Rate(hits, checked, None, None, None)
    share = hits / checked
    spread = _Z * sqrt(share * (1 - share) / checked + _Z**2 / (4 * checked**2))
    middle = share + _Z**2 / (2 * checked)
    scale = 1 + _Z**2 / checked
    low, high = (middle - spread) / scale, (middle + spread) / scale
    # At the ends the formula leaves a rest of the arithmetic.
    low, high = (0.0 if hits == 0 else low), (1.0 if hits == checked else high)
    return Rate(hits, checked, round(share, 4), round(low, 4), round(high, 4))


def confusion(pairs: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Counts of (machine, person), with every tier named."""
    table = {one.value: {other.value: 0 for other in Tier} for one in Tier}
    for machine, person, count in pairs:
        table[machine][person] += count
    return table


def agreement(table: Mapping[str, Mapping[str, int]]) -> float | None:
    total = sum(count for row in table.values() for count in row.values())
    same = sum(table[name][name] for name in table)
    return round(same / total, 4) if total else None


def week_of(now: datetime) -> date:
    """The Monday of the last whole week (UTC): nothing can join it any more."""
    today = now.date()
    return today - timedelta(days=today.weekday() + 7)
