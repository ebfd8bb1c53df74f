"""Writes down how well the weights do, and where they fail, for people to read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.core.triage.evaluation import (
    Sample,
    compare,
    evaluate_decisions,
    promises,
)
from services.core.triage.rules import TIERS
from services.core.triage.training.corpus import Row
from services.core.triage.training.produce import Trained, figures_of, manifest_of
from services.core.triage.types import Decision

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_TARGETS = {
    "tier_accuracy": ".88", "tier_macro_f1": ".86", "urgent_recall": ".95",
    "urgent_precision": ".82", "crisis_in_urgent": "all", "hide_precision": ".97",
    "hide_recall": ".75", "hidden_in_need": "0", "category_accuracy": "–",
    "category_macro_f1": ".75", "sentiment_accuracy": ".84", "sentiment_macro_f1": ".80",
    "reply_f1": ".92", "unsure": "–",
}  # fmt: skip
_BINS = 10
_MISTAKES = 40
_LONGEST = 70


@dataclass(frozen=True, slots=True)
class _Judged:
    row: Row
    sample: Sample
    decision: Decision


def report(trained: Trained) -> str:
    """Give the figures as Markdown; the same corpus and cues give the same text."""
    judged = [
        _Judged(*each)
        for each in zip(trained.rows, trained.samples, trained.decisions, strict=True)
    ]
    parts = [
        _headline(trained),
        _slices("trade", judged, lambda row: (row.trade,)),
        _slices("language", judged, lambda row: (row.lang,)),
        _slices("hard kind", judged, lambda row: row.hard or ("none of these",)),
        _confusion("tier", judged),
        _confusion("category", judged),
        _confusion("sentiment", judged),
        _calibration(trained),
        _mistakes(judged),
    ]
    return "\n\n".join(parts)


def put_into(text: str, figures: str) -> str:
    """Put the figures between their two marks; raises ValueError when there are none."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the text has no {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{figures}\n{END}{tail}"


def _headline(trained: Trained) -> str:
    by_trade = figures_of(trained.samples, trained.decisions)
    by_author = figures_of(trained.samples, trained.unread)
    rows = [
        (name.replace("_", " "), _figure(by_trade[name]), _figure(by_author[name]), target)
        for name, target in _TARGETS.items()
    ]
    manifest = manifest_of(trained)
    said = (
        f"{manifest['corpus']['rows']} messages (corpus `{manifest['corpus']['digest']}`, cues "
        f"`{manifest['cues']}`, weights `{manifest['weights']}`). Each message is judged by a fit "
        "that has seen no message of its trade, or none of its author's."
    )
    heads = ("", "trade left out", "author left out", "target on an unseen set")
    return f"{said}\n\n{_table(heads, rows)}"


def _slices(title: str, judged: Sequence[_Judged], names: Callable[[Row], Iterable[str]]) -> str:
    groups: dict[str, list[_Judged]] = {}
    for each in judged:
        for name in names(each.row):
            groups.setdefault(name, []).append(each)
    rows = [
        (
            name,
            str(len(group)),
            *(_figure(value) for value in _short(group)),
        )
        for name, group in sorted(groups.items())
    ]
    heads = (title, "messages", "tier", "category", "sentiment", "urgent recall", "precision")
    return f"### By {title}\n\n{_table(heads, rows)}"


def _short(group: Sequence[_Judged]) -> tuple[float | None, ...]:
    samples, decisions = [each.sample for each in group], [each.decision for each in group]
    axes = evaluate_decisions(samples, decisions)
    promise = promises(samples, decisions)
    return (
        axes["tier"].accuracy,
        axes["category"].accuracy,
        axes["sentiment"].accuracy,
        promise.urgent_recall,
        promise.urgent_precision,
    )


def _confusion(axis: str, judged: Sequence[_Judged]) -> str:
    result = compare(
        axis,
        [each.sample.labels[axis] for each in judged],
        [str(getattr(each.decision, axis)) for each in judged],
    )
    names = list(result.classes)
    rows = [
        (
            truth,
            *(str(result.confusion[truth].get(guess, "·")) for guess in names),
            _figure(result.classes[truth].recall),
            _figure(result.classes[truth].precision),
        )
        for truth in names
    ]
    heads = ("truth ↓ decided →", *names, "recall", "precision")
    return f"### Confusion: {axis}\n\n{_table(heads, rows)}"


def _calibration(trained: Trained) -> str:
    """How often a tier is right that the tier head gave some probability, before any cost."""
    chances = trained.chances["tier"]
    truth = np.array([TIERS.index(sample.labels["tier"]) for sample in trained.samples])
    rows = []
    chance, hit = chances.ravel(), (truth[:, None] == np.arange(len(TIERS))).ravel()
    for at in range(_BINS):
        low, high = at / _BINS, (at + 1) / _BINS
        inside = (chance >= low) & ((chance < high) | (at == _BINS - 1))
        if inside.any():
            rows.append((
                f"{low:.1f}–{high:.1f}", str(int(inside.sum())),
                _figure(float(chance[inside].mean())), _figure(float(hit[inside].mean())),
            ))  # fmt: skip
    heads = ("said", "cases", "mean said", "came true")
    return f"### Calibration of the tier's probabilities\n\n{_table(heads, rows)}"


def _mistakes(judged: Sequence[_Judged]) -> str:
    wrong = [each for each in judged if each.decision.tier != each.sample.labels["tier"]]
    worst = sorted(wrong, key=lambda each: -each.decision.confidence)[:_MISTAKES]
    rows = [
        (
            _quoted(each.row.message.text),
            f"{each.sample.labels['category']} → {each.decision.category.value}",
            _figure(each.decision.confidence),
        )
        for each in worst
    ]
    said = f"{len(wrong)} of {len(judged)} tiers are wrong; these are the surest of them."
    return (
        f"### Mistakes that remain\n\n{said}\n\n{_table(('text', 'truth → decided', 'sure'), rows)}"
    )


def _quoted(text: str) -> str:
    clean = " ".join(text.split()).replace("|", "¦")
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
