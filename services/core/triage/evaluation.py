"""Measures a classifier against labelled messages, with figures that can be checked by hand."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.core.triage.types import (
    Category,
    Classifier,
    Decision,
    MessageKind,
    Tier,
    TriageInput,
)

_Judged = tuple["Sample", Decision]
AXES = ("tier", "category", "sentiment")


class SampleError(ValueError):
    """A line of a sample file is not a message; the text names the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a file in the format of the development set; labels may be missing."""

    line: int
    id: str
    message: TriageInput
    labels: Mapping[str, str]
    reply: bool | None = None


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Precision, recall and F1 are 0 where their denominator is 0."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class AxisReport:
    """How one field did. `confusion[truth][guess]` counts; `macro_f1` averages the classes seen."""

    axis: str
    accuracy: float
    macro_f1: float
    classes: Mapping[str, ClassScore]
    confusion: Mapping[str, Mapping[str, int]]
    count: int


def read_samples(lines: Iterable[str], *, labelled: bool) -> Iterator[Sample]:
    """Read JSON lines, skipping empty ones; raises SampleError at the first that is no message."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _sample(number, line, labelled=labelled)


def _sample(number: int, line: str, *, labelled: bool) -> Sample:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SampleError(f"line {number} is not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise SampleError(f"line {number} is not a JSON object")
    ident, text = entry.get("id"), entry.get("text")
    if not isinstance(ident, str) or not isinstance(text, str):
        raise SampleError(f"line {number} needs an id and a text, both strings")
    kind = entry.get("kind", MessageKind.COMMENT.value)
    if kind not in list(MessageKind):
        raise SampleError(f"line {number} has the unknown kind {kind!r}")
    labels = {axis: entry[axis] for axis in AXES if isinstance(entry.get(axis), str)}
    missing = [axis for axis in AXES if axis not in labels]
    if labelled and missing:
        raise SampleError(f"line {number} has no {' and no '.join(missing)}")
    reply = entry.get("reply", entry.get("needs_reply"))
    message = TriageInput(MessageKind(kind), text)
    return Sample(number, ident, message, labels, reply if isinstance(reply, bool) else None)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a brand asks of triage, beyond accuracy. A share of nothing is None.

    `hidden_in_need` counts urgent and important messages that would have been hidden.
    """

    urgent_recall: float | None
    urgent_precision: float | None
    crisis_in_urgent: float | None
    hide_precision: float | None
    hide_recall: float | None
    hidden_in_need: int
    reply_f1: float | None
    unsure: float | None


def evaluate(classifier: Classifier, samples: Sequence[Sample]) -> dict[str, AxisReport]:
    """Judge every labelled sample once and report each axis."""
    return evaluate_decisions(samples, judge_samples(classifier, samples))


def judge_samples(classifier: Classifier, samples: Sequence[Sample]) -> list[Decision]:
    return classifier.judge_many([sample.message for sample in samples])


def evaluate_decisions(
    samples: Sequence[Sample], decisions: Sequence[Decision]
) -> dict[str, AxisReport]:
    return {axis: _axis_report(axis, samples, decisions) for axis in AXES}


def _axis_report(axis: str, samples: Sequence[Sample], decisions: Sequence[Decision]) -> AxisReport:
    truths = [sample.labels[axis] for sample in samples]
    return compare(axis, truths, [str(getattr(decision, axis)) for decision in decisions])


def promises(samples: Sequence[Sample], decisions: Sequence[Decision]) -> Promise:
    """Measure what the targets ask; needs the labels of tier and category."""
    pairs = list(zip(samples, decisions, strict=True))
    urgent = [each for each in pairs if each[0].labels["tier"] == Tier.URGENT]
    called = [each for each in pairs if each[1].tier is Tier.URGENT]
    crisis = [each for each in urgent if each[0].labels["category"] == Category.PR_CRISIS]
    spam = [each for each in pairs if each[0].labels["tier"] == Tier.SPAM]
    hidden = [each for each in pairs if each[1].hide]
    replies = [each for each in pairs if each[0].reply is not None]
    return Promise(
        urgent_recall=_part(urgent, called),
        urgent_precision=_part(called, urgent),
        crisis_in_urgent=_part(crisis, called),
        hide_precision=_part(hidden, spam),
        hide_recall=_part(spam, hidden),
        hidden_in_need=sum(
            sample.labels["tier"] in {Tier.URGENT, Tier.IMPORTANT} for sample, _ in hidden
        ),
        reply_f1=_reply_f1(replies),
        unsure=_part(pairs, [each for each in pairs if "unsure" in each[1].flags]),
    )


def _part(whole: Sequence[_Judged], of: Sequence[_Judged]) -> float | None:
    """The share of `whole` that is also in `of`."""
    inside = {id(sample) for sample, _ in of}
    return sum(id(sample) in inside for sample, _ in whole) / len(whole) if whole else None


def _reply_f1(replies: Sequence[_Judged]) -> float | None:
    if not replies:
        return None
    hits = sum(bool(sample.reply) and decision.needs_reply for sample, decision in replies)
    owed = sum(bool(sample.reply) for sample, _ in replies)
    said = sum(decision.needs_reply for _, decision in replies)
    return _share(2 * hits, owed + said)


def compare(axis: str, truths: Sequence[str], guesses: Sequence[str]) -> AxisReport:
    """Score guesses against truths of equal length; an empty pair scores 0 everywhere."""
    pairs = Counter(zip(truths, guesses, strict=True))
    names = sorted(set(truths) | set(guesses))
    classes = {name: _class_score(name, pairs) for name in names}
    right = sum(count for (truth, guess), count in pairs.items() if truth == guess)
    return AxisReport(
        axis=axis,
        accuracy=_share(right, len(truths)),
        macro_f1=_share(sum(score.f1 for score in classes.values()), len(classes)),
        classes=classes,
        confusion={
            truth: {guess: pairs[truth, guess] for guess in names if pairs[truth, guess]}
            for truth in names
        },
        count=len(truths),
    )


def _class_score(name: str, pairs: Mapping[tuple[str, str], int]) -> ClassScore:
    hits = pairs.get((name, name), 0)
    guessed = sum(count for (_, guess), count in pairs.items() if guess == name)
    support = sum(count for (truth, _), count in pairs.items() if truth == name)
    precision, recall = _share(hits, guessed), _share(hits, support)
    return ClassScore(
        precision=precision,
        recall=recall,
        f1=_share(2 * precision * recall, precision + recall),
        support=support,
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def prediction(sample: Sample, decision: Decision) -> dict[str, Any]:
    """The line `warmline triage predict` writes for a sample."""
    return {
        "id": sample.id,
        "tier": decision.tier.value,
        "category": decision.category.value,
        "sentiment": decision.sentiment.value,
        "needs_reply": decision.needs_reply,
        "spam_score": decision.spam_score,
        "hide": decision.hide,
    }
