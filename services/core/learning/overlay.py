"""What a workspace has learnt, laid over the engine: a memory of corrections, and weights.

The memory knows texts that are nearly the same as one a person corrected, at once and for ever.
The weights generalise, and come into force only through shadow and promotion. Neither lowers what
names harm, law or press, and neither hides anything.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from typing_extensions import override

from services.core.learning.grams import fold, grams_of
from services.core.learning.rules import settle
from services.core.learning.types import Correction, Labels, Lesson
from services.core.triage.types import (
    Category,
    Classifier,
    Decision,
    Reason,
    Sentiment,
    Tier,
    TriageInput,
)

# Dice's measure of grams from which two texts count as the same thing said again.
ALIKE = 0.8
# How much the engine's own word weighs against learnt weights.
MARGIN = 1.0
# By how much the right class must win while learning.
GAP = 0.25
_ROUNDING = 1e-6
GUARDED_FLAGS = frozenset({"harm", "legal", "journalist", "counterfeit"})
_PRESSING = {tier: place for place, tier in enumerate(Tier)}
HEADS: Mapping[str, Sequence[str]] = {
    "tier": [tier.value for tier in Tier],
    "sentiment": [sentiment.value for sentiment in Sentiment],
    "needs_reply": ["True", "False"],
}


@dataclass(frozen=True, slots=True)
class Recalled:
    """The lesson a text is nearest to."""

    lesson: Lesson
    similarity: float
    same: bool


class Memory:
    """Lessons by the grams of their texts; recalling costs what the text shares with them."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        self._lessons = lessons
        self._grams = [grams_of(lesson.text) for lesson in lessons]
        self._by_gram: dict[int, list[int]] = defaultdict(list)
        self._same: dict[str, int] = {}
        for place, lesson in enumerate(lessons):
            self._same.setdefault(fold(lesson.text), place)
            for gram in self._grams[place]:
                self._by_gram[gram].append(place)

    def recall(self, text: str) -> Recalled | None:
        """The nearest lesson if it is near enough; of equals the newest."""
        folded = fold(text)
        if not folded:
            return None
        if (place := self._same.get(folded)) is not None:
            return Recalled(self._lessons[place], 1.0, same=True)
        near = [
            (score, -place)
            for place in self._candidates(grams_of(text))
            if (score := _dice(grams_of(text), self._grams[place])) >= ALIKE
        ]
        if not near:
            return None
        score, place = max(near)
        return Recalled(self._lessons[-place], score, same=False)

    def _candidates(self, grams: frozenset[int]) -> set[int]:
        """Every lesson that may be near enough, found by rare grams alone.

        Whatever is that near lacks at most `1 - ALIKE / (2 - ALIKE)` of the text's grams, so among
        any more of them there is one it shares.
        """
        lacking = int(len(grams) * (1 - ALIKE / (2 - ALIKE)) + _ROUNDING) + 1
        rarest = sorted(grams, key=lambda gram: len(self._by_gram.get(gram, ())))[:lacking]
        return {place for gram in rarest for place in self._by_gram.get(gram, ())}


