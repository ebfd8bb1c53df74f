"""Learn weights from a workspace's corrections without forgetting what the engine knew.

An averaged perceptron over the engine's own word: weights move only where the word was wrong, and
every pass also goes over rows of the shipped corpus, so that what was right stays right. A frozen
part of corpus and corrections is never learnt from and says whether anything got worse.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zlib import crc32

from services.core.learning.grams import grams_of
from services.core.learning.overlay import HEADS, Weights, weigh
from services.core.learning.rules import TIER_OF
from services.core.learning.types import Labels, Lesson
from services.core.triage.types import (
    Category,
    Classifier,
    Decision,
    MessageKind,
    Sentiment,
    Tier,
    TriageInput,
)

PASSES = 5
# A correction is one row among thousands of replayed ones: it is read this often in a pass.
LESSON_WEIGHT = 3
MOST_REPLAYED = 1_200
MOST_FROZEN = 400
FROZEN_ROWS, FROZEN_LESSONS = 10, 5  # one in so many is frozen
_SMALLEST = 0.01
_corpora: dict[tuple[str, str, str], tuple[list["Row"], list["Row"]]] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """A text, what it is, and what the engine says of it."""

    text: str
    labels: Labels
    decision: Decision


@dataclass(frozen=True, slots=True)
class Trained:
    """New weights and how they do on the frozen rows; `passes` when nothing got worse."""

    weights: Weights
    figures: dict[str, Any]


@lru_cache(maxsize=1)
def corpus() -> tuple[tuple[str, TriageInput, Labels], ...]:
    """The shipped corpus: id, message, labels. A row that cannot be read is left out."""
    return tuple(_corpus_rows())


def train(classifier: Classifier, lessons: Sequence[Lesson], number: int) -> Trained:
    """Seconds of work without a database: run it in a thread. Equal input, equal weights."""
    held = [lesson for lesson in lessons if not crc32(lesson.id.bytes) % FROZEN_LESSONS]
    learnt = [lesson for lesson in lessons if crc32(lesson.id.bytes) % FROZEN_LESSONS]
    old, checked = _known(classifier)
    new = _judged(classifier, [_told(lesson) for lesson in learnt])
    weights = Weights(number, {head: _learn(head, old, new) for head in HEADS})
    figures = {
        "corpus": compare(checked, weights),
        "lessons": compare(_judged(classifier, [_told(lesson) for lesson in held]), weights),
    }
    return Trained(weights, figures | {"passes": not any(map(_is_worse, figures.values()))})


def _known(classifier: Classifier) -> tuple[list[Row], list[Row]]:
    """Corpus rows to replay and the frozen ones; judged once a process for each engine."""
    key = (classifier.engine, classifier.engine_version, classifier.rules_version)
    if key not in _corpora:
        _corpora.clear()
        parts: tuple[list[Any], list[Any]] = [], []
        for ident, message, labels in corpus():
            parts[not crc32(ident.encode()) % FROZEN_ROWS].append((message, labels))
        replayed, frozen = parts
        _corpora[key] = (
            _judged(classifier, replayed[:MOST_REPLAYED]),
            _judged(classifier, frozen[:MOST_FROZEN]),
        )
    return _corpora[key]


def compare(rows: Sequence[Row], weights: Weights) -> dict[str, Any]:
    """Tier accuracy and urgent recall before and after, on rows nobody learnt from."""
    before = [row.decision for row in rows]
    after = [weigh(weights, row.text, row.decision) for row in rows]
    return {
        "rows": len(rows),
        "before": _scores(rows, before),
        "after": _scores(rows, after),
    }


def _is_worse(figures: Mapping[str, Any]) -> bool:
    before, after = figures["before"], figures["after"]
    return any(
        before[name] is not None and after[name] < before[name]
        for name in ("tier_accuracy", "urgent_recall")
    )


def _scores(rows: Sequence[Row], decisions: Sequence[Decision]) -> dict[str, float | None]:
    pairs = [
        (row.labels.tier, decision.tier) for row, decision in zip(rows, decisions, strict=True)
    ]
    urgent = [(truth, guess) for truth, guess in pairs if truth is Tier.URGENT]
    return {"tier_accuracy": _share(pairs), "urgent_recall": _share(urgent)}


def _share(pairs: Sequence[tuple[Tier, Tier]]) -> float | None:
    if not pairs:
        return None
    return round(sum(truth is guess for truth, guess in pairs) / len(pairs), 4)


def _learn(head: str, old: Sequence[Row], new: Sequence[Row]) -> dict[int, dict[str, float]]:
    """Averaged weights of one head; what is next to nothing is left out."""
    read = _READ[head]
    weights: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    sums: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    rows = [*old, *(list(new) * LESSON_WEIGHT)]
    total, step = max(len(rows) * PASSES, 1), 0
    for _ in range(PASSES):
        for row in rows:
            step += 1
            truth, said = read(row.labels), read(_labels(row.decision))
            grams = grams_of(row.text)
            guess = Weights(0, {head: weights}).choose(head, said, grams, against=truth)
            if guess != truth and grams:
                _move(weights, grams, truth, guess, 1.0)
                # What an average over all steps would be, without keeping them all.
                _move(sums, grams, truth, guess, (total - step + 1) / total)
    return {
        gram: {name: round(value, 4) for name, value in table.items() if abs(value) >= _SMALLEST}
        for gram, table in sorted(sums.items())
        if any(abs(value) >= _SMALLEST for value in table.values())
    }


def _move(
    table: dict[int, dict[str, float]],
    grams: frozenset[int],
    truth: str,
    guess: str,
    share: float,
) -> None:
    size = 2.0 / len(grams) * share
    for gram in grams:
        table[gram][truth] += size
        table[gram][guess] -= size


_READ: Mapping[str, Callable[[Labels], str]] = {
    "tier": lambda labels: labels.tier.value,
    "sentiment": lambda labels: labels.sentiment.value,
    "needs_reply": lambda labels: str(labels.needs_reply),
}


def _judged(classifier: Classifier, told: Sequence[tuple[TriageInput, Labels]]) -> list[Row]:
    decisions = classifier.judge_many([message for message, _ in told])
    return [
        Row(message.text, labels, decision)
        for (message, labels), decision in zip(told, decisions, strict=True)
    ]


def _told(lesson: Lesson) -> tuple[TriageInput, Labels]:
    return TriageInput(MessageKind.COMMENT, lesson.text), lesson.labels


def _labels(decision: Decision) -> Labels:
    return Labels(decision.tier, decision.category, decision.sentiment, decision.needs_reply)


def _corpus_rows() -> Iterator[tuple[str, TriageInput, Labels]]:
    folder = files("services.core.triage").joinpath("corpus")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".jsonl"):
            for line in file.read_text("utf-8").splitlines():
                yield _corpus_row(json.loads(line))


def _corpus_row(row: Mapping[str, Any]) -> tuple[str, TriageInput, Labels]:
    category = Category(row["category"])
    tier = Tier(row["tier"]) if "tier" in row else TIER_OF[category]
    labels = Labels(tier, category, Sentiment(row["sentiment"]), bool(row["reply"]))
    return row["id"], TriageInput(MessageKind(row["kind"]), row["text"]), labels
