"""Weights learnt from corrections, against an engine that knows no better."""

from uuid import UUID

import pytest

from services.core.learning import training
from services.core.learning.overlay import Weights, weigh
from services.core.learning.types import Labels, Lesson
from services.core.triage.engine import load_classifier
from services.core.triage.types import Category, MessageKind, Sentiment, Tier, TriageInput

URGENT = Labels(Tier.URGENT, Category.COMPLAINT, Sentiment.NEGATIVE, needs_reply=True)
# A brand's own word for a fault, which no cue of ours knows.
WORDS = ("泵芯", "飞盘", "塌管", "跑珠", "卡簧")
TEXTS = [
    f"{before}{word}{after}"
    for word in WORDS
    for before in ("又", "我的也")
    for after in ("了", "啦", "哈")
]


def lessons() -> list[Lesson]:
    return [Lesson(UUID(int=n * 7919), text, URGENT) for n, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def trained() -> training.Trained:
    return training.train(load_classifier(), lessons(), 1)


def test_a_brands_own_word_is_learnt_beyond_the_texts_that_taught_it(
    trained: training.Trained,
) -> None:
    classifier = load_classifier()
    text = "今天又跑珠了"
    before = classifier.judge(TriageInput(MessageKind.COMMENT, text))
    assert before.tier is not Tier.URGENT
    assert weigh(trained.weights, text, before).tier is Tier.URGENT


def test_what_the_engine_knew_is_not_forgotten(trained: training.Trained) -> None:
    figures = trained.figures["corpus"]
    assert figures["rows"] > 300
    assert trained.figures["passes"] is True
    assert figures["after"]["tier_accuracy"] >= figures["before"]["tier_accuracy"]


def test_equal_lessons_give_equal_weights_and_they_survive_storage(
    trained: training.Trained,
) -> None:
    again = training.train(load_classifier(), lessons(), 1)
    assert again.weights.write() == trained.weights.write()
    stored = trained.weights.write()
    assert Weights.read(1, stored).write() == stored


def test_lessons_that_are_nonsense_do_not_pass() -> None:
    """Somebody who calls the plainest complaints routine is not followed."""
    calm = Labels(Tier.ROUTINE, Category.CASUAL, Sentiment.NEUTRAL, needs_reply=False)
    complaints = [
        Lesson(UUID(int=n * 104_729), message.text, calm)
        for n, (_, message, labels) in enumerate(training.corpus())
        if labels.tier is Tier.URGENT
    ][:600]
    assert training.train(load_classifier(), complaints, 1).figures["passes"] is False