def _dice(one: frozenset[int], other: frozenset[int]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


@dataclass(frozen=True, slots=True)
class Weights:
    """For each head, the weight of a gram for a class: `weights[head][gram][class]`."""

    number: int
    heads: Mapping[str, Mapping[int, Mapping[str, float]]]

    def choose(
        self, head: str, said: str, grams: frozenset[int], *, against: str | None = None
    ) -> str:
        """The class of most weight; the engine's own word has a margin.

        `against` must win by a gap: what is learnt only just would not hold for the next text.
        """
        scores = dict.fromkeys(HEADS[head], 0.0)
        scores[said] += MARGIN
        if against is not None:
            scores[against] -= GAP
        table = self.heads.get(head, {})
        for gram in grams:
            for name, weight in table.get(gram, {}).items():
                scores[name] += weight
        return max(scores, key=lambda name: (scores[name], name == said))

    @classmethod
    def read(cls, number: int, stored: Mapping[str, Any]) -> "Weights":
        heads = {
            head: {int(gram): weights for gram, weights in table.items()}
            for head, table in stored.items()
        }
        return cls(number, heads)

    def write(self) -> dict[str, Any]:
        return {
            head: {str(gram): dict(weights) for gram, weights in table.items()}
            for head, table in self.heads.items()
        }


class TailoredClassifier(Classifier):
    """The engine, with what one workspace has learnt laid over its decisions."""

    def __init__(
        self,
        base: Classifier,
        *,
        memory: Memory | None = None,
        last_lesson: UUID | None = None,
        weights: Weights | None = None,
        shadow: "tuple[UUID, Weights] | None" = None,
    ) -> None:
        self.base = base
        self.shadow = shadow
        self._memory = memory
        self._weights = weights
        learnt = f"+w{weights.number}" if weights else ""
        learnt += f"+m{last_lesson.hex[-8:]}" if last_lesson else ""
        self._version = base.engine_version + learnt

    @property
    @override
    def engine(self) -> str:
        return self.base.engine

    @property
    @override
    def engine_version(self) -> str:
        """Names the weights and the last lesson: what is learnt since is another version."""
        return self._version

    @property
    @override
    def rules_version(self) -> str:
        return self.base.rules_version

    @override
    def judge(self, message: TriageInput) -> Decision:
        return self._lay_over(message, self.base.judge(message))

    @override
    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        decisions = self.base.judge_many(messages)
        return [self._lay_over(*pair) for pair in zip(messages, decisions, strict=True)]

    def _lay_over(self, message: TriageInput, decision: Decision) -> Decision:
        if self._weights is not None:
            decision = weigh(self._weights, message.text, decision)
        if self._memory is not None:
            decision = _remember(self._memory, message.text, decision)
        return replace(decision, engine_version=self._version)


def weigh(weights: Weights, text: str, decision: Decision) -> Decision:
    """The decision under learnt weights."""
    grams = grams_of(text)
    reply = weights.choose("needs_reply", str(decision.needs_reply), grams)
    said = Correction(
        tier=Tier(weights.choose("tier", decision.tier.value, grams)),
        sentiment=Sentiment(weights.choose("sentiment", decision.sentiment.value, grams)),
    )
    labels = settle(_labels(decision), said)
    if labels.tier is not Tier.SPAM:
        labels = replace(labels, needs_reply=labels.needs_reply or reply == "True")
    if labels == _labels(decision) or _is_kept(decision, labels):
        return decision
    reason = Reason(f"learnt.w{weights.number}", 0, len(text), f"tier:{labels.tier.value}")
    return _with(decision, labels, reason)


def _remember(memory: Memory, text: str, decision: Decision) -> Decision:
    found = memory.recall(text)
    if found is None:
        return decision
    labels = found.lesson.labels
    if labels == _labels(decision) or (_is_kept(decision, labels) and not found.same):
        return decision
    cue = f"corrected.{found.lesson.id}"
    return _with(decision, labels, Reason(cue, 0, len(text), f"tier:{labels.tier.value}"))


def _is_kept(decision: Decision, labels: Labels) -> bool:
    """What names harm, law or press is not lowered by likeness."""
    guarded = decision.category is Category.PR_CRISIS
    guarded = guarded or not GUARDED_FLAGS.isdisjoint(decision.flags)
    return guarded and _PRESSING[labels.tier] > _PRESSING[decision.tier]


def _labels(decision: Decision) -> Labels:
    return Labels(decision.tier, decision.category, decision.sentiment, decision.needs_reply)


def _with(decision: Decision, labels: Labels, reason: Reason) -> Decision:
    spam = labels.tier is Tier.SPAM
    return replace(
        decision,
        tier=labels.tier,
        category=labels.category,
        sentiment=labels.sentiment,
        needs_reply=labels.needs_reply,
        # Learning may call something spam or not; hiding takes a cue of the engine's own.
        hide=decision.hide and spam,
        reasons=(*decision.reasons, reason),
    )
