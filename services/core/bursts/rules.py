"""Decide which questions are the same question, however many people ask it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

from services.core.bursts.types import Asked, BurstLimits, Joined
from services.core.triage.types import Category

# Only questions: a complaint deserves an answer of its own.
ASKING = frozenset({Category.PRODUCT_QUESTION, Category.FOLLOWER_QUESTION})
# What people put around a question without asking anything by it.
_AROUND = re.compile(
    "请问一下|请问|问一下|想问下|想问|想知道|谢谢|姐妹们?|宝子们?|宝宝|博主|老师|小姐姐|这个|这款|这支|那个"
    "|有人知道|please|pls|plz|thanks?|hi|hey|hello|[呀呢吗啊哇嘛哦噢吧呐么亲求]"
)
_LETTERS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
# A text with nothing left but a letter is like every other such text.
_FEWEST_GRAMS = 3


@lru_cache(maxsize=4_096)
def grams_of(text: str) -> frozenset[str]:
    """The letters and pairs of letters that make a question, without its manners."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    said = "".join(_LETTERS.findall(_AROUND.sub(" ", folded)))
    return frozenset(said) | frozenset(said[at : at + 2] for at in range(len(said) - 1))


def similarity(one: str, other: str) -> float:
    """Dice's measure of two questions, 0 to 1. Other numbers are another question."""
    left, right = grams_of(one), grams_of(other)
    if min(len(left), len(right)) < _FEWEST_GRAMS:
        return float(one == other)
    if _DIGITS.findall(one) != _DIGITS.findall(other):
        return 0.0
    return 2 * len(left & right) / (len(left) + len(right))


def gather(new: Iterable[Asked], known: Sequence[Asked], limits: BurstLimits) -> list[Joined]:
    """For each new question, in order of time, what it is most like among those before it."""
    seen = list(known)
    joined = []
    for asked in sorted(new, key=lambda asked: (asked.asked_at, str(asked.message_id))):
        like, score = _closest(asked, seen, limits)
        joined.append(Joined(asked, like, score))
        seen.append(asked)
    return joined


def bind(joined: Sequence[Joined], ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The burst of every question that has one now, by message; `ids` name the new bursts."""
    bursts: dict[UUID, UUID] = {}
    fresh = iter(ids)
    for one in joined:
        if one.like is None:
            continue
        other = one.like.burst_id or bursts.get(one.like.message_id) or next(fresh)
        bursts[one.like.message_id] = other
        bursts[one.asked.message_id] = other
    return bursts


def _closest(
    asked: Asked, seen: Sequence[Asked], limits: BurstLimits
) -> tuple[Asked | None, float]:
    """The most alike; among equals one that is in a burst already, then the earliest."""
    best, top = None, (0.0, False)
    for other in seen:
        apart = abs(asked.asked_at - other.asked_at)
        if other.post_id != asked.post_id or apart > limits.window:
            continue
        score = similarity(asked.text, other.text)
        if score >= limits.similarity and (score, other.burst_id is not None) > top:
            best, top = other, (score, other.burst_id is not None)
    return best, top[0]
