"""What a workspace learnt, laid over an engine that says the same of everything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from uuid import uuid4

import pytest

from services.core.learning.grams import grams_of
from services.core.learning.overlay import ALIKE, Memory, TailoredClassifier, Weights
from services.core.learning.types import Labels, Lesson
from services.core.triage.types import (
    Category,
    Decision,
    Language,
    MessageKind,
    Sentiment,
    Tier,
    TriageInput,
)

ROUTINE = Decision(
    tier=Tier.ROUTINE,
    category=Category.GENERAL,
    sentiment=Sentiment.NEUTRAL,
    needs_reply=True,
    language=Language.ZH,
    spam_score=0.1,
    hide=False,
    confidence=0.4,
    reasons=(),
    dm_category=None,
    negative_subtype=None,
    flags=(),
    engine="same",
    engine_version="1",
    rules_version="1",
)
URGENT = Labels(Tier.URGENT, Category.COMPLAINT, Sentiment.NEGATIVE, needs_reply=True)
CALM = Labels(Tier.ROUTINE, Category.CASUAL, Sentiment.NEUTRAL, needs_reply=False)
TEXT = "泵头按三下才出一点点"


@dataclass(frozen=True)
class Same:
    """An engine that says the same of everything."""

    says: Decision = ROUTINE
    engine: str = "same"
    engine_version: str = "1"
    rules_version: str = "1"

    def judge(self, message: TriageInput) -> Decision:
        return self.says

    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        return [self.says for _ in messages]


def said(text: str) -> TriageInput:
    return TriageInput(MessageKind.COMMENT, text)


def taught(*lessons: tuple[str, Labels], says: Decision = ROUTINE) -> TailoredClassifier:
    memory = Memory([Lesson(uuid4(), text, labels) for text, labels in lessons])
    return TailoredClassifier(Same(says), memory=memory, last_lesson=uuid4())


@pytest.mark.parametrize("text", [TEXT, "泵头按三下才出一点点！！", "这泵头按三下才出一点点"])
def test_what_was_corrected_is_known_when_it_is_said_again(text: str) -> None:
    decision = taught((TEXT, URGENT)).judge(said(text))
    assert (decision.tier, decision.category) == (Tier.URGENT, Category.COMPLAINT)
    assert decision.reasons[-1].cue.startswith("corrected.")


@pytest.mark.parametrize("text", ["泵头很好用", "出差三天", "", "。。。", "😂"])
def test_what_only_resembles_it_is_left_to_the_engine(text: str) -> None:
    decision = taught((TEXT, URGENT)).judge(said(text))
    assert replace(decision, engine_version="1") == ROUTINE


def test_looking_only_at_rare_grams_misses_nothing_that_is_near() -> None:
    rng = Random(7)  # noqa: S311 - a story told the same way each time
    letters = "这个真的很好用吗想买多少钱退款发货"
    texts = ["".join(rng.choices(letters, k=rng.randint(3, 18))) for _ in range(300)]
    memory = Memory([Lesson(uuid4(), text, CALM) for text in texts])
    for text in texts:
        changed = text[:-1] + rng.choice(letters) + rng.choice("呀呢啦")
        scores = [similarity(changed, other) for other in texts]
        found = memory.recall(changed)
        assert (found.similarity if found else 0.0) == (max(scores) if max(scores) >= ALIKE else 0)


def similarity(one: str, other: str) -> float:
    left, right = grams_of(one), grams_of(other)
    return 2 * len(left & right) / (len(left) + len(right))


def test_a_hundred_later_lessons_do_not_make_it_forget_the_first() -> None:
    later = [(f"第{n}号包裹什么时候能到呢", URGENT) for n in range(100)]
    classifier = taught(*later, (TEXT, CALM), says=replace(ROUTINE, tier=Tier.IMPORTANT))
    assert classifier.judge(said(TEXT)).tier is Tier.ROUTINE


def test_likeness_never_lowers_what_names_harm() -> None:
    harm = replace(ROUTINE, tier=Tier.URGENT, category=Category.COMPLAINT, flags=("harm",))
    classifier = taught((TEXT, CALM), says=harm)
    assert classifier.judge(said(f"{TEXT}了")).tier is Tier.URGENT
    # The very text a person read is another matter.
    assert classifier.judge(said(TEXT)).tier is Tier.ROUTINE


def test_learning_may_call_something_spam_but_hides_nothing() -> None:
    spam = Labels(Tier.SPAM, Category.SPAM, Sentiment.NEUTRAL, needs_reply=False)
    decision = taught((TEXT, spam)).judge(said(TEXT))
    assert (decision.tier, decision.hide) == (Tier.SPAM, False)


def test_who_was_taken_for_spam_is_shown_again() -> None:
    hidden = replace(ROUTINE, tier=Tier.SPAM, category=Category.SPAM, hide=True)
    decision = taught((TEXT, CALM), says=hidden).judge(said(TEXT))
    assert (decision.tier, decision.hide) == (Tier.ROUTINE, False)


def test_one_and_many_are_judged_alike_and_name_what_was_learnt() -> None:
    classifier = taught((TEXT, URGENT))
    assert classifier.judge_many([said(TEXT)]) == [classifier.judge(said(TEXT))]
    assert classifier.engine_version.startswith("1+m")
    assert classifier.judge(said("好")).engine_version == classifier.engine_version


def test_weights_overrule_the_engine_only_beyond_its_margin() -> None:
    grams = grams_of("假货")
    weak = {gram: {"urgent": 0.9 / len(grams)} for gram in grams}
    strong = {gram: {"urgent": 1.1 / len(grams)} for gram in grams}
    for table, tier in ((weak, Tier.ROUTINE), (strong, Tier.URGENT)):
        weights = Weights.read(3, Weights(3, {"tier": table}).write())
        decision = TailoredClassifier(Same(), weights=weights).judge(said("假货"))
        assert decision.tier is tier
